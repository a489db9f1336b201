// One client's decisions: no I/O, time as an argument.

/// What a client failed of; its raw value is the code in reports.
enum FailureCode: String, Sendable, CaseIterable {
    /// Nobody listens there (ECONNREFUSED).
    case connectRefused = "connect_refused"
    /// The connection cannot be made, for another reason.
    case connectFailed = "connect_failed"
    /// The handshake failed, or TLS broke later.
    case tlsFailed = "tls_failed"
    /// The token was not accepted.
    case authRefused = "auth_refused"
    /// The server ended the connection.
    case closedByPeer = "closed_by_peer"
    /// Something took longer than it may.
    case timeout = "timeout"
    /// A reply answers something else than was asked.
    case wrongReply = "wrong_reply"
    /// A reply is an error.
    case errorReply = "error_reply"
    /// A published message came not at all, twice, out of order, or changed.
    case wrongDelivery = "wrong_delivery"
    /// Bytes that are no reply in this encoding.
    case malformedReply = "malformed_reply"
}

/// A failure by its code, and what tells it from others with the same code.
struct Failure: Hashable, Sendable {
    /// The kind.
    var code: FailureCode
    /// The reason, the phase or the error's token; few different ones.
    var detail: String

    /// Makes a failure.
    init(_ code: FailureCode, _ detail: String = "") {
        self.code = code
        self.detail = detail
    }
}

/// What one connection goes through, from waiting for its turn to its end.
///
/// Times are milliseconds of a monotonic clock.
struct ClientStateMachine: Equatable, Sendable {
    /// Where a client stands.
    enum State: Equatable, Sendable {
        /// Its turn to connect has not come.
        case waiting
        /// The kernel connects to the address numbered `attempt`.
        case connecting(attempt: Int)
        /// TLS is being set up.
        case handshaking
        /// The token has been sent.
        case authenticating
        /// It waits for all the others.
        case ready
        /// It sends requests.
        case running
        /// It sends no more, and waits for replies.
        case draining
        /// It has ended as it should.
        case done
        /// It has failed.
        case failed(Failure)
    }

    /// What the client must do.
    enum Action: Equatable, Sendable {
        /// Nothing.
        case nothing
        /// Connect to the address numbered `attempt`, counted from the preferred one.
        case connect(attempt: Int)
        /// Begin the TLS handshake.
        case handshake
        /// Send the token.
        case authenticate
        /// Tell the runner that it is ready.
        case reportReady
        /// Fill the pipeline with requests.
        case issue
        /// Close the connection properly.
        case close
        /// Close the connection properly, and connect to the address that is preferred then.
        case reconnect
        /// Drop the connection and count the failure.
        case fail(Failure)
    }

    /// What bounds a client's patience.
    struct Limits: Equatable, Sendable {
        /// How many addresses there are to try.
        var addressCount = 1
        /// Whether a token must be presented.
        var hasToken = false
        /// How many requests a connection is for; nil for any number.
        var requestsPerConnection: Int?
        /// From the first connect to ready.
        var connectTimeout: Int64 = 10_000
        /// From one reply to the next while some are awaited.
        var replyTimeout: Int64 = 30_000
        /// From the end of the run to the last reply.
        var drainTimeout: Int64 = 5_000
    }

    private let limits: Limits
    private(set) var state = State.waiting
    /// Requests whose replies have not come.
    private(set) var inFlight = 0
    private var deadline: Int64 = .max
    /// Whether the run has begun, so that a new connection goes on with it.
    private var hasStarted = false
    /// Requests that this connection may still be used for.
    private var quota: Int

    /// Makes a client that waits for its turn.
    init(_ limits: Limits) {
        self.limits = limits
        quota = limits.requestsPerConnection ?? .max
    }

    /// How many requests it may send, where `pipeline` may be in flight.
    func room(pipeline: Int) -> Int {
        state == .running ? min(pipeline - inFlight, quota) : 0
    }

    /// Whether it has neither ended nor failed.
    var isOpen: Bool {
        switch state {
        case .done, .failed: false
        default: true
        }
    }

    /// Whether it is between its first connect and being ready.
    var isSettingUp: Bool {
        switch state {
        case .connecting, .handshaking, .authenticating: true
        default: false
        }
    }

    /// Its turn has come.
    mutating func begin(_ now: Int64) -> Action {
        guard state == .waiting else { return .nothing }
        state = .connecting(attempt: 0)
        deadline = now + limits.connectTimeout
        return .connect(attempt: 0)
    }

    /// The connection stands.
    mutating func connected() -> Action {
        guard case .connecting = state else { return .nothing }
        state = .handshaking
        return .handshake
    }

    /// The address tried last cannot be reached.
    mutating func connectFailed(_ failure: Failure) -> Action {
        guard case .connecting(let attempt) = state else { return fail(failure) }
        if attempt + 1 >= limits.addressCount { return fail(failure) }
        state = .connecting(attempt: attempt + 1)
        return .connect(attempt: attempt + 1)
    }

    /// TLS is set up.
    mutating func handshakeCompleted() -> Action {
        guard state == .handshaking else { return .nothing }
        if !limits.hasToken { return becomeReady() }
        state = .authenticating
        return .authenticate
    }

    /// The server answered the token: with an error's token and text, or nil if it accepted.
    mutating func tokenAnswered(refusal: String?) -> Action {
        guard state == .authenticating else { return .nothing }
        if let refusal { return fail(Failure(.authRefused, refusal)) }
        return becomeReady()
    }

    private mutating func becomeReady() -> Action {
        deadline = .max
        if hasStarted {
            state = .running
            return .issue
        }
        state = .ready
        return .reportReady
    }

    /// The run begins.
    mutating func start() -> Action {
        guard state == .ready else { return .nothing }
        state = .running
        hasStarted = true
        return .issue
    }

    /// `count` requests were handed to the socket.
    mutating func sent(_ count: Int, _ now: Int64) {
        guard state == .running, count > 0 else { return }
        if inFlight == 0 { deadline = now + limits.replyTimeout }
        inFlight += count
        if limits.requestsPerConnection != nil { quota -= min(count, quota) }
    }

    /// `count` replies came; at most as many as are in flight.
    mutating func received(_ count: Int, _ now: Int64) -> Action {
        inFlight -= min(count, inFlight)
        if state == .draining { return inFlight == 0 ? finish() : .nothing }
        guard state == .running else { return .nothing }
        if quota == 0, inFlight == 0 { return beginAgain(now) }
        deadline = inFlight == 0 ? .max : now + limits.replyTimeout
        return .issue
    }

    private mutating func beginAgain(_ now: Int64) -> Action {
        quota = limits.requestsPerConnection ?? .max
        state = .connecting(attempt: 0)
        deadline = now + limits.connectTimeout
        return .reconnect
    }

    /// No more requests are to be sent: the run is over, or this client's share of it.
    mutating func stop(_ now: Int64) -> Action {
        switch state {
        case .running where inFlight > 0:
            state = .draining
            deadline = min(deadline, now + limits.drainTimeout)
            return .nothing
        case .draining, .done, .failed:
            return .nothing
        default:
            return finish()
        }
    }

    /// The user has no patience left; what is still in flight counts as a timeout.
    mutating func abandon() -> Action {
        if !isOpen { return .nothing }
        return inFlight == 0 ? finish() : fail(Failure(.timeout, "replies not waited for"))
    }

    private mutating func finish() -> Action {
        state = .done
        deadline = .max
        return .close
    }

    /// The peer ended the connection, or it broke for `reason`.
    mutating func peerClosed(_ reason: String? = nil) -> Action {
        fail(Failure(.closedByPeer, [phase, reason].compactMap(\.self).joined(separator: ": ")))
    }

    /// Something went wrong that no further attempt can mend.
    mutating func fail(_ failure: Failure) -> Action {
        if !isOpen { return .nothing }
        state = .failed(failure)
        deadline = .max
        return .fail(failure)
    }

    /// Time has passed.
    mutating func timePassed(_ now: Int64) -> Action {
        now < deadline ? .nothing : fail(Failure(.timeout, phase))
    }

    private var phase: String {
        switch state {
        case .waiting: "before connecting"
        case .connecting: "while connecting"
        case .handshaking: "during the TLS handshake"
        case .authenticating: "while waiting for the token to be accepted"
        case .ready: "before the run began"
        case .running: "while waiting for a reply"
        case .draining: "while waiting for the last replies"
        case .done, .failed: "after the end"
        }
    }
}
