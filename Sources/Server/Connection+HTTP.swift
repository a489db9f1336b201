// How a connection speaks HTTP: everything but the bytes' way in and out is the Gateway's.
internal import Commands
internal import Core
internal import Gateway
internal import TLS

extension Connection {
    /// What was agreed on in the handshake where it was HTTP (RFC 7301).
    private static let applicationProtocol = "http/1.1"

    /// Whether the handshake has settled that the connection speaks HTTP.
    var hasAgreedOnHTTP: Bool { tls?.applicationProtocol == Connection.applicationProtocol }

    /// Speaks HTTP from here on.
    func beginHTTP() {
        http = HTTPConnection()
        session.takesPushes = false
        session.carrier = .http
        // What is answered in JSON lines elsewhere is answered in JSON here.
        session.encoding = .json
        hasChosenEncoding = true
    }

    func serveHTTP(
        _ http: HTTPConnection,
        _ position: inout Int,
        _ answered: inout Int
    ) -> BatchEnd {
        Connection.serve(
            http,
            worker.plaintext,
            &position,
            worker.httpGateway(),
            &worker.scratch,
            &answered
        )
    }

    private static func serve(
        _ http: HTTPConnection,
        _ plaintext: borrowing ByteBuffer,
        _ position: inout Int,
        _ gateway: Gateway,
        _ scratch: inout Scratch,
        _ answered: inout Int
    ) -> BatchEnd {
        let context = scratch.context
        let progress = http.serve(
            plaintext.span,
            from: &position,
            gateway,
            context,
            answered: &answered,
            into: &scratch.output
        )
        return switch progress {
        case .incomplete(let needed): .incomplete(needed: needed)
        case .full: .full
        case .closing: .closing
        }
    }

    /// Tells the machine whether a request, or a message of a WebSocket, has begun and not ended.
    func processedHTTP(
        _ http: HTTPConnection,
        _ end: BatchEnd,
        _ answered: Int,
        _ now: Moment
    ) {
        let time = now.monotonicMilliseconds
        if http.isWebSocket {
            if !machine.answersPings { beginWebSocket() }
            // What waits while replies are sent is not the client's doing.
            let isInsideFrame = end != .full && !inbound.isEmpty
            return machine.processed(
                hasPartial: http.isReceiving || isInsideFrame,
                hasFinished: http.takeFinished(),
                time
            )
        }
        let isInside = !inbound.isEmpty || http.isInsideRequest
        let isPartial = end != .full && isInside
        machine.processed(hasPartial: isPartial, hasFinished: answered > 0, time)
    }

    /// Answers that the connection is refused; a WebSocket is told by its close frame.
    func refuseHTTP(_ http: HTTPConnection, _ error: ServerError, _ now: Moment) {
        defer { worker.resetScratch() }
        let context = worker.scratch.context
        context.session = session
        context.now = now
        http.refuse(
            error,
            worker.httpGateway(),
            context,
            hasBegun: !inbound.isEmpty,
            into: &worker.scratch.output
        )
        transmit(now)
    }
}

extension Worker {
    /// What the loop's HTTP connections share; made with the first of them, on the loop's thread.
    func httpGateway() -> Gateway {
        if let gateway { return gateway }
        let made = Gateway(
            scratch.context,
            framer: framer,
            allowedOrigins: shared.configuration.allowedOrigins,
            servesDashboard: shared.configuration.servesDashboard
        )
        gateway = made
        return made
    }
}
