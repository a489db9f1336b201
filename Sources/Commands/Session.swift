// What the server remembers of a connection between its requests.
public import Access
public import Core

/// A connection's session: who it is and how it speaks.
///
/// Belongs to the connection's loop.
public final class Session {
    /// The connection's number, from 1 and never used twice.
    public let identifier: Int
    /// The token that was accepted; nil before.
    public var token: Token?
    /// How the connection speaks.
    public var encoding: WireEncoding
    /// The name the client gave itself; empty if none.
    public var clientName = ""
    /// Failed authentications so far.
    public var failedAuthentications = 0
    /// Whether the connection is to be closed behind the reply.
    public var closesAfterReply = false

    /// Makes the session of connection `identifier`.
    public init(identifier: Int, encoding: WireEncoding) {
        self.identifier = identifier
        self.encoding = encoding
    }
}

@available(*, unavailable)
extension Session: Sendable {}
