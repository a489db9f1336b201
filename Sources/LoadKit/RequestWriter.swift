// Requests as bytes, in each encoding, from pieces that are made once.
import Core

/// Writes requests in one encoding.
///
/// A request is up to four pieces around the variable parts:
/// `head [key digits] middle [value size, end of line] [value] tail`.
struct RequestWriter: Sendable {
    private struct Template {
        var head = 0..<0
        var middle = 0..<0
        var tail = 0..<0
        var hasKey = false
        var hasValue = false
    }

    private let isRESP: Bool
    private let encoding: LoadEncoding
    /// The pieces of all templates, one behind the other.
    private var pieces: [UInt8] = []
    private var templates = [Template](repeating: Template(), count: LoadCommand.allCases.count)

    /// Makes the writer of one run.
    ///
    /// - Parameters:
    ///   - encoding: What the connections speak.
    ///   - keyPrefix: What keys begin with; it needs no quoting in any encoding.
    ///   - seed: Sets this run's counter keys apart from those of others.
    init(_ encoding: LoadEncoding, keyPrefix: String, seed: UInt64) {
        self.encoding = encoding
        isRESP = encoding == .resp
        let counterPrefix = "\(keyPrefix)counter:\(String(seed, radix: 16)):"
        for command in LoadCommand.allCases {
            let prefix = command == .incr ? counterPrefix : keyPrefix
            switch encoding {
            case .text: addText(command, prefix)
            case .json: addJSON(command, prefix)
            case .resp: addRESP(command, prefix)
            }
        }
    }

    private mutating func add(
        _ command: LoadCommand,
        _ head: String,
        middle: String = "",
        _ tail: String
    ) {
        var template = Template()
        template.head = add(piece: head)
        template.middle = add(piece: middle)
        template.tail = add(piece: tail)
        template.hasKey = command != .ping && command != .who && command != .echo
        template.hasValue = command == .set || command == .echo
        templates[Int(command.rawValue)] = template
    }

    private mutating func add(piece: String) -> Range<Int> {
        let start = pieces.count
        pieces.append(contentsOf: piece.utf8)
        return start..<pieces.count
    }

    private mutating func addText(_ command: LoadCommand, _ prefix: String) {
        let verb = command.name.uppercased()
        switch command {
        case .ping, .who: add(command, verb, "\n")
        case .echo: add(command, "\(verb) ", "\n")
        case .set: add(command, "\(verb) \(prefix)", middle: " ", "\n")
        case .get, .del, .incr: add(command, "\(verb) \(prefix)", "\n")
        }
    }

    private mutating func addJSON(_ command: LoadCommand, _ prefix: String) {
        let head = "{\"action\":\"\(command.name.uppercased())\""
        switch command {
        case .ping, .who: add(command, head, "}\n")
        case .echo: add(command, "\(head),\"value\":\"", "\"}\n")
        case .set: add(command, "\(head),\"key\":\"\(prefix)", middle: "\",\"value\":\"", "\"}\n")
        case .get, .del, .incr: add(command, "\(head),\"key\":\"\(prefix)", "\"}\n")
        }
    }

    private mutating func addRESP(_ command: LoadCommand, _ prefix: String) {
        let verb = command.name.uppercased()
        let name = "$\(verb.utf8.count)\r\n\(verb)\r\n"
        let key = "$\(prefix.utf8.count + LoadKey.digits)\r\n\(prefix)"
        switch command {
        case .ping, .who: add(command, "*1\r\n\(name)", "")
        case .echo: add(command, "*2\r\n\(name)$", "\r\n")
        case .set: add(command, "*3\r\n\(name)\(key)", middle: "\r\n$", "\r\n")
        case .get, .del, .incr: add(command, "*2\r\n\(name)\(key)", "\r\n")
        }
    }

    /// Appends `request`.
    func append(_ request: PlannedRequest, to output: inout ByteBuffer) {
        let template = templates[Int(request.command.rawValue)]
        let pieces = pieces.span
        output.append(pieces.extracting(template.head))
        if template.hasKey { LoadKey.append(number: request.key, to: &output) }
        if template.hasValue {
            output.append(pieces.extracting(template.middle))
            if isRESP {
                output.append(decimal: Int64(request.valueBytes))
                output.append("\r\n")
            }
            LoadValue.append(
                key: request.key,
                version: request.version,
                count: Int(request.valueBytes),
                to: &output
            )
        }
        output.append(pieces.extracting(template.tail))
    }

    /// Appends the request that presents `token`, which is printable ASCII without spaces.
    func append(token: String, to output: inout ByteBuffer) {
        switch encoding {
        case .text:
            output.append("AUTH \"")
            output.append(string: escaped(token))
            output.append("\"\n")
        case .json:
            output.append("{\"action\":\"AUTH\",\"token\":\"")
            output.append(string: escaped(token))
            output.append("\"}\n")
        case .resp:
            output.append("*2\r\n$4\r\nAUTH\r\n$")
            output.append(decimal: Int64(token.utf8.count))
            output.append("\r\n")
            output.append(string: token)
            output.append("\r\n")
        }
    }

    /// The same two escapes serve quoted words and JSON strings.
    private func escaped(_ token: String) -> String {
        var escaped = ""
        for character in token {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
