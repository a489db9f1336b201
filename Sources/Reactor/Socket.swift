// Sockets: the calls of the data path, and what their errors mean.
internal import CLinux
internal import Glibc

/// What a read or write on a socket came to.
public enum TransferResult: Equatable, Sendable {
    /// So many bytes were transferred; never 0.
    case bytes(Int)
    /// Nothing can be transferred now.
    case wouldBlock
    /// The peer will send no more.
    case end
    /// The connection is broken.
    case failed(SystemError)
}

/// When a peer that does not answer is given up (tcp(7)).
public struct KeepAlive: Equatable, Sendable {
    /// Seconds of silence before the first probe.
    public var idleSeconds: Int32
    /// Seconds between probes.
    public var intervalSeconds: Int32
    /// Probes without an answer behind which the connection is broken.
    public var probes: Int32
    /// Milliseconds that sent bytes may stay unacknowledged, or the peer's window closed.
    public var userTimeoutMilliseconds: Int32

    /// Makes the timing of these numbers.
    public init(
        idleSeconds: Int32,
        intervalSeconds: Int32,
        probes: Int32,
        userTimeoutMilliseconds: Int32
    ) {
        self.idleSeconds = idleSeconds
        self.intervalSeconds = intervalSeconds
        self.probes = probes
        self.userTimeoutMilliseconds = userTimeoutMilliseconds
    }
}

/// A non-blocking stream socket.
///
/// Whoever holds it closes it, once.
public struct Socket: ~Copyable, Sendable {
    /// The descriptor, for registering with a loop.
    public let descriptor: Int32

    /// Takes over `descriptor`, which this socket closes.
    public init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Gives up the descriptor; the caller closes it.
    public consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// Receives into `room`.
    public borrowing func receive(into room: UnsafeMutableRawBufferPointer) -> TransferResult {
        let count = uninterrupted { recv(descriptor, room.baseAddress, room.count, 0) }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        return failure("recv")
    }

    /// Whether the peer has ended or broken the connection, whatever it sent before.
    public borrowing func hasPeerGone() -> Bool { poll_is_gone_shim(descriptor) != 0 }

    /// Sends as much of `bytes` as the socket takes.
    public borrowing func send(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        let flags = Int32(MSG_NOSIGNAL)
        let count = uninterrupted {
            CLinux.send(descriptor, bytes.baseAddress, bytes.count, flags)
        }
        return count >= 0 ? .bytes(count) : failure("send")
    }

    private borrowing func failure(_ call: String) -> TransferResult {
        let number = errno
        if number == EAGAIN || number == EWOULDBLOCK { return .wouldBlock }
        return .failed(SystemError(call, "", number: number))
    }

    /// Says to the peer that nothing more is coming; reading goes on.
    public borrowing func shutdownWrites() {
        _ = shutdown(descriptor, 1)  // SHUT_WR
    }

    /// Sends small writes at once (TCP_NODELAY).
    public borrowing func disableDelay() {
        setOption(IPPROTO_TCP_shim(), TCP_NODELAY, 1)
    }

    /// Sends probes to a peer that has been silent, and gives up one that does not answer.
    ///
    /// On a listener: for every connection that it accepts, at no cost for each.
    public borrowing func keepAlive(_ timing: KeepAlive) {
        setOption(SOL_SOCKET, SO_KEEPALIVE, 1)
        setOption(IPPROTO_TCP_shim(), TCP_KEEPIDLE, timing.idleSeconds)
        setOption(IPPROTO_TCP_shim(), TCP_KEEPINTVL, timing.intervalSeconds)
        setOption(IPPROTO_TCP_shim(), TCP_KEEPCNT, timing.probes)
        setOption(IPPROTO_TCP_shim(), TCP_USER_TIMEOUT, timing.userTimeoutMilliseconds)
    }

    /// Makes closing send RST at once, dropping what is unsent.
    public borrowing func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &option,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    borrowing func setOption(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The address of this end.
    public borrowing func localAddress() -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname_shim(descriptor, $0, &length)
            }
        }
        return SocketAddress(&storage, length: length)
    }

    /// The error that a non-blocking connect ended with; nil if it succeeded.
    public borrowing func connectError() -> SystemError? {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        return number == 0 ? nil : SystemError("connect", "", number: number)
    }

    /// Begins to connect to `address`; writable means done, then ask `connectError`.
    ///
    /// With `source`, whose port is to be 0, the connection comes from that address of this machine.
    public static func connect(
        to address: SocketAddress,
        from source: SocketAddress? = nil
    ) throws(SystemError) -> Socket {
        let descriptor = socket_stream_shim(address.family)
        if descriptor < 0 { throw SystemError("socket") }
        let socket = Socket(owning: descriptor)
        if let source {
            // The port is chosen by connect, which may use one again that goes to another address.
            socket.setOption(0, IP_BIND_ADDRESS_NO_PORT, 1)
            // Of a prefix that is routed to this machine, IPv6 else takes only addresses that are set.
            if source.family == AF_INET6 {
                socket.setOption(IPPROTO_IPV6_shim(), IPV6_FREEBIND, 1)
            }
            if source.withSockaddr({ bind_shim(descriptor, $0, $1) }) != 0 {
                throw SystemError("bind", source.description)
            }
        }
        let result = address.withSockaddr { connect_shim(descriptor, $0, $1) }
        if result != 0, errno != EINPROGRESS, errno != EINTR {
            throw SystemError("connect", address.description)
        }
        socket.disableDelay()
        return socket
    }
}
