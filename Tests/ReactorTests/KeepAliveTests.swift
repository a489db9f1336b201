// What a listener hands on to the connections that it accepts.
import Glibc
import Testing

@testable import Reactor

@Suite struct KeepAliveTests {
    private func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, level, name, &value, &length)
        return value
    }

    @Test func acceptedConnectionsProbeSilentPeers() throws {
        let listener = try #require(
            try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0)).first
        )
        listener.keepAlive(
            KeepAlive(
                idleSeconds: 61,
                intervalSeconds: 11,
                probes: 7,
                userTimeoutMilliseconds: 12_345
            )
        )
        let client = try Socket.connect(to: listener.address)
        awaitReadiness(listener.descriptor, Int16(POLLIN))
        guard case .accepted(let socket, _) = listener.accept() else {
            Issue.record("nothing was accepted")
            return
        }
        let tcp = Int32(IPPROTO_TCP)
        #expect(option(socket.descriptor, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(socket.descriptor, tcp, TCP_KEEPIDLE) == 61)
        #expect(option(socket.descriptor, tcp, TCP_KEEPINTVL) == 11)
        #expect(option(socket.descriptor, tcp, TCP_KEEPCNT) == 7)
        #expect(option(socket.descriptor, tcp, TCP_USER_TIMEOUT) == 12_345)
        #expect(option(client.descriptor, SOL_SOCKET, SO_KEEPALIVE) == 0)
    }
}
