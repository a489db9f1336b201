// What a PROXY protocol header says, and how reading one can end.
public import Core

/// Where a relayed connection comes from, as its proxy says.
public enum ProxyHeader: Equatable, Sendable {
    /// From this address and port.
    case relayed(from: PeerAddress, port: UInt16)
    /// The proxy speaks for itself (LOCAL), or does not say for whom (UNKNOWN, UNSPEC, a UNIX socket,
    /// datagrams): the socket's own address stays the address.
    case unrelayed
}

/// What a piece of a connection's first bytes came to.
public enum ProxyOutcome: Equatable, Sendable {
    /// All of it belongs to the header, and more must come.
    case incomplete
    /// The header is complete; its last byte is before `consumed` in the piece, and what follows belongs
    /// to the connection.
    case complete(ProxyHeader, consumed: Int)
    /// This is no PROXY header, and why.
    case malformed(String)
}
