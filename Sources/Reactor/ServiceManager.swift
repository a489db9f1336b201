// What a service manager is told: that the server is ready, that it is stopping.
//
// Source: sd_notify(3).
internal import CLinux
internal import Glibc

/// The service manager that started this process, if it wants to know.
public enum ServiceManager {
    /// Sends `state`, such as `READY=1`, to the socket that NOTIFY_SOCKET names; without one, nothing.
    public static func notify(_ state: String) {
        guard let value = getenv("NOTIFY_SOCKET") else { return }
        send(state, to: String(cString: value))
    }

    /// Sends `state` to the datagram socket at `path`; an `@` in front means the abstract namespace.
    static func send(_ state: String, to path: String) {
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Layout: [family: 2][path: 108].
        if name.isEmpty || name.count >= MemoryLayout.size(ofValue: address.sun_path) { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let descriptor = socket_datagram_shim()
        if descriptor < 0 { return }
        defer { close(descriptor) }
        let message = Array(state.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            // SAFETY: a sockaddr_un is what an address of its family is.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto_shim(descriptor, message, message.count, $0, length)
            }
        }
    }
}
