// What a command or a limit refuses with; every encoding renders it from the error table.

/// A refusal: its code, what to tell a person, and when trying again can help.
public struct ServerError: Error, Equatable, Sendable {
    /// The row of the error table.
    public var code: ErrorCode
    /// One sentence for a person, printable ASCII once rendered; it never holds a secret.
    public var message: String
    /// Milliseconds until a retry can succeed, where a limit refused.
    public var retryAfterMilliseconds: Int64?

    /// Makes an error of `code`; without `message` it says what the table says.
    public init(
        _ code: ErrorCode,
        _ message: String? = nil,
        retryAfterMilliseconds: Int64? = nil
    ) {
        self.code = code
        self.message = message ?? code.row.message
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

extension ServerError {
    /// The integer grammar of Redis was not met.
    public static let notAnInteger = ServerError(.notAnInteger)
    /// The options of a command contradict each other or are unknown.
    public static let syntax = ServerError(.syntax)

    /// `name` got too few or too many arguments.
    public static func wrongArity(_ name: String) -> ServerError {
        ServerError(.wrongArity, "wrong number of arguments for '\(name.lowercased())' command")
    }

    /// The expiry given to `name` is not a positive time that fits.
    public static func invalidExpiry(_ name: String) -> ServerError {
        ServerError(.invalidExpiry, "invalid expire time in '\(name.lowercased())' command")
    }
}
