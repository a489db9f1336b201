// A client's connection on a loop: TLS or not, and what arrives handed over as it is.
internal import Core
internal import Reactor
internal import TLS

/// What a peer tells its owner, on the loop's thread.
protocol SecurePeerDelegate: AnyObject {
    /// TLS is set up, or TCP where there is to be none.
    func isReady(_ peer: SecurePeer, _ now: Moment)
    /// Bytes have arrived, without their TLS.
    func received(_ bytes: [UInt8], _ peer: SecurePeer, _ now: Moment)
    /// The connection is over, in words; told once, and not where this end dropped it.
    func ended(_ reason: String, _ peer: SecurePeer, _ now: Moment)
}

/// What the peers of one loop share.
final class PeerRoom {
    private static let receiveBytes = 64 << 10

    let loop: EventLoop
    let buffers = TLSBuffers()
    let context: TLSContext
    let address: SocketAddress
    let host: String
    // SAFETY: allocated in `init`, freed in `deinit`; only peers on this loop write to it.
    let receiveRoom: UnsafeMutableRawBufferPointer

    init(_ loop: EventLoop, _ context: TLSContext, _ address: SocketAddress, host: String) {
        self.loop = loop
        self.context = context
        self.address = address
        self.host = host
        receiveRoom = .allocate(byteCount: PeerRoom.receiveBytes, alignment: 64)
    }

    deinit {
        receiveRoom.deallocate()
    }
}

/// One connection, from its first packet to its end.
final class SecurePeer: EventHandler {
    private enum State {
        case connecting
        case handshaking
        case open
        case over
    }

    /// The socket, in something that can be let go: then it is closed.
    private final class Link {
        let socket: Socket

        init(_ socket: consuming Socket) {
            self.socket = socket
        }
    }

    private let room: PeerRoom
    private var link: Link?
    /// Who is told; not kept.
    weak var delegate: (any SecurePeerDelegate)?
    private var registration: Registration?
    private(set) var session: TLSSession?
    private var state = State.connecting
    private var unsent = ByteBuffer()
    private let isSecure: Bool
    /// Makes other bytes of what the handshake writes; the pieces are sent one by one.
    var reshape: (([UInt8]) -> [[UInt8]])?
    /// Whether the connection is over, whoever ended it.
    var isOver: Bool { state == .over }
    /// When the timer fires.
    var onTimer: ((Moment) -> Void)?

    /// Begins to connect; without TLS where `isSecure` says so.
    init(
        _ room: PeerRoom,
        isSecure: Bool = true,
        source: SocketAddress? = nil,
        context: TLSContext? = nil
    ) throws {
        self.room = room
        self.isSecure = isSecure
        let link = Link(try Socket.connect(to: room.address, from: source))
        self.link = link
        if isSecure {
            session = try TLSSession(context ?? room.context, room.buffers, serverName: room.host)
        }
        registration = try room.loop.register(link.socket.descriptor, self, writable: true)
    }

    /// Whether the socket has not taken everything yet.
    var hasUnsent: Bool { !unsent.isEmpty }

    /// Whether TLS is set up, or was not asked for.
    var isReady: Bool { state == .open }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        if state == .connecting {
            if let error = link?.socket.connectError() {
                return end("connect: error \(error.number)", now)
            }
            state = .handshaking
            watch()
            if isSecure { return continueHandshake(now) }
            state = .open
            delegate?.isReady(self, now)
            return
        }
        if readiness.contains(.writable) { flush() }
        if readiness.contains(.readable) || readiness.contains(.broken) { receive(now) }
    }

    func timerFired(_ now: Moment) { onTimer?(now) }

    /// Sets the one timer.
    func setTimer(milliseconds: Int64?, _ now: Moment) {
        guard let registration else { return }
        room.loop.setTimer(
            registration,
            at: milliseconds.map { now.monotonicMilliseconds + $0 }
        )
    }

    /// Sends bytes, inside of TLS where there is TLS.
    func send(_ bytes: [UInt8]) {
        if state != .open || bytes.isEmpty { return }
        guard let session else { return sendRaw(bytes) }
        _ = bytes.withUnsafeBytes { session.write($0) }
        flushOutput()
    }

    /// Sends bytes as they are, outside of TLS.
    func sendRaw(_ bytes: [UInt8]) {
        guard let link, !bytes.isEmpty else { return }
        if !unsent.isEmpty { return unsent.append(bytes.span) }
        var sent = 0
        bytes.withUnsafeBytes { if case .bytes(let count) = link.socket.send($0) { sent = count } }
        if sent == bytes.count { return }
        unsent.append(bytes.span.extracting(sent..<bytes.count))
        watch()
    }

    /// Says inside of TLS that nothing more is coming.
    func sendCloseNotify() {
        guard state == .open, let session else { return }
        session.close()
        flushOutput()
    }

    /// Says outside of TLS that nothing more is coming; reading goes on.
    func shutdownWrites() {
        link?.socket.shutdownWrites()
    }

    /// Drops the connection with a reset.
    func reset() {
        if state == .over { return }
        link?.socket.resetOnClose()
        drop()
    }

    /// Drops the connection; the delegate is not told.
    func drop() {
        if state == .over { return }
        state = .over
        if let registration { room.loop.unregister(registration) }
        registration = nil
        session = nil
        onTimer = nil
        unsent.release()
        link = nil
    }

    /// Lets `body` work with the session, and sends what came of it.
    func withSession(_ body: (TLSSession) -> Void) {
        guard let session else { return }
        body(session)
        flushOutput()
    }

    private func end(_ reason: String, _ now: Moment) {
        if state == .over { return }
        drop()
        delegate?.ended(reason, self, now)
    }

    private func continueHandshake(_ now: Moment) {
        guard let session else { return }
        let progress = session.handshake()
        flushOutput()
        switch progress {
        case .incomplete, .suspended: break
        case .done:
            state = .open
            delegate?.isReady(self, now)
        case .closed: end("closed in the handshake", now)
        case .failed: end("the handshake failed", now)
        }
    }

    private func flushOutput() {
        if room.buffers.outputBytes == 0 { return }
        let output = Array(room.buffers.output)
        room.buffers.clearOutput()
        if state == .handshaking, let reshape {
            for piece in reshape(output) { sendRaw(piece) }
        } else {
            sendRaw(output)
        }
    }

    private func flush() {
        guard let link, !unsent.isEmpty else { return }
        if case .bytes(let count) = unsent.withBytes({ link.socket.send($0) }) {
            unsent.removeFirst(count)
        }
        if unsent.isEmpty { watch() }
    }

    private func watch() {
        guard let registration else { return }
        room.loop.watch(registration, readable: true, writable: !unsent.isEmpty)
    }

    private func receive(_ now: Moment) {
        guard let link else { return }
        switch link.socket.receive(into: room.receiveRoom) {
        case .bytes(let count):
            let input = UnsafeRawBufferPointer(rebasing: room.receiveRoom[..<count])
            if isSecure {
                room.buffers.setInput(input)
                decrypt(now)
                room.buffers.clearInput()
            } else {
                delegate?.received(Array(input), self, now)
            }
        case .wouldBlock: break
        case .end: end("closed", now)
        case .failed(let error): end("broken: error \(error.number)", now)
        }
    }

    private func decrypt(_ now: Moment) {
        if state == .handshaking { continueHandshake(now) }
        guard state == .open, let session else { return }
        var plaintext: [UInt8] = []
        var progress = TLSProgress.incomplete
        repeat {
            var room = [UInt8](repeating: 0, count: 16 << 10)
            progress = room.withUnsafeMutableBytes { session.read(into: $0) }
            guard case .done(let count) = progress else { break }
            plaintext += room[..<count]
        } while session.needsRead
        // What reading wrote: a key update's answer, an alert.
        flushOutput()
        if !plaintext.isEmpty { delegate?.received(plaintext, self, now) }
        switch progress {
        case .done, .incomplete, .suspended: break
        case .closed: end("closed", now)
        case .failed: end("TLS failed", now)
        }
    }
}

@available(*, unavailable)
extension SecurePeer: Sendable {}
