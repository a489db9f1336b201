// What a connection may do next: every decision, without sockets and without a clock.
public import Access
public import Core

/// What the connection's owner must do.
public enum ConnectionAction: Equatable, Sendable {
    /// Nothing.
    case none
    /// Stop reading: the peer does not take its replies.
    case pauseReading
    /// Go on reading, first what is already here.
    case resumeReading
    /// Ask again at this monotonic millisecond.
    case wait(until: Int64)
    /// Tell the peer why, flush, then end.
    case refuse(ServerError)
    /// Say that nothing more comes (close_notify, FIN) and wait for the peer's end.
    case sendEnd
    /// Close the socket now.
    case close
    /// Ask the peer whether it is there.
    case ping
    /// Close the socket now: the peer does not read, and breaks the limit of this name.
    case cutOff(limit: LimitName)
}

/// A connection's life, from accepted to closed.
///
/// Every event takes the time as an argument, in monotonic milliseconds, and answers one action. Events
/// that make no sense in a state, which a peer can cause by being slow or odd, answer `.none`.
///
///     handshaking ─ unauthenticated ─ active
///          └──────────────┴─────────────┴─ flushing ─ lingering ─ closed
public struct ConnectionStateMachine: Equatable, Sendable {
    /// Where in its life the connection is.
    public enum Phase: Equatable, Sendable {
        /// TLS is being set up.
        case handshaking
        /// TLS is up, no token was accepted.
        case unauthenticated
        /// A token was accepted.
        case active
        /// Nothing more is read; what was answered is being sent.
        case flushing
        /// The end was sent; the peer's own is awaited, so that no reset destroys what is under way.
        case lingering
        /// Over.
        case closed
    }

    /// Where in its life the connection is.
    public private(set) var phase = Phase.handshaking
    /// Whether reading is paused because replies pile up.
    public private(set) var isPaused = false

    /// The limits that it is held to.
    public var limits: ConnectionLimits
    /// When the connection was accepted.
    public let made: Int64
    /// When bytes last came from the peer.
    public private(set) var lastHeard: Int64
    private var phaseBegan: Int64
    private var requestBegan: Int64?
    private var outbound = OutboundWatch()
    /// Whether the peer is sent messages that it does not ask for, which has limits of its own.
    public var isSubscriber = false
    /// Whether the peer can be asked whether it is there: a WebSocket.
    public var answersPings = false
    /// When it was asked last.
    private var pingedAt = Int64.min

    /// Makes the machine of a connection accepted at `now`.
    public init(limits: Limits, now: Int64) {
        self.init(limits: ConnectionLimits(limits), now: now)
    }

    /// Makes the machine of a connection accepted at `now`, with limits that others share.
    public init(limits: ConnectionLimits, now: Int64) {
        self.limits = limits
        phaseBegan = now
        lastHeard = now
        made = now
    }

    /// Whether requests are read and run in this phase.
    public var servesRequests: Bool { phase == .unauthenticated || phase == .active }

    private mutating func enter(_ phase: Phase, _ now: Int64) {
        self.phase = phase
        phaseBegan = now
    }

    /// TLS is up.
    public mutating func handshakeCompleted(_ now: Int64) {
        if phase == .handshaking { enter(.unauthenticated, now) }
    }

    /// A token was accepted.
    public mutating func authenticated(_ now: Int64) {
        if phase == .unauthenticated { enter(.active, now) }
    }

    /// Bytes came from the peer.
    public mutating func heard(_ now: Int64) {
        lastHeard = now
    }

    /// All complete requests of a read were run.
    ///
    /// `hasPartial` tells whether one has begun and not ended, `hasFinished` whether one ended before it, so
    /// that it is another than that of the time before.
    public mutating func processed(hasPartial: Bool, hasFinished: Bool = false, _ now: Int64) {
        if !hasPartial {
            requestBegan = nil
        } else if requestBegan == nil || hasFinished {
            requestBegan = now
        }
    }

    /// `bytes` of replies wait for the socket after sending what it took.
    public mutating func outboundChanged(_ bytes: Int, _ now: Int64) -> ConnectionAction {
        if let limit = outbound.changed(bytes, outboundLimits, now), phase != .closed {
            phase = .closed
            return .cutOff(limit: limit)
        }
        if phase == .flushing {
            // A peer that takes its last bytes slowly is waited for as long as it takes any.
            enter(bytes == 0 ? .lingering : .flushing, now)
            return bytes == 0 ? .sendEnd : .none
        }
        if !isPaused, bytes > limits.highWatermarkBytes {
            isPaused = true
            return servesRequests ? .pauseReading : .none
        }
        if isPaused, bytes <= limits.lowWatermarkBytes {
            isPaused = false
            return servesRequests ? .resumeReading : .none
        }
        return .none
    }

    /// The connection is to end behind what has been answered: QUIT, a fatal error, the peer's own end.
    public mutating func finish(_ now: Int64) {
        switch phase {
        case .handshaking, .unauthenticated, .active: enter(.flushing, now)
        case .flushing, .lingering, .closed: break
        }
    }

    /// The peer will send no more.
    public mutating func peerEnded(_ now: Int64) -> ConnectionAction {
        switch phase {
        case .handshaking, .lingering:
            phase = .closed
            return .close
        case .unauthenticated, .active:
            enter(.flushing, now)
            return .none
        case .flushing, .closed:
            return .none
        }
    }

    /// The socket is broken, or TLS is.
    public mutating func broke() -> ConnectionAction {
        if phase == .closed { return .none }
        phase = .closed
        return .close
    }

    /// The deadline that now applies, in monotonic milliseconds; nil if none does.
    public var deadline: Int64? {
        // Inlined, since each wakeup asks, and a call would copy the whole machine.
        @inline(__always)
        get {
            switch phase {
            case .handshaking: return phaseBegan + limits.handshakeTimeoutMilliseconds
            case .unauthenticated:
                let deadline = phaseBegan + limits.authenticationTimeoutMilliseconds
                return min(deadline, outboundDeadline ?? .max)
            case .active:
                var deadline = Int64.max
                let idle = limits.idleTimeoutMilliseconds
                // A subscriber may listen for ever; TCP keepalive finds out whether it is still there.
                if idle > 0, !isSubscriber { deadline = lastHeard + idle }
                if let requestBegan {
                    deadline = min(deadline, requestBegan + limits.requestTimeoutMilliseconds)
                }
                if let unread = outboundDeadline { deadline = min(deadline, unread) }
                if answersPings { deadline = min(deadline, pingDeadline) }
                return deadline == .max ? nil : deadline
            case .flushing, .lingering: return phaseBegan + limits.lingerTimeoutMilliseconds
            case .closed: return nil
            }
        }
    }

    /// The connection's timer fired.
    ///
    /// Activity only moves the deadline; the timer finds it moved here.
    public mutating func timerFired(_ now: Int64) -> ConnectionAction {
        guard let deadline else { return .none }
        if now < deadline { return .wait(until: deadline) }
        if servesRequests, let limit = brokenOutboundLimit(now) {
            phase = .closed
            return .cutOff(limit: limit)
        }
        switch phase {
        case .handshaking, .flushing, .lingering:
            phase = .closed
            return .close
        case .unauthenticated:
            enter(.flushing, now)
            return .refuse(timeout(.authenticationTimeout, "authenticationTimeoutMilliseconds"))
        case .active: return overdue(now)
        case .closed:
            return .none
        }
    }

    /// What an active connection has let pass at `now`, which its deadline says is something.
    private mutating func overdue(_ now: Int64) -> ConnectionAction {
        let isRequest = requestBegan.map { now >= $0 + limits.requestTimeoutMilliseconds }
        let idle = limits.idleTimeoutMilliseconds
        let isIdle = idle > 0 && !isSubscriber && now >= lastHeard + idle
        if isRequest != true, !isIdle, pingedAt <= lastHeard {
            pingedAt = now
            return .ping
        }
        enter(.flushing, now)
        if isRequest == true {
            return .refuse(timeout(.requestTimeout, "requestTimeoutMilliseconds"))
        }
        let limit = isIdle ? "idleTimeoutMilliseconds" : "webSocketPongMilliseconds"
        return .refuse(timeout(.idleTimeout, limit))
    }

    /// When the peer is to be asked whether it is there, or was silent for too long behind that.
    ///
    /// What it says is not read while it does not take its replies; then other limits hold.
    private var pingDeadline: Int64 {
        if isPaused || limits.webSocketPingMilliseconds == 0 { return .max }
        return pingedAt > lastHeard
            ? pingedAt + limits.webSocketPongMilliseconds
            : lastHeard + limits.webSocketPingMilliseconds
    }

    private var outboundLimits: OutboundLimits {
        isSubscriber ? limits.subscriberOutbound : limits.normalOutbound
    }

    private var outboundDeadline: Int64? {
        if !outbound.isWaiting { return nil }
        let unread = limits.unreadReplyTimeoutMilliseconds
        return outbound.deadline(outboundLimits, unreadMilliseconds: unread)
    }

    private func brokenOutboundLimit(_ now: Int64) -> LimitName? {
        let unread = limits.unreadReplyTimeoutMilliseconds
        return outbound.brokenLimit(outboundLimits, unreadMilliseconds: unread, now)
    }

    private func timeout(_ code: ErrorCode, _ limit: String) -> ServerError {
        ServerError(code, "\(code.row.message): limit=\(limit)", retryAfterMilliseconds: 0)
    }
}
