// An IPv4 or IPv6 address with a port.
internal import CLinux
public import Core
internal import Glibc

/// An IPv4 or IPv6 address and port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    // SAFETY note: stored as the C structure's bytes; the first `length` are initialised.
    private var bytes: [UInt8]

    /// Copies the address that the kernel wrote.
    init(_ storage: inout sockaddr_storage, length: socklen_t) {
        let count = min(Int(length), MemoryLayout<sockaddr_storage>.size)
        bytes = withUnsafeBytes(of: &storage) { Array($0.prefix(count)) }
    }

    init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
    }

    /// Calls `body` with the address as the kernel wants it.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &storage) { pointer in
            // SAFETY: a sockaddr_storage is large and aligned enough for any socket address.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(bytes.count))
            }
        }
    }

    /// The address family: AF_INET or AF_INET6.
    var family: Int32 {
        withSockaddr { address, _ in Int32(address.pointee.sa_family) }
    }

    /// The address in numbers, without the port: `127.0.0.1`, `::1`; IPv4 mapped into IPv6 as IPv4.
    public var host: String {
        let text = withSockaddr { address, length in
            // SAFETY: the buffer is as long as said, and the result NUL-terminated.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
                let flags = NI_NUMERICHOST
                let result = getnameinfo(address, length, buffer.baseAddress, 128, nil, 0, flags)
                guard result == 0, let start = buffer.baseAddress else { return "unknown" }
                return String(cString: start)
            }
        }
        // Only mapped addresses are printed with dots behind this prefix.
        let isMapped = text.hasPrefix("::ffff:") && text.contains(".")
        return isMapped ? String(text.dropFirst(7)) : text
    }

    /// The port, 0 to 65,535.
    public var port: UInt16 {
        get { bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0 }
        set {
            if bytes.count < 4 { return }
            bytes[2] = UInt8(newValue >> 8)
            bytes[3] = UInt8(newValue & 0xFF)
        }
    }

    /// The address without its port, as limits and lists see it; `::` for a family that is neither.
    public var peer: PeerAddress {
        // Layouts: sockaddr_in is [family: 2][port: 2][address: 4], sockaddr_in6 is
        // [family: 2][port: 2][flow: 4][address: 16]; the addresses in network order.
        let isIPv4 = family == AF_INET
        let range = isIPv4 ? 4..<8 : 8..<24
        if range.upperBound > bytes.count { return PeerAddress(high: 0, low: 0) }
        let words = stride(from: range.lowerBound, to: range.upperBound, by: 4).map { start in
            bytes[start..<(start + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        if isIPv4 { return PeerAddress(ipv4: words[0]) }
        return PeerAddress(
            high: UInt64(words[0]) << 32 | UInt64(words[1]),
            low: UInt64(words[2]) << 32 | UInt64(words[3])
        )
    }

    /// Whether both are IPv4, or both IPv6: only then can one be the source of a connection to the other.
    public func hasFamily(of other: SocketAddress) -> Bool { family == other.family }

    /// The address `distance` behind this one, with the same port; its last 32 bits wrap around.
    public func advanced(by distance: UInt32) -> SocketAddress {
        // `[family: 2][port: 2][IPv4: 4]` or `[family: 2][port: 2][flow: 4][IPv6: 16]`.
        let start = family == AF_INET6 ? 20 : 4
        if bytes.count < start + 4 { return self }
        var number = bytes[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) } &+ distance
        var moved = self
        for index in (start..<(start + 4)).reversed() {
            moved.bytes[index] = UInt8(truncatingIfNeeded: number)
            number >>= 8
        }
        return moved
    }

    /// `HOST:PORT`, an IPv6 host in brackets.
    public var description: String {
        let host = host
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The addresses that `host`, a name or number without brackets, and `port` stand for.
    ///
    /// It asks the resolver, which may take seconds: never on a loop.
    public static func resolve(
        host: String,
        port: UInt16
    ) throws(SystemError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = 1  // SOCK_STREAM, an enum case that Swift imports with another type.
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        if result != 0 { throw SystemError("cannot resolve", host, number: ENOENT) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let address = current.ai_addr {
                let found = SocketAddress(address, length: current.ai_addrlen)
                if !addresses.contains(found) { addresses.append(found) }
            }
            entry = current.ai_next
        }
        return addresses
    }
}
