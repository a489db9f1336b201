// What is asked, in which order: determined by the seed alone.

/// A request before it is encoded, kept until its reply has been checked.
struct PlannedRequest: Equatable, Sendable, BitwiseCopyable {
    /// What is asked.
    var command: LoadCommand
    /// For SET and ECHO, which of the key's values.
    var version: UInt16 = 0
    /// For SET and ECHO, the size of the value.
    var valueBytes: UInt32 = 0
    /// The number of the key; for INCR the number of the connection.
    var key: UInt64 = 0
    /// When it was handed to the socket, in nanoseconds of the monotonic clock.
    var sentAt: Int64 = 0
    /// When it was to be sent; 0 where nothing but the reply before it decides.
    var plannedAt: Int64 = 0
    /// For PUBLISH, which of the publisher's messages; for SET, the value's serial number, or 0 for none.
    var sequence: UInt64 = 0
    /// Where it is taken down.
    var ticket = HistoryRecorder.Ticket.none
}

/// The shape of the load: the mix, the key space, the sizes.
struct Workload: Sendable {
    private struct Threshold {
        var command: LoadCommand
        /// The sum of the weights up to and including this command's.
        var end: UInt64
    }

    private let thresholds: [Threshold]
    private let totalWeight: UInt64
    private let keys: KeyChooser
    private let minValueBytes: UInt64
    private let valueSizes: UInt64
    private let seed: UInt64

    /// Makes the workload that `options` describe; they must have been validated.
    init(_ options: LoadOptions) {
        var sum: UInt64 = 0
        thresholds = options.mix.shares.map { share in
            sum += share.weight
            return Threshold(command: share.command, end: sum)
        }
        totalWeight = sum
        keys = KeyChooser(options.distribution, keyCount: options.keyCount)
        minValueBytes = UInt64(options.valueBytes.lowerBound)
        valueSizes = UInt64(options.valueBytes.count)
        seed = options.seed
    }

    /// The random numbers of the connection numbered `client`: its own, whatever the others do.
    func randomSource(client: Int) -> RandomSource {
        RandomSource(seed: seed, stream: UInt64(client) + 1)
    }

    /// The next request of the connection numbered `client`.
    @inline(__always)
    func next(_ random: inout RandomSource, client: Int) -> PlannedRequest {
        var request = PlannedRequest(command: pick(&random))
        switch request.command {
        case .get, .del:
            request.key = keys.next(&random)
        case .set, .echo:
            request.key = keys.next(&random)
            drawValue(&request, &random)
        case .incr:
            request.key = UInt64(client)
        case .ping, .who, .publish:
            break
        }
        return request
    }

    @inline(__always)
    private func drawValue(_ request: inout PlannedRequest, _ random: inout RandomSource) {
        let word = random.next()
        request.version = UInt16(truncatingIfNeeded: word)
        // The low 32 bits go to nothing else, so size and version do not depend on each other.
        let offset = (word >> 32).multipliedFullWidth(by: valueSizes << 32).high
        request.valueBytes = UInt32(truncatingIfNeeded: minValueBytes + offset)
    }

    /// The SET that gives the key numbered `key` a value before the run.
    func preload(key: UInt64, _ random: inout RandomSource) -> PlannedRequest {
        var request = PlannedRequest(command: .set, key: key)
        drawValue(&request, &random)
        return request
    }

    /// The next message of the publisher numbered `publisher` to the topic numbered `topic`.
    func publish(
        topic: UInt64,
        publisher: UInt16,
        sequence: UInt64,
        _ random: inout RandomSource
    ) -> PlannedRequest {
        var request = PlannedRequest(command: .publish, key: topic)
        drawValue(&request, &random)
        request.version = publisher
        request.sequence = sequence
        return request
    }

    @inline(__always)
    func pick(_ random: inout RandomSource) -> LoadCommand {
        if thresholds.count == 1 { return thresholds[0].command }
        let number = random.next(below: totalWeight)
        var index = 0
        while number >= thresholds[index].end { index += 1 }
        return thresholds[index].command
    }
}
