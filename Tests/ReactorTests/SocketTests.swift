// Sockets and listeners over loopback.
import Glibc
import Testing

@testable import Reactor

@Suite struct SocketTests {
    @Test func bytesArriveBothWays() throws {
        let pair = try Pair()
        #expect(pair.client.send([1, 2, 3]) == .bytes(3))
        #expect(pair.server.receive().bytes == [1, 2, 3])
        #expect(pair.server.send([4]) == .bytes(1))
        #expect(pair.client.receive().bytes == [4])
    }

    @Test func aConnectionComesFromTheAddressAskedFor() throws {
        let listener = try #require(
            try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0)).first
        )
        let source = try #require(try SocketAddress.resolve(host: "127.5.6.7", port: 0).first)
        let client = try Socket.connect(to: listener.address, from: source)
        let accepted = try listener.acceptOne()
        #expect(accepted.peer.host == "127.5.6.7")
        #expect(accepted.peer.port > 0)
        #expect(client.connectError() == nil)
        let foreign = try #require(try SocketAddress.resolve(host: "192.0.2.1", port: 0).first)
        let error = #expect(throws: SystemError.self) {
            _ = try Socket.connect(to: listener.address, from: foreign).descriptor
        }
        #expect(error?.call == "bind")
    }

    @Test func nothingToReadWouldBlock() throws {
        let pair = try Pair()
        #expect(pair.client.receiveNow().result == .wouldBlock)
        #expect(pair.server.receiveNow().result == .wouldBlock)
    }

    @Test func aFullSocketWouldBlockAndThenGoesOn() throws {
        let pair = try Pair()
        let chunk = [UInt8](repeating: 7, count: 1 << 16)
        var sent = 0
        while case .bytes(let count) = pair.client.send(chunk), sent < 1 << 30 { sent += count }
        #expect(pair.client.send(chunk) == .wouldBlock)
        var received = 0
        while received < sent {
            let bytes = pair.server.receive(1 << 20).bytes
            try #require(!bytes.isEmpty)
            received += bytes.count
        }
        #expect(received == sent)
        awaitReadiness(pair.client.descriptor, Int16(POLLOUT))
        #expect(pair.client.send([1]) == .bytes(1))
    }

    @Test func anEndIsSeenAndTheOtherWayStaysOpen() throws {
        let pair = try Pair()
        pair.client.shutdownWrites()
        #expect(pair.server.receive().result == .end)
        #expect(pair.server.send([1]) == .bytes(1))
        #expect(pair.client.receive().bytes == [1])
    }

    @Test func closingIsAnEnd() throws {
        let pair = try Pair()
        let server = pair.closeClient()
        #expect(server.receive().result == .end)
    }

    @Test func aResetIsAFailure() throws {
        let pair = try Pair()
        pair.client.resetOnClose()
        let server = pair.closeClient()
        guard case .failed(let error) = server.receive().result else {
            Issue.record("a reset was not a failure")
            return
        }
        #expect(error == SystemError("recv", "", number: ECONNRESET))
        // Nor does writing to it raise SIGPIPE.
        _ = server.send([1])
        guard case .failed(let broken) = server.send([1]) else {
            Issue.record("writing to a broken connection was no failure")
            return
        }
        #expect(broken.number == EPIPE)
    }

    @Test func aRefusedConnectionSaysSo() throws {
        // Nobody listens on port 1, and only an administrator could.
        let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 1).first)
        do throws(SystemError) {
            let socket = try Socket.connect(to: address)
            awaitReadiness(socket.descriptor, Int16(POLLOUT))
            #expect(socket.connectError()?.number == ECONNREFUSED)
        } catch {
            #expect(error.number == ECONNREFUSED)
        }
    }

    @Test func aConnectionThatSucceedsHasNoError() throws {
        let pair = try Pair()
        #expect(pair.client.connectError() == nil)
    }

    @Test func releaseGivesUpTheDescriptor() throws {
        let pair = try Pair()
        let server = pair.server
        let descriptor = pair.client.release()
        #expect(fcntl(descriptor, F_GETFD) >= 0)
        #expect(server.receiveNow().result == .wouldBlock)
        do {
            let again = Socket(owning: descriptor)
            #expect(again.send([9]) == .bytes(1))
        }
        #expect(server.receive().bytes == [9])
        #expect(server.receive().result == .end)
    }

    @Test func descriptorsAreNotInherited() throws {
        let pair = try Pair()
        for descriptor in [pair.client.descriptor, pair.server.descriptor] {
            #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
        }
    }
}

extension Pair {
    consuming func closeClient() -> Socket { server }
}

@Suite struct ListenerTests {
    static let hasIPv6 = (try? Listener.listen(on: Endpoint(host: "::1", port: 0))) != nil

    private func listen(_ text: String) throws -> Listener {
        let endpoint = try #require(Endpoint(text))
        let listeners = try Listener.listen(on: endpoint)
        #expect(listeners.count == 1)
        return try #require(listeners.first)
    }

    /// Connects to `host` on the listener's port and says where the listener sees it come from.
    private func peer(of listener: Listener, host: String) throws -> SocketAddress {
        let port = listener.address.port
        let address = try #require(try SocketAddress.resolve(host: host, port: port).first)
        let client = try Socket.connect(to: address)
        let accepted = try listener.acceptOne()
        #expect(accepted.socket.send([1]) == .bytes(1))
        #expect(client.receive().bytes == [1])
        return accepted.peer
    }

    @Test func theKernelChoosesAPort() throws {
        let listener = try listen("127.0.0.1:0")
        #expect(listener.address.host == "127.0.0.1")
        #expect(listener.address.port != 0)
        let peer = try peer(of: listener, host: "127.0.0.1")
        #expect(peer.host == "127.0.0.1")
        #expect(peer.port != 0 && peer.port != listener.address.port)
    }

    @Test(.enabled(if: hasIPv6)) func listensOnIPv6() throws {
        let listener = try listen("[::1]:0")
        #expect(listener.address.description == "[::1]:\(listener.address.port)")
        #expect(try peer(of: listener, host: "::1").host == "::1")
    }

    @Test(.enabled(if: hasIPv6), arguments: ["[::]:0", ":0", "*:0"])
    func everyAddressTakesBothFamilies(text: String) throws {
        let listener = try listen(text)
        #expect(listener.address.host == "::")
        #expect(try peer(of: listener, host: "127.0.0.1").host == "127.0.0.1")
        #expect(try peer(of: listener, host: "::1").host == "::1")
    }

    @Test func aNameListensOnAllItsAddressesWithOnePort() throws {
        let listeners = try Listener.listen(on: Endpoint(host: "localhost", port: 0))
        #expect(!listeners.isEmpty)
        #expect(Set(listeners.map(\.address.port)).count == 1)
        for listener in listeners {
            let host = listener.address.host
            #expect(try peer(of: listener, host: host).host == host)
        }
    }

    @Test func nobodyWaitingIsNone() throws {
        guard case .none = try listen("127.0.0.1:0").accept() else {
            Issue.record("somebody was waiting")
            return
        }
    }

    @Test func aTakenPortIsNamed() throws {
        let address = try listen("127.0.0.1:0").address
        // Kept open: a listener that is gone would free the port.
        let holder = try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0))
        let taken = try #require(holder.first).address
        #expect(taken.port != 0 && address.port != 0)
        let error = #expect(throws: SystemError.self) {
            try Listener.listen(on: Endpoint(host: taken.host, port: taken.port))
        }
        #expect(error?.description == "bind \(taken): Address already in use")
        withExtendedLifetime(holder) {}
    }

    @Test func anAddressOfAnotherMachineIsRefused() {
        // TEST-NET-1, RFC 5737.
        let error = #expect(throws: SystemError.self) {
            try Listener.listen(on: Endpoint(host: "192.0.2.1", port: 0))
        }
        #expect(error?.number == EADDRNOTAVAIL)
        #expect(error?.subject == "192.0.2.1:0")
    }
}
