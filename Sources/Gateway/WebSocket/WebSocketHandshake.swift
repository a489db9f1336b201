// The handshake that turns an HTTP connection into a WebSocket: what the request must say, and the answer.
//
// Source: RFC 6455 sections 4.1, 4.2 and 10.2.
internal import Core
internal import Crypto
internal import NIOHTTP1
internal import Wire

/// What a WebSocket is for.
enum WebSocketPurpose: Equatable {
    /// Requests, their replies, and what is sent unasked.
    case commands
    /// Every message comes back.
    case echo
}

/// A request for a WebSocket that was found good.
struct WebSocketHandshake {
    /// What the key in the request is answered with.
    let accept: String
    /// Whether our subprotocol was offered, and is taken.
    let takesSubprotocol: Bool
    /// What was agreed on about compression; nil for none.
    let compression: WebSocketCompression?

    /// Our subprotocol, which goes with a token in a second one.
    static let subprotocol: Substring = "sallyport.v1"
    /// What a subprotocol begins with that holds a token.
    private static let tokenPrefix = "bearer."

    /// Takes the request's head; a field that belongs to the refusal goes to `response`.
    ///
    /// Errors: `upgradeRequired`, `invalidRequest`, `forbidden`, `internalError`.
    init(
        _ head: HTTPHead,
        _ origins: [String],
        _ response: inout HTTPResponse
    ) throws(ServerError) {
        if head.isOld { throw ServerError(.invalidRequest, "a WebSocket needs HTTP/1.1") }
        let asks =
            head.hasToken("websocket", in: "upgrade") && head.hasToken("upgrade", in: "connection")
        if !asks {
            // RFC 9110 section 15.5.22.
            response.fields += [("Upgrade", "websocket"), ("Connection", "Upgrade")]
            throw ServerError(.upgradeRequired)
        }
        if head.list("sec-websocket-version") != ["13"] {
            response.fields.append(("Sec-WebSocket-Version", "13"))
            throw ServerError(.upgradeRequired, "the only version of WebSocket here is 13")
        }
        if !WebSocketHandshake.isAllowed(head, origins) {
            throw ServerError(.forbidden, "this Origin may not connect: see --allow-origin")
        }
        accept = try WebSocketHandshake.accept(head.list("sec-websocket-key"))
        takesSubprotocol = head.list("sec-websocket-protocol").contains(Self.subprotocol)
        compression = try WebSocketCompression.negotiate(head.values("sec-websocket-extensions"))
    }

    /// The token that a subprotocol holds, for browsers, which cannot set `Authorization`; it goes with
    /// `sallyport.v1`, since something must be taken and a token never is.
    static func token(in head: HTTPHead) throws(ServerError) -> Substring? {
        let offers = head.list("sec-websocket-protocol")
        let tokens = offers.filter { $0.hasPrefix(tokenPrefix) }
        guard let token = tokens.first else { return nil }
        if tokens.count > 1 || !offers.contains(subprotocol) {
            throw ServerError(
                .invalidRequest,
                "a token as a subprotocol comes once, and with \(subprotocol)"
            )
        }
        return token.dropFirst(tokenPrefix.count)
    }

    /// What answers the key, which must be 16 bytes in base64.
    private static func accept(_ keys: [Substring]) throws(ServerError) -> String {
        var bytes = ByteBuffer()
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24,
            Base64.append(decoding: Array(key.utf8).span, to: &bytes), bytes.count == 16
        else {
            throw ServerError(.invalidRequest, "Sec-WebSocket-Key is not 16 bytes in base64")
        }
        let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        do throws(CryptoError) {
            let digest = try SHA1.digest(of: Array(text.utf8).span)
            var output = ByteBuffer()
            Base64.append(encoding: digest.span, to: &output)
            // SAFETY: the pointer is valid for the buffer's bytes and only during the call.
            return output.withBytes { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw ServerError(.internalError)
        }
    }

    /// Whether a page of the request's origin may connect: any of `origins`, `*` for all, or of the host
    /// itself; and whoever is no page, and says no origin.
    private static func isAllowed(_ head: HTTPHead, _ origins: [String]) -> Bool {
        let presented = head.values("origin")
        if presented.isEmpty { return true }
        guard presented.count == 1, let origin = presented.first?.lowercased() else { return false }
        if origins.contains(where: { $0 == "*" || $0.lowercased() == origin }) { return true }
        guard let host = head.value("host")?.lowercased() else { return false }
        return withoutPort(origin) == withoutPort("https://" + host)
    }

    /// An origin without the port that https has anyway.
    private static func withoutPort(_ origin: String) -> String {
        origin.hasSuffix(":443") ? String(origin.dropLast(4)) : origin
    }

    /// Appends the answer.
    func write(to output: inout ByteBuffer) {
        output.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        output.append("Connection: Upgrade\r\nSec-WebSocket-Accept: ")
        output.append(string: accept)
        if takesSubprotocol {
            output.append("\r\nSec-WebSocket-Protocol: ")
            output.append(string: String(Self.subprotocol))
        }
        if let compression {
            output.append("\r\nSec-WebSocket-Extensions: ")
            output.append(string: compression.response)
        }
        output.append("\r\n\r\n")
    }
}
