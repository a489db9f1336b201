// The limits that a connection's state machine reads, once for all connections that share them.
public import Core

/// What of `Limits` concerns a connection by itself.
///
/// A class, so that ten thousand connections do not keep ten thousand copies.
public final class ConnectionLimits: Sendable, Equatable {
    let handshakeTimeoutMilliseconds: Int64
    let authenticationTimeoutMilliseconds: Int64
    let idleTimeoutMilliseconds: Int64
    let requestTimeoutMilliseconds: Int64
    let lingerTimeoutMilliseconds: Int64
    let unreadReplyTimeoutMilliseconds: Int64
    let webSocketPingMilliseconds: Int64
    let webSocketPongMilliseconds: Int64
    let highWatermarkBytes: Int
    let lowWatermarkBytes: Int
    let normalOutbound: OutboundLimits
    let subscriberOutbound: OutboundLimits

    /// Takes them from `limits`.
    public init(_ limits: Limits) {
        handshakeTimeoutMilliseconds = limits.handshakeTimeoutMilliseconds
        authenticationTimeoutMilliseconds = limits.authenticationTimeoutMilliseconds
        idleTimeoutMilliseconds = limits.idleTimeoutMilliseconds
        requestTimeoutMilliseconds = limits.requestTimeoutMilliseconds
        lingerTimeoutMilliseconds = limits.lingerTimeoutMilliseconds
        unreadReplyTimeoutMilliseconds = limits.unreadReplyTimeoutMilliseconds
        webSocketPingMilliseconds = limits.webSocketPingMilliseconds
        webSocketPongMilliseconds = limits.webSocketPongMilliseconds
        highWatermarkBytes = limits.outboundHighWatermarkBytes
        lowWatermarkBytes = limits.outboundLowWatermarkBytes
        normalOutbound = limits.normalOutbound
        subscriberOutbound = limits.subscriberOutbound
    }

    /// Whether both are the same object.
    public static func == (left: ConnectionLimits, right: ConnectionLimits) -> Bool {
        left === right
    }
}
