// THE error table: every error that the server can answer with, in every encoding.

/// An error that a peer can receive.
///
/// Numbers and JSON codes never change once released.
public enum ErrorCode: UInt16, Sendable, CaseIterable {
    case unknownCommand = 1
    case wrongArity = 2
    case syntax = 3
    case notAnInteger = 4
    case overflow = 5
    case invalidExpiry = 6
    case invalidRequest = 7
    case malformedJSON = 8
    case invalidText = 9
    case protocolError = 10
    case tooLong = 11
    case keyTooLong = 12
    case valueTooLarge = 13
    case notANumber = 14
    case unauthenticated = 20
    case wrongCredential = 21
    case forbidden = 22
    case unsupportedVersion = 23
    case sessionEnded = 24
    case transactionAborted = 25
    case keyNotFound = 30
    case namespaceInvalid = 31
    case outOfMemory = 40
    case busy = 41
    case tooManyFailures = 42
    case authenticationTimeout = 43
    case idleTimeout = 44
    case shuttingDown = 45
    case requestTimeout = 46
    case namespaceFull = 47
    case rateLimited = 48
    case slowConsumer = 49
    case notServed = 50
    case overloaded = 51
    case routeNotFound = 60
    case methodNotAllowed = 61
    case preconditionFailed = 62
    case targetTooLong = 63
    case unsupportedMediaType = 64
    case headTooLarge = 65
    case expectationFailed = 66
    case upgradeRequired = 67
    case internalError = 99
}

/// One row of the error table.
public struct ErrorRow: Sendable {
    /// The word behind `ERR` in a text line.
    public var textToken: String
    /// The first word of a RESP error; the message follows it.
    public var respWord: String
    /// The stable code in JSON.
    public var jsonCode: String
    /// The status of an HTTP response that carries it.
    public var httpStatus: Int
    /// The WebSocket close code where it closes (RFC 6455 section 7.4).
    public var webSocketCloseCode: Int
    /// Whether the same request can succeed later without being changed.
    public var mayRetry: Bool
    /// Whether the connection is closed behind it.
    public var closes: Bool
    /// What it says where the place that raised it says nothing better.
    public var message: String
}

extension ErrorCode {
    /// The error's row.
    public var row: ErrorRow {
        switch self {
        case .unknownCommand:
            .init("UNKNOWN", "ERR", "unknown_command", 404, 1008, "unknown command")
        case .wrongArity:
            .init("ARITY", "ERR", "invalid_request", 400, 1008, "wrong number of arguments")
        case .syntax:
            .init("SYNTAX", "ERR", "invalid_request", 400, 1008, "syntax error")
        case .notAnInteger:
            .init(
                "NOT_INTEGER",
                "ERR",
                "not_an_integer",
                400,
                1008,
                "value is not an integer or out of range"
            )
        case .overflow:
            .init(
                "OVERFLOW",
                "ERR",
                "overflow",
                400,
                1008,
                "increment or decrement would overflow"
            )
        case .invalidExpiry:
            .init("EXPIRY", "ERR", "invalid_expiry", 400, 1008, "invalid expire time")
        case .invalidRequest:
            .init("INVALID", "ERR", "invalid_request", 400, 1008, "invalid request")
        case .malformedJSON:
            .init("JSON", "ERR", "malformed_json", 400, 1007, "malformed JSON")
        case .invalidText:
            .init("TEXT", "ERR", "invalid_text", 400, 1007, "invalid text")
        case .protocolError:
            .init(
                "PROTOCOL",
                "ERR",
                "protocol_error",
                400,
                1002,
                "Protocol error",
                closes: true
            )
        case .tooLong:
            .init("TOO_LONG", "ERR", "too_long", 413, 1009, "request too long")
        case .keyTooLong:
            .init("KEY_LENGTH", "ERR", "key_length", 400, 1009, "key length out of range")
        case .valueTooLarge:
            .init("VALUE_LENGTH", "ERR", "value_too_large", 413, 1009, "value too large")
        case .notANumber:
            .init("NOT_NUMBER", "ERR", "not_a_number", 400, 1008, "value is not a valid float")
        case .unauthenticated:
            .init("NOAUTH", "NOAUTH", "unauthenticated", 401, 3000, "Authentication required.")
        case .wrongCredential:
            .init(
                "WRONGPASS",
                "WRONGPASS",
                "wrong_credential",
                401,
                3000,
                "invalid username-password pair or user is disabled."
            )
        case .forbidden:
            .init("NOPERM", "NOPERM", "forbidden", 403, 3003, "this token has no permission")
        case .unsupportedVersion:
            .init(
                "NOPROTO",
                "NOPROTO",
                "unsupported_version",
                400,
                1002,
                "unsupported protocol version"
            )
        case .sessionEnded:
            .init(
                "SESSION",
                "NOAUTH",
                "session_ended",
                401,
                3000,
                "the token was revoked or has expired",
                closes: true
            )
        case .transactionAborted:
            .init(
                "ABORTED",
                "EXECABORT",
                "transaction_aborted",
                409,
                1008,
                "Transaction discarded because of previous errors."
            )
        case .keyNotFound:
            .init("NOT_FOUND", "ERR", "key_not_found", 404, 1008, "no such key")
        case .namespaceInvalid:
            .init("NAMESPACE", "ERR", "invalid_namespace", 400, 1008, "invalid namespace")
        case .outOfMemory:
            .init(
                "MEMORY",
                "OOM",
                "out_of_memory",
                507,
                1013,
                "command not allowed when used memory > 'maxmemory'.",
                mayRetry: true
            )
        case .namespaceFull:
            .init(
                "NAMESPACE_FULL",
                "OOM",
                "namespace_full",
                507,
                1013,
                "namespace full",
                mayRetry: true
            )
        case .busy:
            .init(
                "BUSY",
                "BUSY",
                "busy",
                503,
                1013,
                "the server takes no more connections now",
                mayRetry: true,
                closes: true
            )
        case .rateLimited:
            .init(
                "RATE_LIMITED",
                "ERR",
                "rate_limited",
                429,
                1008,
                "too many requests",
                mayRetry: true
            )
        case .overloaded:
            .init(
                "OVERLOADED",
                "ERR",
                "overloaded",
                503,
                1013,
                "the server is overloaded and serves more important commands first",
                mayRetry: true
            )
        case .slowConsumer:
            .init(
                "SLOW",
                "ERR",
                "slow_consumer",
                503,
                1008,
                "replies were not read in time",
                mayRetry: true,
                closes: true
            )
        case .tooManyFailures:
            .init(
                "AUTH_FAILURES",
                "ERR",
                "too_many_failures",
                429,
                1008,
                "too many failed authentications",
                mayRetry: true,
                closes: true
            )
        case .authenticationTimeout:
            .init(
                "AUTH_TIMEOUT",
                "ERR",
                "authentication_timeout",
                408,
                3008,
                "no token was accepted in time",
                mayRetry: true,
                closes: true
            )
        case .idleTimeout:
            .init(
                "IDLE",
                "ERR",
                "idle_timeout",
                408,
                1001,
                "idle for too long",
                mayRetry: true,
                closes: true
            )
        case .requestTimeout:
            .init(
                "REQUEST_TIMEOUT",
                "ERR",
                "request_timeout",
                408,
                1008,
                "a request was begun and not finished in time",
                mayRetry: true,
                closes: true
            )
        case .shuttingDown:
            .init(
                "SHUTDOWN",
                "ERR",
                "shutting_down",
                503,
                1001,
                "the server is shutting down",
                mayRetry: true,
                closes: true
            )
        case .notServed:
            .init("NOT_SERVED", "ERR", "not_served", 501, 1003, "not served", closes: true)
        case .routeNotFound:
            .init(
                "ROUTE",
                "ERR",
                "not_found",
                404,
                1008,
                "no such route"
            )
        case .methodNotAllowed:
            .init(
                "METHOD",
                "ERR",
                "method_not_allowed",
                405,
                1008,
                "this route does not take that method"
            )
        case .preconditionFailed:
            .init(
                "PRECONDITION",
                "ERR",
                "precondition_failed",
                412,
                1008,
                "the value is not the one that the condition names"
            )
        case .targetTooLong:
            .init(
                "TARGET",
                "ERR",
                "target_too_long",
                414,
                1009,
                "the target of the request is too long",
                closes: true
            )
        case .unsupportedMediaType:
            .init(
                "MEDIA_TYPE",
                "ERR",
                "unsupported_media_type",
                415,
                1008,
                "the body must be application/json"
            )
        case .headTooLarge:
            .init(
                "HEAD",
                "ERR",
                "head_too_large",
                431,
                1009,
                "the head of the request is too large",
                closes: true
            )
        case .expectationFailed:
            .init(
                "EXPECT",
                "ERR",
                "expectation_failed",
                417,
                1008,
                "the only expectation that is met is 100-continue",
                closes: true
            )
        case .upgradeRequired:
            .init(
                "UPGRADE",
                "ERR",
                "upgrade_required",
                426,
                1002,
                "this route is a WebSocket: the request must ask for that upgrade"
            )
        case .internalError:
            .init("INTERNAL", "ERR", "internal", 500, 1011, "internal error", mayRetry: true)
        }
    }
}

extension ErrorRow {
    fileprivate init(
        _ textToken: String,
        _ respWord: String,
        _ jsonCode: String,
        _ httpStatus: Int,
        _ webSocketCloseCode: Int,
        _ message: String,
        mayRetry: Bool = false,
        closes: Bool = false
    ) {
        self.textToken = textToken
        self.respWord = respWord
        self.jsonCode = jsonCode
        self.httpStatus = httpStatus
        self.webSocketCloseCode = webSocketCloseCode
        self.mayRetry = mayRetry
        self.closes = closes
        self.message = message
    }
}
