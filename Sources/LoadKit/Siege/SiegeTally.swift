// What the attackers saw.
import Core

/// The attackers' counters; they belong to the attackers' loop.
struct SiegeTally: Sendable {
    /// Different errors and ends that are counted apart.
    static let maxKinds = 64
    /// Bytes of an error reply that are looked at.
    static let maxErrorBytes = 400

    /// An error reply by its kind.
    struct ErrorRow: Equatable, Sendable {
        /// How often it came.
        var count: UInt64 = 0
        /// The longest time to wait that it named, in milliseconds.
        var retryAfterMilliseconds: Int64?
        /// The first of its kind, printable.
        var sample = ""
    }

    /// Connections begun.
    var tried: UInt64 = 0
    /// Connections that TCP made.
    var connected: UInt64 = 0
    /// Handshakes that were completed.
    var handshakes: UInt64 = 0
    /// Those of them that resumed a session.
    var resumed: UInt64 = 0
    /// Attackers that came to the end of their plan.
    var finished: UInt64 = 0
    /// Attackers that were cut off by the end of the attack.
    var unfinished: UInt64 = 0
    /// The most connections at once.
    var openPeak = 0
    /// Requests sent.
    var requests: UInt64 = 0
    /// Right replies.
    var right: UInt64 = 0
    /// Replies that answer something else than was asked.
    var wrong: UInt64 = 0
    /// Bytes handed to sockets.
    var bytesSent: UInt64 = 0
    /// Bytes taken from sockets.
    var bytesReceived: UInt64 = 0
    /// How long handshakes took.
    var handshakeTimes = LatencyRecorder()
    /// Connections that were refused or that the server ended, by when and how.
    private(set) var refusals: [String: UInt64] = [:]
    /// Error replies by kind.
    private(set) var errors: [String: ErrorRow] = [:]
    /// What came without TLS, the first of each answer.
    private(set) var plainSamples: [String] = []
    /// Wrong replies, a few.
    private(set) var wrongSamples: [String] = []

    /// Makes counters at 0.
    init() {}

    /// Counts a connection that the server refused or ended.
    mutating func countRefusal(_ kind: String) {
        let isKnown = refusals[kind] != nil || refusals.count < SiegeTally.maxKinds
        refusals[isKnown ? kind : "others", default: 0] += 1
    }

    /// Counts an error reply: by its token, and by the limit that it names.
    mutating func countError(_ token: Span<UInt8>, _ whole: Span<UInt8>) {
        let looked = whole.extracting(0..<min(whole.count, SiegeTally.maxErrorBytes))
        var text = ""
        for index in 0..<looked.count where looked[index] >= 0x20 && looked[index] < 0x7F {
            text.unicodeScalars.append(Unicode.Scalar(looked[index]))
        }
        var kind = token.printable
        if let limit = SiegeTally.word(after: "limit=", in: text) { kind += " limit=\(limit)" }
        if errors[kind] == nil, errors.count >= SiegeTally.maxKinds { kind = "others" }
        var row = errors[kind] ?? ErrorRow(sample: text)
        row.count += 1
        if let wait = SiegeTally.word(after: "retry_after_ms=", in: text).flatMap({ Int64($0) }) {
            row.retryAfterMilliseconds = max(wait, row.retryAfterMilliseconds ?? wait)
        }
        errors[kind] = row
    }

    /// Counts a reply that does not answer what was asked.
    mutating func countWrong(_ whole: Span<UInt8>) {
        wrong += 1
        if wrongSamples.count < FailureTally.maxSamples { wrongSamples.append(whole.printable) }
    }

    /// Keeps what came without TLS.
    mutating func notePlain(_ bytes: Span<UInt8>) {
        if plainSamples.count >= FailureTally.maxSamples { return }
        let text = bytes.printable
        if !plainSamples.contains(text) { plainSamples.append(text) }
    }

    /// The letters, digits and underscores behind the first `key` in `text`; nil if there are none.
    static func word(after key: String, in text: String) -> String? {
        var rest = text[...]
        while !rest.isEmpty, !rest.hasPrefix(key) { rest.removeFirst() }
        let word = rest.dropFirst(key.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return word.isEmpty ? nil : String(word)
    }
}
