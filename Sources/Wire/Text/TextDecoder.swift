// Requests as lines of words, for a person or a shell script.
import Core

extension RequestDecoder {
    /// Takes one line out of `rest`.
    mutating func decodeText(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ catalog: CommandCatalog,
        _ limits: Limits
    ) -> DecodeOutcome {
        switch nextLine(rest, limit: limits.maxLineBytes) {
        case .incomplete(let needed):
            return .incomplete(needed: needed)
        case .skipped(let consumed):
            return .skipped(consumed: consumed)
        case .tooLong(let consumed):
            let limit = "maxLineBytes=\(limits.maxLineBytes)"
            return .rejected(.lineTooLong(limit), consumed: consumed)
        case .line(let count, let consumed):
            if let error = splitTextLine(rest.extracting(0..<count), &frame, catalog) {
                return .rejected(error, consumed: consumed)
            }
            return frame.ranges.isEmpty
                ? .skipped(consumed: consumed) : .request(consumed: consumed)
        }
    }

    /// Splits a line into words, or into a command's name and the rest of the line.
    private func splitTextLine(
        _ line: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ catalog: CommandCatalog
    ) -> ServerError? {
        if let offset = firstUnprintable(line) {
            return .invalidText("a byte that is not printable ASCII", offset: offset)
        }
        let name = WordSplitter.firstWord(line)
        if let index = catalog.index(of: line.extracting(name)),
            catalog.specs[index].flags.contains(.restOfLine)
        {
            frame.ranges.append(ArgumentRange(start: name.lowerBound, end: name.upperBound))
            if name.upperBound + 1 < line.count {
                frame.ranges.append(ArgumentRange(start: name.upperBound + 1, end: line.count))
            }
            return nil
        }
        guard let failure = WordSplitter.split(line, into: &frame, dialect: .text) else {
            return nil
        }
        return .invalidText(failure.reason, offset: failure.offset)
    }

    /// The offset of the first byte that is neither printable ASCII nor a tab; nil if there is
    /// none.
    private func firstUnprintable(_ line: Span<UInt8>) -> Int? {
        for offset in 0..<line.count {
            let byte = line[offset]
            if byte &- 0x20 >= 0x5F, byte != UInt8(ascii: "\t") { return offset }
        }
        return nil
    }
}

extension ServerError {
    /// A line was longer than `limit` (its name and value) allows.
    static func lineTooLong(_ limit: String) -> ServerError {
        ServerError(.tooLong, "line above \(limit) bytes; the rest of it is discarded")
    }

    /// A text line could not be read, for `reason`, at `offset` from its start.
    static func invalidText(_ reason: StaticString, offset: Int) -> ServerError {
        ServerError(.invalidText, "\(reason) at column \(offset + 1)")
    }
}
