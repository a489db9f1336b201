// Splitting a line into words, quoted or not.
import Core

/// Splits a line into words; words without quotes stay where they are, others are written to
/// scratch.
enum WordSplitter {
    /// Whose rules for quotes apply.
    enum Dialect {
        /// Ours: a quote begins a word or is refused; only the documented escapes.
        case text
        /// Redis's `sdssplitargs`: a quote may begin within a word; an unknown escape is its
        /// letter.
        case inline
    }

    /// Why a line could not be split, and where.
    struct Failure: Error, Equatable {
        var reason: StaticString
        var offset: Int

        static func == (left: Failure, right: Failure) -> Bool { left.offset == right.offset }
    }

    /// The first word's range, quotes or not; empty for a blank line.
    static func firstWord(_ line: Span<UInt8>) -> Range<Int> {
        var start = 0
        while start < line.count, isBlank(line[start]) { start += 1 }
        var end = start
        while end < line.count, !isBlank(line[end]) { end += 1 }
        return start..<end
    }

    /// Splits `line` into `frame`, which must be empty.
    static func split(
        _ line: Span<UInt8>,
        into frame: inout RequestFrame,
        dialect: Dialect
    ) -> Failure? {
        var at = 0
        while at < line.count {
            if isBlank(line[at]) {
                at += 1
                continue
            }
            let start = at
            while at < line.count, !isBlank(line[at]) {
                if isQuote(line[at]) { return splitQuoted(line, into: &frame, dialect: dialect) }
                at += 1
            }
            frame.ranges.append(ArgumentRange(start: start, end: at))
        }
        return nil
    }

    /// Splits a line that has quotes, from its beginning, into `frame.scratch`.
    private static func splitQuoted(
        _ line: Span<UInt8>,
        into frame: inout RequestFrame,
        dialect: Dialect
    ) -> Failure? {
        frame.ranges.removeAll()
        frame.usesScratch = true
        var at = 0
        do throws(Failure) {
            while true {
                while at < line.count, isBlank(line[at]) { at += 1 }
                if at == line.count { return nil }
                let start = frame.scratch.count
                at = try copyWord(line, from: at, to: &frame.scratch, dialect)
                frame.ranges.append(ArgumentRange(start: start, end: frame.scratch.count))
            }
        } catch {
            return error
        }
    }

    /// Copies the word at `start` to `output`; returns the offset behind it.
    private static func copyWord(
        _ line: Span<UInt8>,
        from start: Int,
        to output: inout ByteBuffer,
        _ dialect: Dialect
    ) throws(Failure) -> Int {
        var at = start
        while at < line.count, !isBlank(line[at]) {
            guard isQuote(line[at]) else {
                output.append(line[at])
                at += 1
                continue
            }
            if dialect == .text, at > start {
                throw Failure(reason: "quote inside a word", offset: at)
            }
            let end = try copyQuoted(line, from: at, to: &output, dialect)
            if end < line.count, !isBlank(line[end]) {
                throw Failure(reason: "no space behind a closing quote", offset: end)
            }
            return end
        }
        return at
    }

    /// Copies what the quote at `start` begins; returns the offset behind the closing quote.
    private static func copyQuoted(
        _ line: Span<UInt8>,
        from start: Int,
        to output: inout ByteBuffer,
        _ dialect: Dialect
    ) throws(Failure) -> Int {
        let quote = line[start]
        let isDouble = quote == UInt8(ascii: "\"")
        var at = start + 1
        while at < line.count {
            let byte = line[at]
            if byte == quote { return at + 1 }
            if byte == UInt8(ascii: "\\"), at + 1 < line.count {
                if isDouble {
                    at = try copyEscape(line, from: at, to: &output, dialect)
                    continue
                }
                if dialect == .inline, line[at + 1] == quote { at += 1 }
            }
            output.append(line[at])
            at += 1
        }
        throw Failure(reason: "unbalanced quote", offset: start)
    }

    /// Writes the byte that the escape at `start` stands for; returns the offset behind it.
    private static func copyEscape(
        _ line: Span<UInt8>,
        from start: Int,
        to output: inout ByteBuffer,
        _ dialect: Dialect
    ) throws(Failure) -> Int {
        let letter = line[start + 1]
        if letter == UInt8(ascii: "x"), start + 3 < line.count,
            let high = Printable.hexValue(line[start + 2]),
            let low = Printable.hexValue(line[start + 3])
        {
            output.append(high << 4 | low)
            return start + 4
        }
        if let byte = escaped(letter, dialect) {
            output.append(byte)
            return start + 2
        }
        throw Failure(reason: "unknown escape", offset: start)
    }

    /// The byte that `\` and `letter` stand for; nil if they stand for none.
    private static func escaped(_ letter: UInt8, _ dialect: Dialect) -> UInt8? {
        switch letter {
        case UInt8(ascii: "n"): UInt8(ascii: "\n")
        case UInt8(ascii: "r"): UInt8(ascii: "\r")
        case UInt8(ascii: "t"): UInt8(ascii: "\t")
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): letter
        case UInt8(ascii: "b") where dialect == .inline: 0x08
        case UInt8(ascii: "a") where dialect == .inline: 0x07
        default: dialect == .inline ? letter : nil
        }
    }

    /// Whether `byte` separates words: what C's `isspace` says.
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }
}
