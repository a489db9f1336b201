// Whether a peer takes its replies: how much waits, since when, and which limit that breaks.
internal import Access
internal import Core

/// What one class of clients may leave unread.
public struct OutboundLimits: Equatable, Sendable {
    /// Bytes that may wait at any time, 0 for any number; above them the connection is closed.
    public var hardBytes: Int
    /// Bytes that may wait for `softMilliseconds` at a stretch, 0 for any number.
    public var softBytes: Int
    /// How long more than `softBytes` may wait.
    public var softMilliseconds: Int64
    /// The names of these limits.
    let hardName: LimitName
    let softName: LimitName
}

extension Limits {
    /// What clients that ask and are answered may leave unread.
    var normalOutbound: OutboundLimits {
        OutboundLimits(
            hardBytes: outboundHardLimitBytes,
            softBytes: outboundSoftLimitBytes,
            softMilliseconds: outboundSoftLimitMilliseconds,
            hardName: .outboundHardLimitBytes,
            softName: .outboundSoftLimitBytes
        )
    }

    /// What clients that are sent messages unasked may leave unread.
    var subscriberOutbound: OutboundLimits {
        OutboundLimits(
            hardBytes: subscriberOutboundHardLimitBytes,
            softBytes: subscriberOutboundSoftLimitBytes,
            softMilliseconds: subscriberOutboundSoftLimitMilliseconds,
            hardName: .subscriberOutboundHardLimitBytes,
            softName: .subscriberOutboundSoftLimitBytes
        )
    }
}

/// What waits for a peer to take it, over time.
///
/// Times are monotonic milliseconds.
struct OutboundWatch: Equatable, Sendable {
    private var waitingBytes = 0
    /// When the peer last took something, or when something began to wait; meaningful while bytes wait.
    private var movedAt: Int64 = 0
    /// Since when more than the soft limit has waited; `.max` while it has not.
    private var overSoftSince = Int64.max

    /// Whether anything waits.
    var isWaiting: Bool { waitingBytes > 0 }

    /// So many bytes wait now; the name of the limit that this breaks, if it breaks one.
    mutating func changed(_ bytes: Int, _ limits: OutboundLimits, _ now: Int64) -> LimitName? {
        if waitingBytes == 0 || bytes < waitingBytes { movedAt = now }
        waitingBytes = bytes
        if limits.softBytes == 0 || bytes <= limits.softBytes {
            overSoftSince = .max
        } else if overSoftSince == .max {
            overSoftSince = now
        }
        return limits.hardBytes > 0 && bytes > limits.hardBytes ? limits.hardName : nil
    }

    /// When a limit will be broken if nothing changes; nil for never.
    @inline(__always)
    func deadline(_ limits: OutboundLimits, unreadMilliseconds: Int64) -> Int64? {
        if waitingBytes == 0 { return nil }
        let soft = overSoftSince == .max ? .max : overSoftSince + limits.softMilliseconds
        let unread = unreadMilliseconds > 0 ? movedAt + unreadMilliseconds : .max
        let deadline = min(soft, unread)
        return deadline == .max ? nil : deadline
    }

    /// The name of the limit that is broken at `now`, if one is.
    func brokenLimit(
        _ limits: OutboundLimits,
        unreadMilliseconds: Int64,
        _ now: Int64
    ) -> LimitName? {
        if waitingBytes == 0 { return nil }
        if unreadMilliseconds > 0, now >= movedAt + unreadMilliseconds {
            return .unreadReplyTimeoutMilliseconds
        }
        if overSoftSince != .max, now >= overSoftSince + limits.softMilliseconds {
            return limits.softName
        }
        return nil
    }
}
