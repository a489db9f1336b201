// How a listener that shares its port leaves new connections to the others before it is closed.
internal import CLinux
internal import Glibc

extension Listener {
    /// Makes the kernel give new connections to another socket on this port, if there is one.
    ///
    /// Closing a socket that shares its port resets what is in its queue, and handshakes under way with it
    /// (unless net.ipv4.tcp_migrate_req is set). So before it closes it must have stopped being chosen, and
    /// have emptied its queue. A socket is chosen by its number among those of the port, which nobody tells:
    /// of 0 and 1 at least one is another's, and a connection of our own shows whose each is. `take` is
    /// given what else is accepted meanwhile. Some milliseconds pass, up to about 200.
    public func leaveToOthers(
        _ take: (consuming Socket, SocketAddress) -> Void
    ) {
        for index: UInt32 in [1, 0] {
            if reuseport_steer_shim(descriptor, index) != 0 { return }
            if !isOwn(take) { return }
        }
    }

    /// Whether a connection that is made now comes to this socket.
    private func isOwn(_ take: (consuming Socket, SocketAddress) -> Void) -> Bool {
        guard let probe = try? Socket.connect(to: reachable),
            Listener.wait(for: probe.descriptor, Int16(POLLOUT), milliseconds: 100)
        else { return false }
        let local = probe.localAddress()
        // The last packet of the handshake is under way still, if that.
        for _ in 0..<2 {
            if takeAll(except: local, take) { return true }
            _ = Listener.wait(for: descriptor, Int16(POLLIN), milliseconds: 20)
        }
        return takeAll(except: local, take)
    }

    /// Empties the queue; whether the connection that comes from `own` was in it.
    private func takeAll(
        except own: SocketAddress,
        _ take: (consuming Socket, SocketAddress) -> Void
    ) -> Bool {
        for _ in 0..<Listener.backlog {
            switch accept() {
            case .accepted(let socket, let address):
                if address.port == own.port, address.peer == own.peer { return true }
                take(socket, address)
            case .gone: continue
            case .none: return false
            case .exhausted: return false
            }
        }
        return false
    }

    /// Where this socket is reached from here.
    private var reachable: SocketAddress {
        let host = address.host
        if host != "::", host != "0.0.0.0" { return address }
        let loopback = host == "::" ? "::1" : "127.0.0.1"
        return (try? SocketAddress.resolve(host: loopback, port: address.port))?.first ?? address
    }

    private static func wait(for descriptor: Int32, _ events: Int16, milliseconds: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: events, revents: 0)
        return poll(&item, 1, milliseconds) == 1
    }
}
