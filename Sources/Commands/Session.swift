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
    public var token: Token? {
        didSet { rights = SessionRights(token) }
    }
    /// What the token permits, at hand without touching the token's reference count.
    public private(set) var rights = SessionRights(nil)
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

/// What every request of a session is held against: plain bits, taken from its token.
public struct SessionRights: Sendable, BitwiseCopyable {
    /// Whether a token was accepted.
    public let isAuthenticated: Bool
    /// Whether every key may be read, so that no key needs to be looked at.
    public let readsEverything: Bool
    /// Whether every key may be written, so that no key needs to be looked at.
    public let writesEverything: Bool
    /// What may be done with every key, so that no key needs to be looked at.
    let reach: KeyAccess.RawValue
    /// The commands that may be run.
    public let commands: CommandSet

    init(_ token: Token?) {
        isAuthenticated = token != nil
        readsEverything = token?.readsEverything ?? false
        writesEverything = token?.writesEverything ?? false
        let access: KeyAccess = [readsEverything ? .read : [], writesEverything ? .write : []]
        reach = access.rawValue
        commands = token?.commands ?? CommandSet()
    }
}
