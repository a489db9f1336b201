// Strict readers of replies: what is not exactly one reply in the encoding is nil.
import Core
import Foundation

/// RFC 4648 with Foundation, which shares nothing with the server's own.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }
}

struct RESPReply {
    private var rest: ArraySlice<UInt8>
    private let isRESP3: Bool

    static func value(_ bytes: [UInt8], isRESP3: Bool) -> WireValue? {
        var reader = RESPReply(rest: bytes[...], isRESP3: isRESP3)
        guard let value = reader.next() else { return nil }
        var values = [value]
        let encoding: WireEncoding = isRESP3 ? .resp3 : .resp2
        // Only of subscriptions is there one for each argument.
        while !reader.rest.isEmpty {
            guard let value = reader.next(), value.isConfirmation(encoding) else { return nil }
            values.append(value)
        }
        if values.count == 1 { return value }
        return value.isConfirmation(encoding) ? .several(values) : nil
    }

    private mutating func line() -> String? {
        guard let end = rest.firstIndex(of: 13), rest.indices.contains(end + 1), rest[end + 1] == 10
        else { return nil }
        defer { rest = rest[(end + 2)...] }
        return String(validating: rest[..<end], as: UTF8.self)
    }

    private mutating func bulk(_ count: Int) -> [UInt8]? {
        guard count >= 0, rest.count >= count + 2 else { return nil }
        let bytes = Array(rest.prefix(count))
        guard Array(rest.dropFirst(count).prefix(2)) == [13, 10] else { return nil }
        rest = rest.dropFirst(count + 2)
        return bytes
    }

    private mutating func items(_ count: Int) -> [WireValue]? {
        var items: [WireValue] = []
        for _ in 0..<max(0, count) {
            guard let item = next() else { return nil }
            items.append(item)
        }
        return count < 0 ? nil : items
    }

    private mutating func next() -> WireValue? {
        guard let marker = rest.popFirst().map({ Character(Unicode.Scalar($0)) }),
            let line = line()
        else { return nil }
        let count = Int(line) ?? -2
        switch marker {
        case "+": return line.isEmpty ? nil : .status(line)
        case "-":
            guard let space = line.firstIndex(of: " ") else { return nil }
            return .error(String(line[..<space]), String(line[line.index(after: space)...]))
        case ":": return Int64(line).map { .integer($0) }
        case "$" where count == -1: return isRESP3 ? nil : .null
        case "$": return bulk(count).map { .bytes($0) }
        case "*": return items(count).map { .list($0) }
        default: return isRESP3 ? typed(marker, line, count) : nil
        }
    }

    private mutating func typed(_ marker: Character, _ line: String, _ count: Int) -> WireValue? {
        switch marker {
        case "_": return line.isEmpty ? .null : nil
        case "%": return count < 0 ? nil : items(2 * count).map { .map($0) }
        case "~": return items(count).map { .set($0) }
        case ">": return items(count).map { .push($0) }
        case ",": return Double(line) == nil ? nil : .double(line)
        case "#": return ["t": .boolean(true), "f": .boolean(false)][line]
        case "(":
            let isNumber = line.wholeMatch(of: #/-?[0-9]+/#) != nil
            return isNumber ? .bigNumber(line) : nil
        case "=":
            guard let bytes = bulk(count), bytes.starts(with: Array("txt:".utf8)) else {
                return nil
            }
            return .verbatim(Array(bytes.dropFirst(4)))
        case "|": return items(2 * count).flatMap { _ in next() }
        default: return nil
        }
    }
}

struct TextReply {
    private var lines: ArraySlice<String>

    static func value(_ bytes: [UInt8]) -> WireValue? {
        let isPlain = bytes.allSatisfy { ($0 >= 0x20 && $0 < 0x7F) || $0 == 10 }
        guard isPlain, bytes.last == 10 else { return nil }
        let text = String(decoding: bytes.dropLast(), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var reader = TextReply(lines: lines[...])
        guard let value = reader.next(), reader.lines.isEmpty else { return nil }
        return value
    }

    private mutating func next() -> WireValue? {
        guard let line = lines.popFirst(), let first = line.first else { return nil }
        if line == "(nil)" { return .null }
        if line.hasPrefix("ERR ") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            return words.count == 3 ? .error(String(words[1]), String(words[2])) : nil
        }
        switch first {
        case "(", ">", " ": return nil
        case "\"": return unquoted(line).map { .bytes($0) }
        case "*":
            guard let count = Int(line.dropFirst()), count >= 0 else { return nil }
            var items: [WireValue] = []
            for _ in 0..<count {
                guard let item = next() else { return nil }
                items.append(item)
            }
            return .list(items)
        default: return line.hasSuffix(" ") ? nil : .text(line)
        }
    }

    private func unquoted(_ line: String) -> [UInt8]? {
        guard let match = line.wholeMatch(of: #/"((?:[^"\\]|\\["\\nrt]|\\x[0-9a-f]{2})*)"/#) else {
            return nil
        }
        var bytes: [UInt8] = []
        var rest = match.output.1.utf8[...]
        let plain: [UInt8: UInt8] = [0x6E: 10, 0x72: 13, 0x74: 9]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            if letter == UInt8(ascii: "x") {
                bytes.append(UInt8(Substring(rest.prefix(2)), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plain[letter] ?? letter)
            }
        }
        return bytes
    }
}
