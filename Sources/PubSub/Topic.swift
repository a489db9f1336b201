// The name of a channel, or a pattern of names, as a value.
internal import Core

/// What a subscription is to.
public enum TopicKind: Sendable, Equatable, BitwiseCopyable, CaseIterable {
    /// One channel.
    case channel
    /// All channels that match a glob pattern.
    case pattern
}

/// The name of a channel, or a pattern: any bytes.
public struct Topic: Hashable, Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Copies `name`.
    public init(_ name: Span<UInt8>) {
        // SAFETY: the pointer is used only during the call, which copies the bytes.
        bytes = name.withUnsafeBufferPointer { Array($0) }
    }

    /// Takes the UTF-8 of `name`.
    public init(_ name: String) { bytes = Array(name.utf8) }

    /// What begins the names of the channels that only the server publishes to.
    private static let reservedPrefix = Array("$sys.".utf8)

    /// The channel on which RESP2 clients are told what they lost.
    public static let gap = Topic("$sys.gap")

    /// The channel of notifications, which NOTIFY publishes to.
    public static let notify = Topic("$sys.notify")

    /// Whether `name` is that of a channel which only the server publishes to.
    public static func isReserved(_ name: Span<UInt8>) -> Bool {
        if name.count < reservedPrefix.count { return false }
        for index in reservedPrefix.indices where name[index] != reservedPrefix[index] {
            return false
        }
        return true
    }

    /// Feeds all bytes at once, and not one by one as an array does.
    public func hash(into hasher: inout Hasher) {
        // SAFETY: the pointer is used only during the call.
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
