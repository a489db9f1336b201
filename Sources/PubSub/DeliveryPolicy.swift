// What becomes of messages that a subscriber does not take in time.

/// What a connection wants to happen where it is too slow for its messages.
public enum DeliveryPolicy: String, Sendable, CaseIterable {
    /// Everything is kept for it, up to the limits of subscribers; above them it is closed.
    case close
    /// A bounded number of messages is kept; the oldest make room.
    case dropOldest = "drop-oldest"
    /// The last message of each channel is kept.
    case latest

    /// The policy called `name`, whatever its letter case.
    public init?(_ name: Span<UInt8>) {
        let text = String(decoding: Topic(name).bytes, as: UTF8.self).lowercased()
        guard let policy = DeliveryPolicy(rawValue: text) else { return nil }
        self = policy
    }
}
