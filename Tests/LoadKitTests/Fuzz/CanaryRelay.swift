// A bug to be found: something between the fuzzer and a server that harms others on one malformed shape.
import Core
import Reactor
import Synchronization
import TLS

@testable import LoadKit

/// Takes connections without TLS and passes their bytes to a server with TLS and back.
///
/// Behind certain bytes of one connection the next PONG for anybody else is damaged.
final class CanaryRelay: Sendable {
    let port: UInt16
    private let isStopping = Atomic<Bool>(false)
    private let thread: Mutex<LoopThread?>

    /// A bulk string of negative length inside of an array.
    static let negativeBulk = Array("\r\n$-".utf8)
    /// A message of a WebSocket whose first frame is empty and not its last.
    static let emptyFragment: [UInt8] = [0x01, 0x80, 0, 0, 0, 0]

    /// Makes a relay that `poison` harms; nil for none that anything does.
    init(to options: LoadOptions, poison: [UInt8]?) throws {
        guard let listener = try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0)).first,
            let address = try SocketAddress.resolve(host: options.host, port: options.port).first,
            case .authorities(let file) = options.trust
        else { throw LoadError.unready("the relay has no place") }
        port = listener.address.port
        let context = try TLSContext(client: .authorities(file: file))
        let host = options.host
        thread = Mutex(nil)
        let started = try LoopThread("canary") { [weak self] in
            guard let loop = try? EventLoop() else { return }
            let room = PeerRoom(loop, context, address, host: host)
            let relay = RelayLoop(room, listener, poison: poison)
            guard (try? loop.register(listener.descriptor, relay)) != nil else { return }
            while let self, !self.isStopping.load(ordering: .relaxed) {
                loop.turn(maximumWaitMilliseconds: 5)
            }
            for pair in Array(relay.pairs.values) { pair.drop() }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }
}

/// The relay's listener, and its connections.
private final class RelayLoop: EventHandler {
    let room: PeerRoom
    private let listener: Listener
    let poison: [UInt8]?
    var pairs: [Int: RelayPair] = [:]
    private var number = 0

    init(_ room: PeerRoom, _ listener: Listener, poison: [UInt8]?) {
        self.room = room
        self.listener = listener
        self.poison = poison
    }

    /// Who sent the shape that harms the next one.
    var poisoner: Int?

    func becameReady(_: Readiness, _: Moment) {
        while true {
            switch listener.accept() {
            case .accepted(let socket, _):
                number += 1
                pairs[number] = RelayPair(number, self, socket)
            default: return
            }
        }
    }

    func timerFired(_: Moment) {}
}

/// One connection and its counterpart.
private final class RelayPair: EventHandler, SecurePeerDelegate {
    private final class Link {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }

    private let number: Int
    private unowned let relay: RelayLoop
    private var link: Link?
    private var registration: Registration?
    private var upstream: SecurePeer?
    private var early: [UInt8] = []
    private var hasEnded = false
    private var unsent: [UInt8] = []
    private var last: [UInt8] = []

    init(_ number: Int, _ relay: RelayLoop, _ socket: consuming Socket) {
        self.number = number
        self.relay = relay
        let link = Link(socket)
        self.link = link
        registration = try? relay.room.loop.register(link.socket.descriptor, self)
        upstream = try? SecurePeer(relay.room)
        upstream?.delegate = self
    }

    func drop() {
        upstream?.drop()
        if let registration { relay.room.loop.unregister(registration) }
        registration = nil
        link = nil
        relay.pairs[number] = nil
    }

    func becameReady(_ readiness: Readiness, _: Moment) {
        flush()
        guard let link, readiness != .writable else { return }
        switch link.socket.receive(into: relay.room.receiveRoom) {
        case .bytes(let count):
            let bytes = Array(relay.room.receiveRoom[..<count])
            last += bytes
            if let poison = relay.poison, last.contains(poison) { relay.poisoner = number }
            last = Array(last.suffix(3))
            if let upstream, upstream.isReady { upstream.send(bytes) } else { early += bytes }
        case .wouldBlock: break
        case .end:
            if hasEnded { return drop() }
            hasEnded = true
            if let registration {
                relay.room.loop.watch(registration, readable: false, writable: false)
            }
            endUpstream()
        case .failed: drop()
        }
    }

    private func endUpstream() {
        guard let upstream, upstream.isReady else { return }
        upstream.sendCloseNotify()
        upstream.shutdownWrites()
    }

    func timerFired(_: Moment) {}

    func isReady(_ peer: SecurePeer, _: Moment) {
        peer.send(early)
        early = []
        if hasEnded { endUpstream() }
    }

    func received(_ bytes: [UInt8], _: SecurePeer, _: Moment) {
        let pong = Array("PONG".utf8)
        if let poisoner = relay.poisoner, poisoner != number, bytes.contains(pong) {
            relay.poisoner = nil
            unsent += bytes.replacing(pong, with: Array("PANG".utf8))
        } else {
            unsent += bytes
        }
        flush()
    }

    func ended(_: String, _: SecurePeer, _: Moment) {
        flush()
        drop()
    }

    private func flush() {
        guard let link, let registration, !unsent.isEmpty else { return }
        unsent.withUnsafeBytes { buffer in
            if case .bytes(let count) = link.socket.send(buffer) {
                sentBytes = count
            } else {
                sentBytes = 0
            }
        }
        unsent.removeFirst(sentBytes)
        relay.room.loop.watch(registration, readable: !hasEnded, writable: !unsent.isEmpty)
    }

    private var sentBytes = 0
}
