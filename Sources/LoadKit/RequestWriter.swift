// Requests as bytes, in each encoding, from pieces that are made once.
import Core

/// Writes requests in one encoding.
///
/// A request is up to four pieces around the variable parts:
/// `head [key digits] middle [value size, end of line] [value] tail`; what HTTP and WebSocket put around JSON is
/// written before it, since its size is known.
struct RequestWriter: Sendable {
    /// Whom requests go to, and as whom: what HTTP says in each of them.
    struct Peer: Sendable {
        /// The host and port, for the field Host.
        var authority = "localhost"
        /// The token; nil for none.
        var token: String?
    }

    private struct Template {
        var head = 0..<0
        var middle = 0..<0
        var tail = 0..<0
        var hasKey = false
        var hasValue = false

        /// The bytes of a request, where no value size is written.
        func count(value: Int) -> Int {
            head.count + (hasKey ? LoadKey.digits : 0) + (hasValue ? middle.count + value : 0)
                + tail.count
        }
    }

    let encoding: LoadEncoding
    private let isRESP: Bool
    private let peer: Peer
    private let protobuf: ProtobufRequests
    private let httpHead: [UInt8]
    /// The pieces of all templates, one behind the other.
    private var pieces: [UInt8] = []
    private var templates = [Template](repeating: Template(), count: LoadCommand.allCases.count)

    /// Makes the writer of one run.
    ///
    /// - Parameters:
    ///   - encoding: What the connections speak.
    ///   - keyPrefix: What keys begin with; it needs no quoting in any encoding.
    ///   - seed: Sets this run's counter keys apart from those of others.
    ///   - peer: Whom requests go to, and as whom.
    init(_ encoding: LoadEncoding, keyPrefix: String, seed: UInt64, _ peer: Peer = Peer()) {
        self.encoding = encoding
        self.peer = peer
        isRESP = encoding == .resp || encoding == .resp3
        let counterPrefix = RequestWriter.counterPrefix(keyPrefix, seed)
        protobuf = ProtobufRequests(keyPrefix: keyPrefix, counterPrefix: counterPrefix)
        httpHead = Array(HTTPText.head(peer).utf8)
        for command in LoadCommand.allCases {
            let prefix = command == .incr ? counterPrefix : keyPrefix
            switch encoding {
            case .text: addText(command, prefix)
            case .json: addJSON(command, prefix, "}\n")
            case .http, .websocket: addJSON(command, prefix, "}")
            case .resp, .resp3: addRESP(command, prefix)
            case .protobuf: break
            }
        }
    }

    /// What the keys begin with that INCR counts in, in the run of `seed`.
    static func counterPrefix(_ keyPrefix: String, _ seed: UInt64) -> String {
        "\(keyPrefix)counter:\(String(seed, radix: 16)):"
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
        template.hasValue = command == .set || command == .echo || command == .publish
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
        case .set, .publish: add(command, "\(verb) \(prefix)", middle: " ", "\n")
        case .get, .del, .incr: add(command, "\(verb) \(prefix)", "\n")
        }
    }

    private mutating func addJSON(_ command: LoadCommand, _ prefix: String, _ end: String) {
        let head = "{\"action\":\"\(command.name.uppercased())\""
        switch command {
        case .ping, .who: add(command, head, end)
        case .echo: add(command, "\(head),\"value\":\"", "\"\(end)")
        case .set:
            add(command, "\(head),\"key\":\"\(prefix)", middle: "\",\"value\":\"", "\"\(end)")
        case .publish:
            add(command, "\(head),\"channel\":\"\(prefix)", middle: "\",\"message\":\"", "\"\(end)")
        case .get, .del, .incr: add(command, "\(head),\"key\":\"\(prefix)", "\"\(end)")
        }
    }

    private mutating func addRESP(_ command: LoadCommand, _ prefix: String) {
        let verb = command.name.uppercased()
        let name = "$\(verb.utf8.count)\r\n\(verb)\r\n"
        let key = "$\(prefix.utf8.count + LoadKey.digits)\r\n\(prefix)"
        switch command {
        case .ping, .who: add(command, "*1\r\n\(name)", "")
        case .echo: add(command, "*2\r\n\(name)$", "\r\n")
        case .set, .publish: add(command, "*3\r\n\(name)\(key)", middle: "\r\n$", "\r\n")
        case .get, .del, .incr: add(command, "*2\r\n\(name)\(key)", "\r\n")
        }
    }

    /// Appends `request`.
    func append(_ request: PlannedRequest, to output: inout ByteBuffer) {
        switch encoding {
        case .text, .json, .resp, .resp3:
            appendPieces(request, to: &output)
        case .protobuf:
            protobuf.append(request, to: &output)
        case .http:
            output.append(httpHead.span)
            output.append(decimal: Int64(count(request)))
            output.append("\r\n\r\n")
            appendPieces(request, to: &output)
        case .websocket:
            let frame = WebSocketFrame.begin(.text, payload: count(request), to: &output)
            appendPieces(request, to: &output)
            WebSocketFrame.mask(frame, in: &output)
        }
    }

    private func count(_ request: PlannedRequest) -> Int {
        let value =
            request.command == .publish
            ? DeliveryMessage.count(request) : Int(request.valueBytes)
        return templates[Int(request.command.rawValue)].count(value: value)
    }

    private func appendPieces(_ request: PlannedRequest, to output: inout ByteBuffer) {
        let template = templates[Int(request.command.rawValue)]
        let pieces = pieces.span
        output.append(pieces.extracting(template.head))
        if template.hasKey { LoadKey.append(number: request.key, to: &output) }
        if template.hasValue {
            output.append(pieces.extracting(template.middle))
            if isRESP {
                let isMessage = request.command == .publish
                let count =
                    isMessage ? DeliveryMessage.count(request) : Int(request.valueBytes)
                output.append(decimal: Int64(count))
                output.append("\r\n")
            }
            RequestWriter.appendValue(request, to: &output)
        }
        output.append(pieces.extracting(template.tail))
    }

    /// Appends the value or message of `request`.
    static func appendValue(_ request: PlannedRequest, to output: inout ByteBuffer) {
        if request.command == .publish { return DeliveryMessage.append(request, to: &output) }
        let count = Int(request.valueBytes)
        if request.sequence != 0 {
            return LoadValue.append(
                key: request.key,
                serial: request.sequence,
                count: count,
                to: &output
            )
        }
        LoadValue.append(
            key: request.key,
            version: request.version,
            count: count,
            to: &output
        )
    }
}

extension RequestWriter {
    /// Appends the request that presents `token`, which is printable ASCII without spaces.
    ///
    /// For encodings that have such a request: not HTTP and WebSocket.
    func append(token: String, to output: inout ByteBuffer) {
        switch encoding {
        case .text:
            output.append("AUTH \"")
            output.append(string: RequestWriter.escaped(token))
            output.append("\"\n")
        case .json:
            output.append("{\"action\":\"AUTH\",\"token\":\"")
            output.append(string: RequestWriter.escaped(token))
            output.append("\"}\n")
        case .resp, .resp3:
            output.append("*2\r\n$4\r\nAUTH\r\n$")
            output.append(decimal: Int64(token.utf8.count))
            output.append("\r\n")
            output.append(string: token)
            output.append("\r\n")
        case .protobuf:
            protobuf.append(token: token, to: &output)
        case .http, .websocket:
            break
        }
    }

    /// Appends the request that subscribes to the channel numbered `topic`.
    func append(subscriptionTo topic: UInt64, to output: inout ByteBuffer, keyPrefix: String) {
        var name = ByteBuffer()
        name.append(string: keyPrefix)
        LoadKey.append(number: topic, to: &name)
        let channel = name.withBytes { String(decoding: $0, as: UTF8.self) }
        switch encoding {
        case .text: output.append(string: "SUBSCRIBE \(channel)\n")
        case .resp, .resp3:
            let count = channel.utf8.count
            output.append(string: "*2\r\n$9\r\nSUBSCRIBE\r\n$\(count)\r\n\(channel)\r\n")
        case .json:
            output.append(string: RequestWriter.subscription(channel) + "\n")
        case .protobuf:
            protobuf.append(subscriptionTo: channel, to: &output)
        case .websocket:
            let text = RequestWriter.subscription(channel)
            let frame = WebSocketFrame.begin(.text, payload: text.utf8.count, to: &output)
            output.append(string: text)
            WebSocketFrame.mask(frame, in: &output)
        case .http:
            break
        }
    }

    private static func subscription(_ channel: String) -> String {
        "{\"action\":\"SUBSCRIBE\",\"channel\":[\"\(channel)\"]}"
    }

    /// The requests that a connection begins with, one behind the reply of the other.
    ///
    /// - Parameters:
    ///   - key: What a WebSocket says as its key.
    ///   - topic: The number of the channel to subscribe to; nil for none.
    ///   - keyPrefix: What the channel's name begins with.
    /// - Returns: The bytes of each.
    func opening(webSocketKey key: String, topic: UInt64?, keyPrefix: String) -> [[UInt8]] {
        var steps: [[UInt8]] = []
        func add(_ write: (inout ByteBuffer) -> Void) {
            var buffer = ByteBuffer()
            write(&buffer)
            steps.append(buffer.withBytes { Array($0) })
        }
        switch encoding {
        case .websocket:
            add { $0.append(string: HTTPText.upgrade(peer, key: key)) }
        case .http:
            // There is no request that presents a token alone; one that needs it tells.
            if peer.token != nil { add { append(PlannedRequest(command: .ping), to: &$0) } }
        case .text, .json, .resp, .resp3, .protobuf:
            if let token = peer.token { add { append(token: token, to: &$0) } }
            if encoding == .resp3 { add { $0.append("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n") } }
        }
        if let topic { add { append(subscriptionTo: topic, to: &$0, keyPrefix: keyPrefix) } }
        return steps
    }

    /// The same two escapes serve quoted words and JSON strings.
    private static func escaped(_ token: String) -> String {
        var escaped = ""
        for character in token {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
