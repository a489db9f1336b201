// What went wrong, counted by kind, with a few samples.
import Core

/// Counts failures by code and detail.
struct FailureTally: Sendable {
    /// Different failures that are counted apart; more are counted under their code alone.
    static let maxKinds = 64
    /// Samples that are kept.
    static let maxSamples = 5
    /// Bytes of a reply that a sample shows.
    static let maxSampleBytes = 120

    private(set) var counts: [Failure: UInt64] = [:]
    /// What wrong replies looked like, printable.
    private(set) var wrongReplySamples: [String] = []
    /// What error replies looked like, printable.
    private(set) var errorReplySamples: [String] = []
    /// All failures together.
    private(set) var total: UInt64 = 0

    /// Makes an empty tally.
    init() {}

    /// Counts one failure.
    mutating func count(_ failure: Failure) {
        total += 1
        let isKnown = counts[failure] != nil || counts.count < FailureTally.maxKinds
        counts[isKnown ? failure : Failure(failure.code, "others"), default: 0] += 1
    }

    /// Counts a reply that does not answer `request`.
    mutating func countWrong(_ request: PlannedRequest?, _ reply: Span<UInt8>) {
        let name = request.map { $0.command.name.uppercased() } ?? "nothing asked"
        count(Failure(.wrongReply, name))
        if wrongReplySamples.count >= FailureTally.maxSamples { return }
        wrongReplySamples.append("\(name)\(FailureTally.subject(request)) -> \(reply.printable)")
    }

    /// Counts an error reply by its token.
    mutating func countError(
        _ request: PlannedRequest,
        _ token: Span<UInt8>,
        _ reply: Span<UInt8>
    ) {
        let before = counts.count
        count(Failure(.errorReply, token.printable))
        // One sample for each token: the first of its kind says more than five alike.
        if counts.count == before || errorReplySamples.count >= FailureTally.maxSamples { return }
        let name = request.command.name.uppercased()
        errorReplySamples.append("\(name)\(FailureTally.subject(request)) -> \(reply.printable)")
    }

    /// Adds what another loop has counted.
    mutating func add(_ other: FailureTally) {
        total += other.total
        for (failure, count) in other.counts {
            let isKnown = counts[failure] != nil || counts.count < FailureTally.maxKinds
            counts[isKnown ? failure : Failure(failure.code, "others"), default: 0] += count
        }
        let maxSamples = FailureTally.maxSamples
        wrongReplySamples = Array((wrongReplySamples + other.wrongReplySamples).prefix(maxSamples))
        errorReplySamples = Array((errorReplySamples + other.errorReplySamples).prefix(maxSamples))
    }

    private static func subject(_ request: PlannedRequest?) -> String {
        guard let request else { return "" }
        switch request.command {
        case .get, .del: return " key \(request.key)"
        case .set: return " key \(request.key), \(request.valueBytes) bytes"
        case .echo: return " of \(request.valueBytes) bytes"
        case .incr: return " of connection \(request.key)"
        case .publish: return " of publisher \(request.version), message \(request.sequence)"
        case .ping, .who: return ""
        }
    }
}

extension Span where Element == UInt8 {
    /// The bytes for a person: printable ASCII, the rest escaped, cut to a bounded length.
    var printable: String {
        var text = ""
        for index in 0..<Swift.min(count, FailureTally.maxSampleBytes) {
            Escaped.append(self[index], to: &text)
        }
        let left = count - FailureTally.maxSampleBytes
        return left > 0 ? "\(text)... (\(left) more bytes)" : text
    }
}

extension FailureTally {
    /// The counts as the report shows them: the most frequent first.
    var rows: [LoadReport.FailureRow] {
        counts.map { failure, count in
            LoadReport.FailureRow(
                code: failure.code.rawValue,
                detail: failure.detail,
                count: count
            )
        }
        .sorted { ($1.count, $0.code, $0.detail) < ($0.count, $1.code, $1.detail) }
    }
}
