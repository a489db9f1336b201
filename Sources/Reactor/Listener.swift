// Listening sockets: binding every address an endpoint stands for, and accepting.
internal import CLinux
internal import Glibc

/// What accepting one connection came to.
public enum AcceptResult: ~Copyable {
    /// A connection, and where it comes from.
    case accepted(Socket, SocketAddress)
    /// Nobody is waiting.
    case none
    /// The one that was waiting is gone; there may be others.
    case gone
    /// This process or system has no descriptors or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM).
    case exhausted(SystemError)
}

/// A listening socket.
public final class Listener: Sendable {
    /// Who else may take the connections that come to its port.
    public enum Sharing: Sendable {
        /// Nobody.
        case alone
        /// Other sockets that listen on the port, each with a queue of its own (SO_REUSEPORT).
        case port
        /// Whoever else holds this very socket, with the one queue that it has.
        case socket
    }

    let socket: Socket
    /// Who else may take the connections that come to its port.
    public let sharing: Sharing
    /// Where it listens, with the port that the kernel chose where 0 was asked for.
    public let address: SocketAddress

    /// Connections that the kernel completes and keeps for us: the kernel's own default maximum.
    public static let backlog: Int32 = 4096

    init(_ socket: consuming Socket, _ address: SocketAddress, _ sharing: Sharing) {
        self.socket = socket
        self.address = address
        self.sharing = sharing
    }

    /// The descriptor, for registering with a loop.
    public var descriptor: Int32 { socket.descriptor }

    /// Listens on every address that `endpoint` stands for, all on one port.
    ///
    /// `::` takes IPv4 as well (dual stack); where there is no IPv6, `0.0.0.0` takes its place. With
    /// `sharesPort` other processes of the same user may listen there too (SO_REUSEPORT).
    public static func listen(
        on endpoint: Endpoint,
        sharesPort: Bool = false
    ) throws(SystemError) -> [Listener] {
        var listeners: [Listener] = []
        var firstError: SystemError?
        for var address in try addresses(for: endpoint) {
            if let port = listeners.first?.address.port { address.port = port }
            do {
                listeners.append(try Listener.bind(address, sharesPort ? .port : .alone))
            } catch {
                // A host without IPv6 still resolves localhost to ::1; what else fails is an error.
                guard error.number == EAFNOSUPPORT || error.number == EADDRNOTAVAIL else {
                    throw error
                }
                firstError = firstError ?? error
            }
        }
        if listeners.isEmpty {
            throw firstError ?? SystemError("listen", "\(endpoint)", number: EADDRNOTAVAIL)
        }
        return listeners
    }

    private static func addresses(
        for endpoint: Endpoint
    ) throws(SystemError) -> [SocketAddress] {
        if endpoint.host != "::" {
            return try SocketAddress.resolve(host: endpoint.host, port: endpoint.port)
        }
        let probe = socket_stream_shim(AF_INET6)
        if probe >= 0 { close(probe) }
        return try SocketAddress.resolve(
            host: probe >= 0 ? "::" : "0.0.0.0",
            port: endpoint.port
        )
    }

    private static func bind(
        _ address: SocketAddress,
        _ sharing: Sharing
    ) throws(SystemError) -> Listener {
        let descriptor = socket_stream_shim(address.family)
        if descriptor < 0 { throw SystemError("socket", address.description) }
        let socket = Socket(owning: descriptor)
        socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        if sharing == .port { socket.setOption(SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == AF_INET6 {
            socket.setOption(IPPROTO_IPV6_shim(), IPV6_V6ONLY, address.host == "::" ? 0 : 1)
        }
        if address.withSockaddr({ bind_shim(descriptor, $0, $1) }) != 0 {
            throw SystemError("bind", address.description)
        }
        if CLinux.listen(descriptor, backlog) != 0 {
            throw SystemError("listen", address.description)
        }
        // What one that left made the others do holds on behind its end; it has no meaning any more.
        if sharing == .port { _ = reuseport_unsteer_shim(descriptor) }
        let local = socket.localAddress()
        return Listener(socket, local, sharing)
    }

    /// Sends probes to silent peers of all connections that are accepted from now on.
    public func keepAlive(_ timing: KeepAlive) { socket.keepAlive(timing) }

    /// Takes one waiting connection.
    public func accept() -> AcceptResult {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                accept4_shim(socket.descriptor, $0, &length)
            }
        }
        if descriptor >= 0 {
            let accepted = Socket(owning: descriptor)
            accepted.disableDelay()
            return .accepted(accepted, SocketAddress(&storage, length: length))
        }
        switch errno {
        case EAGAIN, EWOULDBLOCK: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SystemError("accept"))
        // Everything else that accept(2) names concerns the one connection: aborted, unreachable,
        // a protocol error, a firewall's refusal, or a signal.
        default: return .gone
        }
    }
}
