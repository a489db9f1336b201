// THE table of limits: what each is called, counts, may be, and is for.

/// What a limit counts.
public enum LimitUnit: String, Sendable, CaseIterable {
    /// Bytes.
    case bytes
    /// Milliseconds.
    case milliseconds
    /// Seconds.
    case seconds
    /// Things.
    case count
    /// Things a second.
    case perSecond = "per second"
    /// Bytes a second.
    case bytesPerSecond = "bytes per second"
    /// Bits.
    case bits
}

/// One limit: everything about it but its value.
public struct LimitRow: Sendable {
    /// The property of `Limits`, which is what errors, LIMITS and `--limit` call it.
    public let name: String
    /// What it counts.
    public let unit: LimitUnit
    /// The values that it may have.
    public let range: ClosedRange<Int64>
    /// What it limits, in one sentence.
    public let summary: String
    private let get: @Sendable (Limits) -> Int64
    private let put: @Sendable (inout Limits, Int64) -> Void

    /// Makes the row of the property at `path`, which must hold every number of `range`.
    init<Number: FixedWidthInteger & SendableMetatype>(
        _ name: String,
        _ path: any WritableKeyPath<Limits, Number> & Sendable,
        _ unit: LimitUnit,
        _ range: ClosedRange<Int64>,
        _ summary: String
    ) {
        self.name = name
        self.unit = unit
        self.range = range
        self.summary = summary
        get = { Int64(truncatingIfNeeded: $0[keyPath: path]) }
        put = { $0[keyPath: path] = Number(truncatingIfNeeded: $1) }
    }

    /// Makes the row of a time in milliseconds.
    init<Number: FixedWidthInteger & SendableMetatype>(
        time name: String,
        _ path: any WritableKeyPath<Limits, Number> & Sendable,
        _ range: ClosedRange<Int64>,
        _ summary: String
    ) {
        self.init(name, path, .milliseconds, range, summary)
    }

    /// Its value in `limits`.
    public func value(in limits: Limits) -> Int64 { get(limits) }

    /// Changes its value in `limits`, which must be in `range`.
    func set(_ value: Int64, in limits: inout Limits) { put(&limits, value) }

    /// The name as CONFIG GET tells it: `max-key-bytes`.
    public var settingName: String {
        var text = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            let wasLower = index > 0 && !characters[index - 1].isUppercase
            let isLast = index + 1 < characters.count && !characters[index + 1].isUppercase
            if character.isUppercase, wasLower || isLast { text += "-" }
            text += character.lowercased()
        }
        return text
    }
}

/// What is wrong with a limit as somebody set it.
public struct LimitError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason, as a sentence's end.
    public let description: String
}

/// All limits.
public enum LimitTable {
    /// The rows, in the order of `Limits`.
    public static let rows: [LimitRow] =
        requestRows + messageRows + webSocketRows + connectionRows + addressRows + capacityRows

    /// The row called `name`, whatever its letter case.
    public static func row(_ name: String) -> LimitRow? {
        rows.first { $0.name.lowercased() == name.lowercased() }
    }

    /// Changes the limit that `text` says, as `maxKeyBytes=512`.
    public static func apply(_ text: String, to limits: inout Limits) throws(LimitError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw LimitError(description: "is not NAME=VALUE") }
        guard let row = row(String(parts[0])) else {
            throw LimitError(description: "names no limit: did you mean \(nearest(parts[0]))?")
        }
        guard let value = Int64(parts[1]), row.range.contains(value) else {
            throw LimitError(
                description: "must be \(row.range.lowerBound) to \(row.range.upperBound)"
            )
        }
        row.set(value, in: &limits)
    }

    /// Throws if limits contradict each other.
    public static func check(_ limits: Limits) throws(LimitError) {
        if limits.outboundLowWatermarkBytes > limits.outboundHighWatermarkBytes {
            throw LimitError(
                description: "outboundLowWatermarkBytes is above outboundHighWatermarkBytes"
            )
        }
        if limits.maxValueBytes > limits.maxRequestBytes {
            throw LimitError(description: "maxValueBytes is above maxRequestBytes")
        }
    }

    /// The three names that are most like `name`, for whoever misspelt one.
    public static func nearest(_ name: some StringProtocol) -> String {
        let wanted = name.lowercased()
        let ranked = rows.map { row in
            let known = row.name.lowercased()
            let isPart = !wanted.isEmpty && known.contains(wanted)
            return (name: row.name, distance: isPart ? 0 : distance(wanted, known))
        }
        let best = ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3)
        return best.map(\.name).joined(separator: ", ")
    }

    /// How many characters must be put in, taken out or changed.
    ///
    /// Source: Levenshtein, 1966.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        // What is longer than any name is no misspelling of one; its end does not matter.
        for (index, byte) in left.utf8.prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let change = diagonal + (right[column] == byte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
