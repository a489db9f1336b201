// What a load takes down of some of its keys, to be judged when it is over.
internal import Core
internal import Reactor

/// How much of a run is judged.
public struct LoadVerification: Sendable, Equatable {
    /// The keys, and the counters, that are taken down: the first ones and as many others as a hash picks.
    public var keys = 10_000
    /// The operations that all loops together take down, at most; about 150 bytes each.
    public var operations = 500_000
    /// Steps of the search that one key may take, and all together.
    var budget = LinearizabilityChecker.defaultBudget
    var totalBudget = 20_000_000

    /// The most keys.
    public static let maxKeys = 10_000_000
    /// The most operations: about 15 GB.
    public static let maxOperations = 100_000_000

    /// Makes the defaults.
    public init() {}
}

/// Which of a run's keys are taken down.
struct KeySample: Sendable {
    /// The first keys are the hottest, in every distribution that has hot ones.
    static let first: UInt64 = 16

    private let threshold: UInt64

    /// Makes a sample of about `keys` of the keys from 0 to `count` - 1; it is the same for all loops.
    init(_ keys: Int, of count: UInt64) {
        let share = Double(keys) / Double(max(1, count))
        threshold = share >= 1 ? .max : UInt64(share * 0x1p64)
    }

    @inline(__always)
    func contains(_ number: UInt64) -> Bool {
        number < KeySample.first || RandomSource.mix(number &+ RandomSource.step) <= threshold
    }
}

/// Takes down what the clients of one loop do to the keys of the sample.
///
/// A SET of such a key gets a value that no other has. Its serial number is `[run: 24 bits][number: 40 bits]`,
/// where the run's number is another one each time, so that what was there before, or what somebody else
/// writes meanwhile, is told from the run's own.
final class LoadHistory {
    /// What the names of values begin with that the run did not write.
    static let foreign = "other:"
    private static let numberBits: UInt64 = 40

    private let keys: KeySample
    private let counters: KeySample
    private let keyPrefix: String
    private let counterPrefix: String
    private let run: UInt64
    private let loop: UInt64
    private let loops: UInt64
    private let recorder: HistoryRecorder
    private var writes: UInt64 = 0
    private var connections = 0
    /// Requests that were not taken down: of other keys, or of none, or when there was no more room.
    private(set) var leftOut: UInt64 = 0

    /// Makes the history of loop number `loop` of a run; `run` is the same for all of its loops.
    init(_ verification: LoadVerification, _ options: LoadOptions, run: UInt64, loop: Int) {
        keys = KeySample(verification.keys, of: options.keyCount)
        counters = KeySample(verification.keys, of: UInt64(options.clients))
        keyPrefix = options.keyPrefix
        counterPrefix = RequestWriter.counterPrefix(options.keyPrefix, options.seed)
        self.run = run & 0xFF_FFFF
        self.loop = UInt64(loop)
        loops = UInt64(options.loops)
        recorder = HistoryRecorder(capacity: max(1, verification.operations / options.loops))
    }

    /// The number of a connection that is made.
    func newConnection() -> Int {
        connections += 1
        return (connections - 1) * Int(loops) + Int(loop)
    }

    /// What was taken down.
    var notes: HistoryNotes { recorder.notes }

    /// Takes down that `request` is about to be sent on a connection, if it is of a key of the sample.
    @inline(__always)
    func begin(
        _ request: inout PlannedRequest,
        connection: Int,
        at now: @autoclosure () -> Int64 = SystemClock.monotonicNanoseconds()
    ) {
        switch request.command {
        case .get, .set, .del:
            if keys.contains(request.key) { return take(&request, connection, keyPrefix, now()) }
        case .incr:
            if counters.contains(request.key) {
                return take(&request, connection, counterPrefix, now())
            }
        case .ping, .echo, .who, .publish:
            break
        }
        leftOut += 1
    }

    private func take(
        _ request: inout PlannedRequest,
        _ connection: Int,
        _ prefix: String,
        _ now: Int64
    ) {
        let action: HistoryAction
        let number = writes * loops + loop
        switch request.command {
        case .get: action = .get
        case .set: action = .set(LoadHistory.name(number), ttlMilliseconds: nil)
        case .del: action = .delete
        case .incr: action = .increment(1)
        case .ping, .echo, .who, .publish: return
        }
        let digits = String(request.key)
        let zeros = String(repeating: "0", count: max(0, LoadKey.digits - digits.utf8.count))
        let ticket = recorder.begin(
            "\(prefix)\(zeros)\(digits)",
            client: connection,
            action,
            at: now
        )
        request.ticket = ticket
        if ticket == .none {
            leftOut += 1
        } else if request.command == .set {
            writes += 1
            request.sequence = run << LoadHistory.numberBits | number
        }
    }

    /// Takes down what `request` was answered with.
    ///
    /// What is no answer to it says nothing of its effect: it stays open.
    func end(
        _ request: PlannedRequest,
        _ verdict: Verdict,
        _ payload: Span<UInt8>,
        number: Int64?,
        at arrivedAt: Int64
    ) {
        switch (request.command, verdict) {
        case (_, .error): recorder.end(request.ticket, .refused(payload.printable), at: arrivedAt)
        case (.get, .missing): recorder.end(request.ticket, .missing, at: arrivedAt)
        case (.get, .good): recorder.end(request.ticket, .value(name(payload)), at: arrivedAt)
        case (.set, .good): recorder.end(request.ticket, .done, at: arrivedAt)
        case (.del, _), (.incr, _):
            if let number { recorder.end(request.ticket, .number(number), at: arrivedAt) }
        default: break
        }
    }

    private static func name(_ number: UInt64) -> String { "v\(number)" }

    private func name(_ value: Span<UInt8>) -> String {
        if let serial = LoadValue.serial(value), serial >> LoadHistory.numberBits == run {
            return LoadHistory.name(serial & (1 << LoadHistory.numberBits - 1))
        }
        return LoadHistory.foreign + HistoryRecorder.name(value)
    }
}

@available(*, unavailable)
extension LoadHistory: Sendable {}

extension LoadOptions {
    /// Throws what keeps a run from being judged, in a sentence.
    func validateVerification() throws(LoadError) {
        guard let verification else { return }
        if pubSub != nil {
            throw .usage("--verify judges keys; messages are always checked: leave it out")
        }
        let commands = mix.shares.map(\.command)
        if !commands.contains(where: \.touchesKeys) {
            throw .usage("--verify has nothing to judge: the mix has none of get, set, del, incr")
        }
        let writes = preloads || commands.contains(.set)
        if writes, valueBytes.lowerBound < LoadValue.minSerialBytes {
            throw .usage(
                "--verify needs a --value-size of \(LoadValue.minSerialBytes) bytes or more, so that no two "
                    + "values are alike"
            )
        }
        try require(1...LoadVerification.maxKeys, verification.keys, "--verify-keys")
        try require(
            1...LoadVerification.maxOperations,
            verification.operations,
            "--verify-operations"
        )
    }
}

extension LoadCommand {
    /// Whether it reads or writes a key.
    fileprivate var touchesKeys: Bool {
        switch self {
        case .get, .set, .del, .incr: true
        case .ping, .echo, .who, .publish: false
        }
    }
}
