// What the server knows of itself, shared by all loops.
public import Synchronization

/// The server's identity and the counts that commands report.
public final class ServerFacts: Sendable {
    /// The server's UUID, lower case: what `WHERE` answers.
    public let identifier: String
    /// The version of this program.
    public static let version = "1.0.0"
    /// Connections whose token was accepted and that are still open: what `WHO` answers.
    public let authenticatedClients = Atomic<Int>(0)
    /// Connections made since the start; the last one's number is its identifier.
    public let connectionsMade = Atomic<Int>(0)
    /// Open connections, authenticated or not.
    public let openConnections = Atomic<Int>(0)
    /// Requests answered since the start.
    public let requests = Atomic<Int>(0)

    /// Makes the facts of a server called `identifier`.
    public init(identifier: String) {
        self.identifier = identifier
    }
}
