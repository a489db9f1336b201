// The longest subsequence that two runs of bytes share.

/// One of the longest subsequences that two runs of bytes share, and where it lies in them.
///
/// Of several that are equally long it is the one that Redis 7.0 finds. Time is the product of both
/// lengths, memory a bit for each pair of bytes.
struct CommonSubsequence {
    /// A stretch of the subsequence that lies in one piece in both runs.
    struct Match: Equatable {
        /// Where it begins in the first run.
        var first: Int
        /// Where it begins in the second run.
        var second: Int
        /// Its length in bytes.
        var count: Int
    }

    /// The length of the subsequence in bytes.
    let count: Int
    /// Where it lies, from the end to the beginning; empty where nobody needs it.
    let matches: [Match]

    /// Finds the subsequence of `first` and `second`, and with `needsMatches` where it lies.
    init(_ first: Span<UInt8>, _ second: Span<UInt8>, needsMatches: Bool) {
        var table = StepTable(first.count, second.count, isKept: needsMatches)
        count = table.fill(first, second)
        matches = needsMatches ? table.trace(first, second) : []
    }
}

/// For each pair of prefixes, which of both is to be shortened to get at their subsequence.
///
/// Source: the textbook's table of lengths, of which only the row in work is kept; the steps are what
/// Redis 7.0 derives from the whole of it.
private struct StepTable {
    private let rows: Int
    private let columns: Int
    /// Bit `row * columns + column`: whether the first run, up to `row` included, is the one to shorten.
    private var shortensFirst: [UInt64]
    private let isKept: Bool

    init(_ rows: Int, _ columns: Int, isKept: Bool) {
        self.rows = rows
        self.columns = columns
        self.isKept = isKept
        shortensFirst = [UInt64](repeating: 0, count: isKept ? (rows * columns + 63) / 64 : 0)
    }

    /// Works out every step; the length of the whole subsequence.
    mutating func fill(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int {
        // `lengths[column + 1]` is the length for the first run up to the row and the second up to column.
        var lengths = [UInt32](repeating: 0, count: columns + 1)
        var bit = 0
        for row in 0..<rows {
            let byte = first[row]
            var diagonal: UInt32 = 0
            var left: UInt32 = 0
            for column in 0..<columns {
                let above = lengths[column + 1]
                let isAboveLonger = above > left
                // Without branches, which bytes at random would mislead; where the bytes are equal
                // the bit is not asked for.
                let longer = isAboveLonger ? above : left
                left = byte == second[column] ? diagonal + 1 : longer
                lengths[column + 1] = left
                diagonal = above
                if isKept {
                    shortensFirst[bit >> 6] |= (isAboveLonger ? 1 : 0) << UInt64(bit & 63)
                    bit += 1
                }
            }
        }
        return Int(lengths[columns])
    }

    /// Goes back through the steps, and gathers matches from the end on.
    func trace(_ first: Span<UInt8>, _ second: Span<UInt8>) -> [CommonSubsequence.Match] {
        var matches: [CommonSubsequence.Match] = []
        var row = rows
        var column = columns
        var run = 0
        func close() {
            if run > 0 { matches.append(.init(first: row, second: column, count: run)) }
            run = 0
        }
        while row > 0, column > 0 {
            if first[row - 1] == second[column - 1] {
                row -= 1
                column -= 1
                run += 1
                continue
            }
            close()
            let bit = (row - 1) * columns + column - 1
            if shortensFirst[bit >> 6] >> UInt64(bit & 63) & 1 == 1 {
                row -= 1
            } else {
                column -= 1
            }
        }
        close()
        return matches
    }
}
