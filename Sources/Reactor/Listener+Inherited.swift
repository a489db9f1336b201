// Listening sockets that the service manager opened and this process was started with.
//
// Source: sd_listen_fds(3).
internal import CLinux
internal import Glibc

extension Listener {
    /// The sockets that this process was given, in their order; none if it was given none.
    ///
    /// To be called once, before there are other threads: it removes the variables that tell of them, so
    /// that no child takes them for its own.
    public static func inherited() throws(SystemError) -> [Listener] {
        let processIdentifier = variable("LISTEN_PID")
        let count = variable("LISTEN_FDS")
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        var listeners: [Listener] = []
        for descriptor in try inheritedDescriptors(processIdentifier, count, own: getpid()) {
            listeners.append(try adopt(descriptor))
        }
        return listeners
    }

    /// The descriptors that the two variables tell of to the process whose number is `own`.
    static func inheritedDescriptors(
        _ processIdentifier: String?,
        _ count: String?,
        own: Int32
    ) throws(SystemError) -> Range<Int32> {
        // Not set, or meant for another process: for the one that started this one.
        guard let processIdentifier, Int32(processIdentifier) == own else { return 3..<3 }
        guard let count, let number = Int32(count), (1...1024).contains(number) else {
            throw SystemError("LISTEN_FDS", "is not a number of sockets", number: EINVAL)
        }
        return 3..<(3 + number)
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }

    /// Takes over the descriptor of a stream socket that listens.
    static func adopt(_ descriptor: Int32) throws(SystemError) -> Listener {
        let name = "descriptor \(descriptor)"
        // What SOCK_STREAM and the families are in C; glibc has the first as an enum's case.
        if option(descriptor, SO_TYPE) != 1 || option(descriptor, SO_ACCEPTCONN) != 1 {
            throw SystemError("inherit", "\(name), no listening stream socket", number: EINVAL)
        }
        let family = option(descriptor, SO_DOMAIN)
        if family != AF_INET, family != AF_INET6 {
            throw SystemError("inherit", "\(name), neither IPv4 nor IPv6", number: EAFNOSUPPORT)
        }
        if set_descriptor_flags_shim(descriptor) != 0 { throw SystemError("fcntl", name) }
        let socket = Socket(owning: descriptor)
        let address = socket.localAddress()
        return Listener(socket, address, .socket)
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
