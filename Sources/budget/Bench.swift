// Running one workload and counting what its requests allocate.
import Access
import Commands
import Core
import Keyspace
import Server
import Telemetry

/// Why nothing can be said of a workload.
enum MeasurementError: Error, Equatable {
    /// The allocator is not jemalloc, or it was told to keep no statistics.
    case notCounted
    /// The workload is not measured in this encoding.
    case notWritten
    /// The replies are not those of the table.
    case wrongReplies(String)
}

/// What the requests of one workload allocated.
struct Tally {
    var requests = 0
    var count = AllocationCount()

    var callsPerRequest: Double { Double(count.calls) / Double(max(requests, 1)) }
    var bytesPerRequest: Double { Double(count.bytes) / Double(max(requests, 1)) }

    /// Whether it is more than `allowed` allocations a request.
    ///
    /// Where none is allowed, there may be no byte either: a block that grows in place is no call.
    func exceeds(_ allowed: Double) -> Bool {
        if allowed == 0 { return count != AllocationCount() }
        return Double(count.calls) > allowed * Double(requests)
    }
}

/// A connection without a socket that sends one workload's requests, over a keyspace with other keys.
struct Bench: ~Copyable {
    private var loop: SocketlessLoop
    private let keyspace: Keyspace
    private var row: ByteBuffer
    private var preparation: ByteBuffer
    private let reply: [UInt8]

    /// Makes the connection, of a token that may do everything.
    init(_ workload: Workload, _ encoding: WireEncoding) throws {
        guard let reply = workload.replies[encoding] else { throw MeasurementError.notWritten }
        let row = try Bench.row(workload.words, encoding)
        let preparation = try workload.preparation.map { try Bench.row($0, encoding) } ?? []
        let context = try Bench.context(encoding)
        try Bench.fill(context.keyspace)
        keyspace = context.keyspace
        if workload.spareMemoryBytes > 0 {
            keyspace.maxMemoryBytes = keyspace.countedBytes + workload.spareMemoryBytes
            keyspace.evictionPolicy = .volatileTTL
        }
        self.reply = Array(reply.utf8)
        self.row = ByteBuffer(capacity: row.count)
        self.preparation = ByteBuffer(capacity: preparation.count)
        loop = SocketlessLoop(context)
        self.row.append(row.span)
        self.preparation.append(preparation.span)
    }

    /// The bytes of a request with each key.
    private static func row(
        _ words: (Int) -> [String],
        _ encoding: WireEncoding
    ) throws -> [UInt8] {
        try (0..<Workload.keyCount).flatMap { index in
            guard let bytes = RequestWriter.bytes(words(index), encoding) else {
                throw MeasurementError.notWritten
            }
            return bytes
        }
    }

    /// Stores keys that no request names: 40 in each shard, whose table a few more or less do not resize.
    private static func fill(_ keyspace: Keyspace) throws {
        for index in 0..<40 * Keyspace.shardCount {
            let key = Array("other^\(index)".utf8)
            try keyspace.set(key.span, key.span, now: 0)
        }
    }

    private static func context(_ encoding: WireEncoding) throws -> CommandContext {
        let issued = try IssuedToken.make()
        let entry = TokenEntry(
            issued,
            name: "budget",
            createdAtUnixMilliseconds: 0,
            expiresAtUnixMilliseconds: nil,
            permissions: ["@all"],
            read: ["*"],
            write: ["*"]
        )
        let limits = Limits()
        let tokens = try TokenSet([entry], catalog: CommandTable.catalog)
        let session = Session(identifier: 1, encoding: encoding)
        session.token = tokens[issued.id]
        return CommandContext(
            keyspace: Keyspace(limits: limits, seed: 1),
            authority: TokenAuthority(tokens),
            facts: ServerFacts(identifier: "00000000-0000-4000-8000-000000000000"),
            limits: limits,
            session: session,
            now: Moment(unixMilliseconds: 1_800_000_000_000, monotonicMilliseconds: 0)
        )
    }

    /// Keys evicted so far.
    var evictedKeys: Int { keyspace.evictedKeys }

    /// Sends the row until at least `requests` are answered, and counts what they allocate.
    ///
    /// The first rows are sent uncounted, so that every buffer has the size that it keeps.
    mutating func measure(_ requests: Int) throws(MeasurementError) -> Tally {
        for _ in 0..<Bench.warmUpRows {
            prepare()
            let answered = answerRow()
            try check(answered)
        }
        var tally = Tally()
        while tally.requests < requests {
            prepare()
            guard let counter = AllocationCounter() else { throw .notCounted }
            let answered = answerRow()
            guard let count = counter.finish() else { throw .notCounted }
            tally.count = tally.count + count
            tally.requests += answered
            try check(answered)
        }
        return tally
    }

    /// Enough for every buffer and for the keyspace's tables to have grown.
    private static let warmUpRows = 8

    private mutating func prepare() {
        if !preparation.isEmpty { _ = loop.answer(preparation) }
    }

    /// What is measured, and nothing else: `loadtest/instructions` finds it by its name.
    @inline(never)
    private mutating func answerRow() -> Int { loop.answer(row) }

    private func check(_ answered: Int) throws(MeasurementError) {
        let output = loop.output
        var isRight = answered == Workload.keyCount && output.count == answered * reply.count
        for index in 0..<output.count where isRight {
            isRight = output[index] == reply[index % reply.count]
        }
        if isRight { return }
        let shown = Printable.text(output, maxBytes: 200)
        throw .wrongReplies("\(answered) replies: \(shown)")
    }
}

/// Whether allocations are counted at all.
enum Control {
    /// What is wrong with the counting; nil if nothing is.
    static func finding() throws -> String? {
        guard let counter = AllocationCounter() else { throw MeasurementError.notCounted }
        guard let nothing = counter.finish() else { throw MeasurementError.notCounted }
        if nothing != AllocationCount() {
            return "reading the counters is counted as \(nothing.calls) allocations"
        }
        guard let deliberate = try deliberate() else { throw MeasurementError.notCounted }
        if deliberate.calls != blocks || deliberate.bytes < blocks * blockBytes {
            return "\(blocks) blocks of \(blockBytes) bytes were counted as \(deliberate.calls) of "
                + "\(deliberate.bytes) bytes in all; is another allocator than jemalloc at work?"
        }
        var bench = try Bench(Workload.control, .resp2)
        let measured = try bench.measure(Workload.keyCount)
        if measured.callsPerRequest < 1 || measured.count.bytes == 0 {
            return "nothing was counted of requests that cannot do without"
        }
        return nil
    }

    private static let blocks: UInt64 = 100
    private static let blockBytes: UInt64 = 100

    /// The count of blocks allocated on purpose.
    private static func deliberate() throws -> AllocationCount? {
        var held: [UnsafeMutableRawPointer] = []
        held.reserveCapacity(Int(blocks))
        defer { for block in held { block.deallocate() } }
        guard let counter = AllocationCounter() else { return nil }
        for _ in 0..<blocks {
            held.append(.allocate(byteCount: Int(blockBytes), alignment: 1))
        }
        return counter.finish()
    }
}
