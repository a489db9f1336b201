// How a client of each encoding writes a command and reads the reply.
import Core

@testable import Commands

/// One encoding, from a client's side.
struct Carrier: Sendable {
    /// The bytes that ask for a command, its name first; nil where the encoding cannot say it.
    var request: @Sendable (_ words: [[UInt8]]) -> [UInt8]?
    /// The one reply that the bytes are, all of them; nil where they are anything else.
    var reply: @Sendable (_ bytes: [UInt8]) -> WireValue?

    /// Every encoding has a line here; `EncodingTests` sees to it.
    static let all: [WireEncoding: Carrier] = [
        .text: Carrier(request: TextRequest.bytes, reply: TextReply.value),
        .json: Carrier(request: JSONRequest.bytes, reply: JSONReply.reply),
        .resp2: Carrier(request: RESPRequest.bytes) { RESPReply.value($0, isRESP3: false) },
        .resp3: Carrier(request: RESPRequest.bytes) { RESPReply.value($0, isRESP3: true) },
        .protobuf: Carrier(request: ProtobufRequest.bytes, reply: ProtobufReply.value),
    ]
}

enum RESPRequest {
    static func bytes(_ words: [[UInt8]]) -> [UInt8]? {
        if words.isEmpty { return nil }
        return words.reduce(Array("*\(words.count)\r\n".utf8)) { bytes, word in
            bytes + Array("$\(word.count)\r\n".utf8) + word + [13, 10]
        }
    }
}

enum TextRequest {
    static func bytes(_ words: [[UInt8]]) -> [UInt8]? {
        guard let name = words.first, !name.isEmpty else { return nil }
        let isRest = CommandTable.catalog.index(of: name.span)
            .map { CommandTable.catalog.specs[$0].flags.contains(.restOfLine) }
        if isRest == true {
            // One argument at most, and only what stands in a line as it is.
            guard words.count <= 2, words.dropFirst().allSatisfy({ isPlain($0) }) else {
                return nil
            }
            return Array(words.joined(separator: [0x20])) + [10]
        }
        return Array(words.map(word).joined(separator: [0x20])) + [10]
    }

    private static func isPlain(_ word: [UInt8]) -> Bool {
        !word.isEmpty && word.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    private static func word(_ word: [UInt8]) -> [UInt8] {
        let special = Array(" \"'\\".utf8)
        if isPlain(word), !word.contains(where: special.contains) { return word }
        let escaped = word.flatMap { byte -> [UInt8] in
            let hex = String(byte, radix: 16)
            let isPlain = byte >= 0x20 && byte < 0x7F && !special.contains(byte)
            return isPlain ? [byte] : Array(("\\x" + (hex.count == 1 ? "0" : "") + hex).utf8)
        }
        return [0x22] + escaped + [0x22]
    }
}

/// The fields of a command's JSON object, found by reading words as the command's row says.
struct JSONRequest {
    private var words: ArraySlice<[UInt8]>
    /// How many words there are beside those that every call of the command has.
    private var surplus: Int
    private var fields: [(name: String, values: [String], isArray: Bool)] = []

    static func bytes(_ words: [[UInt8]]) -> [UInt8]? {
        guard let name = words.first, let index = CommandTable.catalog.index(of: name.span) else {
            return nil
        }
        let spec = CommandTable.catalog.specs[index]
        if words.count < spec.minimumCount || words.count > spec.maximumCount ?? .max { return nil }
        var request = JSONRequest(
            words: words.dropFirst(),
            surplus: words.count - spec.minimumCount
        )
        guard request.take(spec.arguments), request.words.isEmpty else { return nil }
        let members = request.fields.map { field in
            let list = field.values.joined(separator: ",")
            return quoted(field.name) + ":" + (field.isArray ? "[\(list)]" : list)
        }
        let action = quoted(String(decoding: name, as: UTF8.self))
        return Array(
            ("{" + (["\"action\":" + action] + members).joined(separator: ",") + "}\n").utf8
        )
    }

    /// Reads the words as `arguments`; those with a token may come in any order where they adjoin.
    private mutating func take(_ arguments: [ArgumentSpec]) -> Bool {
        var rest = arguments[...]
        while let argument = rest.first {
            if argument.token == nil {
                rest.removeFirst()
                if !take(argument) { return false }
                continue
            }
            var block = Array(rest.prefix { $0.token != nil })
            rest = rest.dropFirst(block.count)
            while let word = words.first {
                let name = String(decoding: word, as: UTF8.self).uppercased()
                guard let index = block.firstIndex(where: { $0.token == name }) else { break }
                let found = block.remove(at: index)
                words.removeFirst()
                if found.kind == .flag {
                    fields.append((found.name, ["true"], false))
                } else if !takeOnce(found) {
                    return false
                }
            }
        }
        return true
    }

    /// Takes the words of an argument without a token.
    private mutating func take(_ argument: ArgumentSpec) -> Bool {
        let width = argument.kind == .pairs ? 2 : 1
        if argument.isOptional {
            if surplus < width { return true }
            surplus -= width
        }
        if !argument.isRepeated { return takeOnce(argument) }
        var values: [String] = []
        repeat {
            guard let value = takeValue(argument.kind) else { return false }
            values.append(value)
        } while !words.isEmpty
        fields.append((argument.name, values, true))
        return true
    }

    private mutating func takeOnce(_ argument: ArgumentSpec) -> Bool {
        guard let value = takeValue(argument.kind) else { return false }
        fields.append((argument.name, [value], argument.kind == .pairs))
        return true
    }

    private mutating func takeValue(_ kind: ArgumentSpec.Kind) -> String? {
        guard let word = words.popFirst() else { return nil }
        switch kind {
        case .integer: return DecimalInteger.parse(word.span).map { "\($0)" }
        case .pairs:
            guard let value = words.popFirst() else { return nil }
            return "[\(JSONRequest.bytesText(word)),\(JSONRequest.bytesText(value))]"
        default: return JSONRequest.bytesText(word)
        }
    }

    private static func bytesText(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return quoted(text) }
        return "{\"base64\":\"\(Base64Text.encode(bytes))\"}"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            let hex = String(scalar.value, radix: 16)
            let isPlain = scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
            return isPlain ? String(scalar) : "\\u" + String("000\(hex)".suffix(4))
        }
        return "\"" + escaped.joined() + "\""
    }
}
