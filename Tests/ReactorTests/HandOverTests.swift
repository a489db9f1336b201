// Listeners that pass from one process to the next, and what the service manager is told.
import Core
import Foundation
import Glibc
import Testing

@testable import Reactor

@Suite struct InheritedListenerTests {
    @Test func theVariablesTellOfDescriptors() throws {
        #expect(try Listener.inheritedDescriptors(nil, nil, own: 7) == 3..<3)
        #expect(try Listener.inheritedDescriptors("7", "2", own: 7) == 3..<5)
        #expect(try Listener.inheritedDescriptors("8", "2", own: 7) == 3..<3, "not for us")
        #expect(try Listener.inheritedDescriptors("", "x", own: 7) == 3..<3)
        for count in [nil, "", "0", "-1", "x", "1025", "99999999999"] {
            #expect(throws: SystemError.self, "\(count ?? "none")") {
                try Listener.inheritedDescriptors("7", count, own: 7)
            }
        }
    }

    /// A descriptor that nobody closes before `adopt` has it.
    private func descriptor(_ type: Int32, listens: Bool, family: Int32 = AF_INET) -> Int32 {
        let descriptor = socket(family, type, 0)
        if listens { _ = Glibc.listen(descriptor, 8) }
        return descriptor
    }

    @Test func aListeningSocketIsTaken() throws {
        let given = descriptor(1, listens: true)
        let listener = try Listener.adopt(given)
        guard case .socket = listener.sharing else {
            Issue.record("it is shared with whoever opened it")
            return
        }
        #expect(listener.address.port != 0)
        #expect(fcntl(given, F_GETFD) & FD_CLOEXEC != 0)
        let client = try Socket.connect(to: listener.address)
        let accepted = try listener.acceptOne()
        #expect(client.send([1]) == .bytes(1))
        #expect(accepted.socket.receive().bytes == [1])
        guard case .none = listener.accept() else {
            Issue.record("accepting would have blocked")
            return
        }
    }

    @Test func everythingElseIsRefused() throws {
        let cases: [(Int32, String)] = [
            (descriptor(1, listens: false), "no listening stream socket"),
            (descriptor(2, listens: false), "no listening stream socket"),
            (open("/dev/null", O_RDONLY), "no listening stream socket"),
            (descriptor(1, listens: true, family: AF_UNIX), "no listening stream socket"),
            (1_000_000, "no listening stream socket"),
        ]
        for (given, expected) in cases {
            let error = #expect(throws: SystemError.self) { _ = try Listener.adopt(given) }
            #expect(error?.subject.contains(expected) == true)
            if given < 1_000_000 { close(given) }
        }
    }
}

@Suite struct LeavingTests {
    private func pair(_ host: String = "127.0.0.1") throws -> [Listener] {
        let first = try #require(
            try Listener.listen(on: Endpoint(host: host, port: 0), sharesPort: true).first
        )
        let endpoint = Endpoint(host: host, port: first.address.port)
        let second = try #require(try Listener.listen(on: endpoint, sharesPort: true).first)
        #expect(first.address == second.address)
        return [first, second]
    }

    private func waiting(_ listener: Listener) -> Int {
        var count = 0
        while case .accepted = listener.accept() { count += 1 }
        return count
    }

    @Test(arguments: [0, 1], ["127.0.0.1", "::"])
    func newConnectionsComeToTheOther(_ leaving: Int, _ host: String) throws {
        if host == "::", !ListenerTests.hasIPv6 { return }
        let listeners = try pair(host)
        let port = listeners[0].address.port
        // IPv4 comes to `::` too.
        let address = try #require(
            try SocketAddress.resolve(host: "127.0.0.1", port: port).first
        )
        var taken = 0
        listeners[leaving].leaveToOthers { _, _ in taken += 1 }
        #expect(taken == 0)
        #expect(waiting(listeners[1 - leaving]) <= 2, "the connections that found it out")
        for number in 1...50 {
            let client = try Socket.connect(to: address)
            awaitReadiness(client.descriptor, Int16(POLLOUT))
            #expect(client.connectError() == nil)
            awaitReadiness(listeners[1 - leaving].descriptor, Int16(POLLIN))
            #expect(waiting(listeners[1 - leaving]) == 1, "connection \(number)")
            #expect(waiting(listeners[leaving]) == 0)
        }
    }

    @Test func whoWaitsMeanwhileIsTaken() throws {
        let listeners = try pair()
        // The kernel spreads them by a hash: of 40, some come to each.
        var clients: [Int32] = []
        for _ in 0..<40 {
            let client = try Socket.connect(to: listeners[0].address)
            awaitReadiness(client.descriptor, Int16(POLLOUT))
            clients.append(client.release())
        }
        var taken = 0
        listeners[0].leaveToOthers { _, _ in taken += 1 }
        let left = waiting(listeners[0])
        let others = waiting(listeners[1])
        #expect(taken + left + others >= 40)
        #expect(taken + left + others <= 42)
        #expect(taken > 0, "to find out whose a connection is, the queue is emptied")
        for client in clients { close(client) }
    }

    @Test func whoIsAloneGoesOnAndTheNextOneIsServed() throws {
        let alone = try #require(
            try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0), sharesPort: true).first
        )
        alone.leaveToOthers { _, _ in }
        let client = try Socket.connect(to: alone.address)
        _ = try alone.acceptOne()
        // Whoever comes after it is chosen by the hash again, and not by what the first one left behind.
        let endpoint = Endpoint(host: "127.0.0.1", port: alone.address.port)
        let next = try #require(try Listener.listen(on: endpoint, sharesPort: true).first)
        var counts = [0, 0]
        var clients: [Int32] = []
        for _ in 0..<60 {
            let client = try Socket.connect(to: alone.address)
            awaitReadiness(client.descriptor, Int16(POLLOUT))
            clients.append(client.release())
        }
        while counts[0] + counts[1] < 60 {
            let found = [waiting(alone), waiting(next)]
            counts[0] += found[0]
            counts[1] += found[1]
        }
        #expect(counts[0] > 0 && counts[1] > 0)
        for client in clients { close(client) }
        _ = client.descriptor
    }
}

@Suite struct ServiceManagerTests {
    @Test(arguments: [false, true])
    func stateIsSent(isAbstract: Bool) throws {
        let name = NSTemporaryDirectory() + "sallyport-test-" + UUID().uuidString
        let path = isAbstract ? "@" + name : name
        let receiver = socket(AF_UNIX, 2, 0)
        defer { close(receiver) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(receiver, $0, socklen_t(2 + bytes.count))
            }
        }
        try #require(bound == 0)
        ServiceManager.send("READY=1", to: path)
        var block = [UInt8](repeating: 0, count: 64)
        let count = recv(receiver, &block, 64, Int32(MSG_DONTWAIT))
        #expect(String(decoding: block.prefix(max(0, count)), as: UTF8.self) == "READY=1")
        if !isAbstract { unlink(name) }
    }

    @Test func aWrongPathIsNoTrouble() {
        ServiceManager.send("READY=1", to: "")
        ServiceManager.send("READY=1", to: "/nonexistent/socket")
        ServiceManager.send("READY=1", to: String(repeating: "x", count: 200))
    }
}
