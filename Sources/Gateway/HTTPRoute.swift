// Which routes there are, which methods they take, and who may ask.
internal import Core
internal import NIOHTTP1

/// What a request's path names.
enum HTTPRoute: Equatable {
    /// The page for a browser.
    case dashboard
    /// The server answers.
    case health
    /// The server's loops all turn.
    case liveness
    /// The server wants to be given clients.
    case readiness
    case status
    case metrics
    case prometheus
    case command
    case notify
    /// The value of a key.
    case value(key: [UInt8])
    /// The connection is to become a WebSocket.
    case webSocket(WebSocketPurpose)

    private static let fixed: [Substring: HTTPRoute] = [
        "/": .dashboard,
        "/health": .health, "/healthz": .liveness, "/readyz": .readiness, "/status": .status,
        "/metrics": .metrics, "/metrics/prometheus": .prometheus, "/v1/command": .command,
        "/notify": .notify,
        "/ws": .webSocket(.commands), "/ws/echo": .webSocket(.echo),
    ]
    private static let valuePrefix = "/v1/kv/"

    /// The route that `path` names; nil if there is none.
    ///
    /// Throws `invalidRequest` for a key that is not encoded
    /// as a part of a target should be.
    static func find(_ path: Substring) throws(ServerError) -> HTTPRoute? {
        if let route = fixed[path] { return route }
        guard path.hasPrefix(valuePrefix) else { return nil }
        guard let key = percentDecoded(path.dropFirst(valuePrefix.count)) else {
            throw ServerError(.invalidRequest, "the key in the path is not percent-encoded")
        }
        return .value(key: key)
    }

    /// The methods that it takes.
    var methods: [HTTPMethod] {
        switch self {
        case .command, .notify: [.POST]
        case .value: [.GET, .HEAD, .PUT, .DELETE]
        case .webSocket: [.GET]
        default: [.GET, .HEAD]
        }
    }

    /// Whether it is for those only who have a token.
    var needsToken: Bool {
        switch self {
        case .dashboard, .health, .liveness, .readiness: false
        default: true
        }
    }

    /// Undoes percent-encoding (RFC 3986 section 2.1); nil where a percent sign is followed by anything else.
    static func percentDecoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Printable.hexValue),
                let low = rest.popFirst().flatMap(Printable.hexValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
