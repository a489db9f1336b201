// A client that waits for its answers: for health checks and for trying a server out.
internal import Core
public import Reactor
public import TLS

/// Why a client got no answer.
public enum ClientError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be reached.
    case unreachable(String)
    /// TLS failed.
    case tls(TLSError)
    /// The time was up.
    case timedOut
    /// The server closed the connection.
    case closed

    /// What happened.
    public var description: String {
        switch self {
        case .unreachable(let reason): "cannot connect: \(reason)"
        case .tls(let error): "\(error)"
        case .timedOut: "no answer in time"
        case .closed: "the server closed the connection"
        }
    }
}

/// A TLS client that blocks its thread until it has what it waits for.
public final class ClientConnection {
    private let loop: EventLoop
    private let buffers = TLSBuffers()
    private let session: TLSSession
    private let socket: Socket
    private var registration: Registration?
    private var isConnected = false
    private var failure: ClientError?
    private var unsent: [UInt8]
    /// Plaintext that has arrived and was not taken.
    public private(set) var received: [UInt8] = []
    /// Whether the server has ended the connection.
    public private(set) var isClosed = false
    /// Milliseconds that each call waits at most.
    private let timeoutMilliseconds: Int64

    /// Connects, sends `preamble` before TLS begins, and completes the handshake.
    ///
    /// This call, as each that follows, waits for `timeoutMilliseconds` at most.
    public init(
        to endpoint: Endpoint,
        trust: TLSTrust,
        serverName: String? = nil,
        preamble: [UInt8] = [],
        timeoutMilliseconds: Int64 = 10_000
    ) throws(ClientError) {
        self.timeoutMilliseconds = timeoutMilliseconds
        unsent = preamble
        do throws(SystemError) {
            loop = try EventLoop()
            let addresses = try SocketAddress.resolve(host: endpoint.host, port: endpoint.port)
            guard let address = addresses.first else {
                throw SystemError("resolve", "\(endpoint)", number: 0)
            }
            socket = try Socket.connect(to: address)
        } catch {
            throw .unreachable("\(error)")
        }
        do throws(TLSError) {
            let context = try TLSContext(client: trust)
            session = try TLSSession(
                context,
                buffers,
                serverName: trust == .anyone ? nil : serverName ?? endpoint.host
            )
        } catch {
            throw .tls(error)
        }
        do throws(SystemError) {
            let forwarder = Forwarder(self)
            registration = try loop.register(socket.descriptor, forwarder, writable: true)
        } catch {
            throw .unreachable("\(error)")
        }
        try wait { [session] in session.isEstablished }
    }

    deinit {
        if let registration { loop.unregister(registration) }
    }

    /// Sends `bytes`.
    public func send(_ bytes: [UInt8]) throws(ClientError) {
        if let failure { throw failure }
        _ = bytes.withUnsafeBytes { session.write($0) }
        flush()
        try wait { self.unsent.isEmpty }
    }

    /// Sends `text` as UTF-8.
    public func send(_ text: String) throws(ClientError) {
        try send(Array(text.utf8))
    }

    /// The next line without its line end (LF, or CR LF), waiting for it.
    public func line() throws(ClientError) -> String {
        try wait { self.received.contains(UInt8(ascii: "\n")) }
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { throw .closed }
        var line = Array(received[..<end])
        received.removeFirst(end + 1)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }

    /// The next `count` bytes, waiting for them.
    public func bytes(_ count: Int) throws(ClientError) -> [UInt8] {
        try wait { self.received.count >= count }
        let bytes = Array(received.prefix(count))
        received.removeFirst(bytes.count)
        return bytes
    }

    /// Waits until the server ends the connection.
    public func waitUntilClosed() throws(ClientError) {
        do throws(ClientError) {
            try wait { self.isClosed }
        } catch .closed {
            return
        }
    }

    /// Ends the connection properly: close_notify, then the socket.
    public func close() {
        session.close()
        flush()
        forget()
    }

    /// Ends the connection with a reset.
    public func reset() {
        socket.resetOnClose()
        forget()
    }

    private func forget() {
        if let registration { loop.unregister(registration) }
        registration = nil
        isClosed = true
        socket.shutdownWrites()
    }

    private func wait(_ isDone: () -> Bool) throws(ClientError) {
        let deadline = SystemClock.now().monotonicMilliseconds + timeoutMilliseconds
        while !isDone() {
            if let failure { throw failure }
            if isClosed { throw .closed }
            let left = deadline - SystemClock.now().monotonicMilliseconds
            if left <= 0 { throw .timedOut }
            loop.turn(maximumWaitMilliseconds: left)
        }
    }

    /// Goes on with whatever the socket is ready for.
    fileprivate func advance(_ readiness: Readiness) {
        if !isConnected {
            if let error = socket.connectError() {
                failure = .unreachable("\(error)")
                return
            }
            isConnected = true
            advanceHandshake()
        }
        if readiness.contains(.readable) || readiness.contains(.broken) { receive() }
        flush()
    }

    private func receive() {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let result = block.withUnsafeMutableBytes { socket.receive(into: $0) }
        switch result {
        case .wouldBlock: return
        case .end, .failed: isClosed = true
        case .bytes(let count):
            block.withUnsafeBytes { bytes in
                buffers.setInput(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                if !session.isEstablished { advanceHandshake() }
                if session.isEstablished { readPlaintext() }
                buffers.clearInput()
            }
        }
        if isClosed, let registration {
            loop.unregister(registration)
            self.registration = nil
        }
    }

    private func advanceHandshake() {
        if case .failed(let error) = session.handshake() { failure = .tls(error) }
    }

    private func readPlaintext() {
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            switch block.withUnsafeMutableBytes({ session.read(into: $0) }) {
            case .done(let count): received += block[..<count]
            case .incomplete, .suspended: return
            case .closed:
                isClosed = true
                return
            case .failed(let error):
                failure = .tls(error)
                return
            }
        }
    }

    private func flush() {
        unsent += buffers.output
        buffers.clearOutput()
        guard isConnected, let registration else { return }
        if !unsent.isEmpty, case .bytes(let count) = unsent.withUnsafeBytes({ socket.send($0) }) {
            unsent.removeFirst(count)
        }
        loop.watch(registration, readable: true, writable: !unsent.isEmpty)
    }
}

/// Passes a loop's events on, so that the loop, which keeps its handlers, does not keep the client.
private final class Forwarder: EventHandler {
    private weak var client: ClientConnection?

    init(_ client: ClientConnection) {
        self.client = client
    }

    func becameReady(_ readiness: Readiness, _ now: Moment) { client?.advance(readiness) }

    func timerFired(_ now: Moment) {}
}

@available(*, unavailable)
extension ClientConnection: Sendable {}
