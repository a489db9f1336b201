// Agreeing on permessage-deflate.
//
// Source: RFC 6455 section 9.1, RFC 7692 sections 5 and 7.
internal import Core

/// What was agreed on about compression.
///
/// Neither end keeps its window from one message to the next, so that a connection between two messages
/// holds no state of zlib.
struct WebSocketCompression: Equatable {
    /// The server's window: 2 to the power of as many bytes.
    var serverWindowBits = 15
    /// Whether the client asked for that window.
    private var namesServerWindow = false

    /// The windows that zlib can compress with; with 8 it would use 9.
    private static let windows = 9...15

    /// The first offer that we can take; nil if there is none.
    ///
    /// Errors: `invalidRequest` where the field is not what RFC 6455 says.
    static func negotiate(_ fields: [String]) throws(ServerError) -> WebSocketCompression? {
        var taken: WebSocketCompression?
        for field in fields {
            guard let offers = ExtensionField.parse(field) else {
                throw ServerError(.invalidRequest, "not a Sec-WebSocket-Extensions")
            }
            for offer in offers where taken == nil && offer.name == "permessage-deflate" {
                taken = WebSocketCompression(offer.parameters)
            }
        }
        return taken
    }

    /// Takes an offer with these parameters; nil if one of them is unknown, wrong, twice there, or beyond
    /// us (RFC 7692 section 7).
    private init?(_ parameters: [ExtensionField.Parameter]) {
        if Set(parameters.map(\.name)).count != parameters.count { return nil }
        for parameter in parameters {
            let bits = parameter.value.flatMap(WebSocketCompression.bits)
            switch parameter.name {
            case "server_no_context_takeover", "client_no_context_takeover":
                if parameter.value != nil { return nil }
            case "client_max_window_bits":
                // A client that may limit its window; any window of its can be read.
                if parameter.value != nil, bits == nil { return nil }
            case "server_max_window_bits":
                guard let bits, WebSocketCompression.windows.contains(bits) else { return nil }
                serverWindowBits = bits
                namesServerWindow = true
            default: return nil
            }
        }
    }

    /// Decimal, without leading zeros, 8 to 15.
    private static func bits(_ text: String) -> Int? {
        guard let bits = Int(text), (8...15).contains(bits), "\(bits)" == text else { return nil }
        return bits
    }

    /// The extension as the answer says it.
    var response: String {
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            + (namesServerWindow ? "; server_max_window_bits=\(serverWindowBits)" : "")
    }
}

/// The field Sec-WebSocket-Extensions.
///
/// Source: RFC 6455 section 9.1.
struct ExtensionField {
    struct Parameter: Equatable {
        var name: String
        var value: String?
    }

    struct Offer: Equatable {
        var name: String
        var parameters: [Parameter]
    }

    private var rest: Substring.UTF8View

    /// The offers in `text`, in their order; nil if it is malformed.
    static func parse(_ text: String) -> [Offer]? {
        var field = ExtensionField(rest: Substring(text).utf8)
        var offers: [Offer] = []
        repeat {
            field.skipBlanks()
            guard let name = field.token() else { return nil }
            var offer = Offer(name: name, parameters: [])
            while field.take(";") {
                guard let parameter = field.parameter() else { return nil }
                offer.parameters.append(parameter)
            }
            offers.append(offer)
        } while field.take(",")
        return field.rest.isEmpty ? offers : nil
    }

    private mutating func parameter() -> Parameter? {
        skipBlanks()
        guard let name = token() else { return nil }
        if !take("=") { return Parameter(name: name, value: nil) }
        skipBlanks()
        guard let value = rest.first == UInt8(ascii: "\"") ? quoted() : token() else { return nil }
        return Parameter(name: name, value: value)
    }

    private mutating func token() -> String? {
        let bytes = rest.prefix(while: HTTPHeadScanner.isToken)
        rest = rest.dropFirst(bytes.count)
        return bytes.isEmpty ? nil : String(Substring(bytes))
    }

    /// A quoted string, whose value must be a token.
    private mutating func quoted() -> String? {
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") {
                let isToken = !value.isEmpty && value.allSatisfy(HTTPHeadScanner.isToken)
                return isToken ? String(decoding: value, as: UTF8.self) : nil
            }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            value.append(escaped)
        }
        return nil
    }

    private mutating func take(_ character: Character) -> Bool {
        skipBlanks()
        guard let byte = rest.first, byte == character.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    }
}
