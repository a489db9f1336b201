// Real sockets over loopback for the tests of this room, without a sleep.
import Core
import Glibc
import Testing

@testable import Reactor

/// A connected pair of sockets.
struct Pair: ~Copyable {
    let client: Socket
    let server: Socket

    /// Connects through a listener of its own on 127.0.0.1.
    init() throws {
        let listener = try #require(
            try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0)).first
        )
        let connecting = try Socket.connect(to: listener.address)
        let accepted = try listener.acceptOne()
        client = connecting
        server = accepted.socket
    }

    /// Both descriptors, which the caller closes: the client's, then the server's.
    consuming func release() -> [Int32] {
        let first = client.release()
        let second = server.release()
        return [first, second]
    }
}

/// What `Listener.acceptOne` took.
struct Accepted: ~Copyable {
    let socket: Socket
    let peer: SocketAddress
}

struct NobodyCame: Error {}

extension Listener {
    /// Takes one connection, waiting for it as long as a broken machine may need.
    func acceptOne() throws -> Accepted {
        awaitReadiness(descriptor, Int16(POLLIN))
        guard case .accepted(let socket, let peer) = accept() else { throw NobodyCame() }
        return Accepted(socket: socket, peer: peer)
    }
}

/// Waits for the kernel, at most 10 s: loopback delivers at once, but not within the same call.
func awaitReadiness(_ descriptor: Int32, _ events: Int16) {
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    _ = poll(&entry, 1, 10_000)
}

extension Socket {
    borrowing func send(_ bytes: [UInt8]) -> TransferResult {
        bytes.withUnsafeBytes { send($0) }
    }

    /// Receives up to `count` bytes, once there is something to receive.
    borrowing func receive(_ count: Int = 4096) -> (bytes: [UInt8], result: TransferResult) {
        awaitReadiness(descriptor, Int16(POLLIN))
        return receiveNow(count)
    }

    borrowing func receiveNow(_ count: Int = 4096) -> (bytes: [UInt8], result: TransferResult) {
        var room = [UInt8](repeating: 0, count: count)
        let result = room.withUnsafeMutableBytes { receive(into: $0) }
        guard case .bytes(let received) = result else { return ([], result) }
        return (Array(room.prefix(received)), result)
    }
}

/// A handler whose events are closures.
final class Recorder: EventHandler {
    var events: [Readiness] = []
    var fired: [Int64] = []
    var onReady: (Readiness) -> Void = { _ in }
    var onTimer: (Moment) -> Void = { _ in }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        events.append(readiness)
        onReady(readiness)
    }

    func timerFired(_ now: Moment) {
        fired.append(now.monotonicMilliseconds)
        onTimer(now)
    }
}

extension EventLoop {
    /// Turns until `condition` holds, at most `limit` times; whether it held.
    @discardableResult
    func turn(
        atMost limit: Int = 500,
        waiting milliseconds: Int64 = 100,
        until condition: () -> Bool
    ) -> Bool {
        for _ in 0..<limit {
            if condition() { return true }
            turn(maximumWaitMilliseconds: milliseconds)
        }
        return condition()
    }
}
