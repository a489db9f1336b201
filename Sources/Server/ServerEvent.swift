// What the program that embeds the server is told: messages of channels, and what happens to keys.
public import Core
internal import PubSub

/// Something that the program asked to be told.
public enum ServerEvent: Sendable, Equatable {
    /// A message was published.
    case message(ChannelMessage)
    /// Something happened to a key.
    case change(KeyEvent)
    /// So many events were lost, because they were not taken in time.
    case gap(lost: Int)
}

/// A message of a channel.
public struct ChannelMessage: Sendable, Equatable {
    /// The channel.
    public var channel: [UInt8]
    /// What was published.
    public var content: [UInt8]
    /// The name of the publisher's token.
    public var sender: String
    /// Its number among the messages of its channel; nil where the channel keeps none.
    public var offset: UInt64?

    /// The content as text; what is not UTF-8 in it becomes U+FFFD.
    public var text: String { String(decoding: content, as: UTF8.self) }
}

/// What happened to a key.
public struct KeyEvent: Sendable, Equatable {
    /// What happened.
    public var kind: KeyChangeKind
    /// The key; of a drop, what all keys begin with that were removed.
    public var key: [UInt8]
    /// The key's version then, which rises with each change to it; 0 for a drop.
    public var version: UInt64
    /// When the key expires, in Unix milliseconds; 0 for never.
    public var expiresAt: Int64
    /// The value before; nil where there was none, or values were not asked for.
    public var old: [UInt8]?
    /// The value now; nil where there is none, or values were not asked for.
    public var new: [UInt8]?

    /// The key as text; what is not UTF-8 in it becomes U+FFFD.
    public var name: String { String(decoding: key, as: UTF8.self) }
}

extension ServerEvent {
    init(_ publication: Publication, hasValues: Bool) {
        guard let change = publication.change else {
            self = .message(
                ChannelMessage(
                    channel: publication.channel.bytes,
                    content: publication.message,
                    sender: publication.sender,
                    offset: publication.offset > 0 ? publication.offset : nil
                )
            )
            return
        }
        self = .change(
            KeyEvent(
                kind: change.kind,
                key: publication.channel.bytes,
                version: change.version,
                expiresAt: change.expiresAt,
                old: hasValues ? change.old : nil,
                new: hasValues ? change.new : nil
            )
        )
    }
}
