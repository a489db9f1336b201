// Messages as pushes: what a subscriber of each encoding is sent.
public import Core
public import PubSub

/// Writes the pushes of pub/sub.
///
/// The token of the publisher goes with a message where a field has a name, in JSON and protobuf; text and
/// RESP have no place for it. The offset of a message that its channel keeps goes last; in RESP only to who
/// asked for it by RESUME, since others know Redis's pushes alone.
public enum MessagePush {
    /// Writes a message, as a subscriber to its channel is sent it, or to `pattern`.
    public static func write(
        _ publication: Publication,
        _ pattern: Topic?,
        _ encoding: WireEncoding,
        _ reply: inout Reply,
        hasValues: Bool = false,
        tellsOffset: Bool = false
    ) {
        if let change = publication.change {
            return write(publication.channel, change, hasValues: hasValues, &reply)
        }
        if let notification = publication.notification {
            return write(notification, publication.sender, encoding, &reply)
        }
        let tellsSender = encoding == .json || encoding == .protobuf
        let isRESP = encoding == .resp2 || encoding == .resp3
        let hasOffset = publication.offset > 0 && (tellsOffset || !isRESP)
        let values = 2 + (pattern == nil ? 0 : 1) + (tellsSender ? 1 : 0) + (hasOffset ? 1 : 0)
        reply.push(1 + 2 * values)
        if let pattern {
            append("pmessage", &reply)
            append("pattern", &reply)
            append(pattern.bytes, &reply)
        } else {
            append("message", &reply)
        }
        append("channel", &reply)
        append(publication.channel.bytes, &reply)
        append("message", &reply)
        append(publication.message, &reply)
        if tellsSender {
            append("from", &reply)
            reply.string(publication.sender)
        }
        if !hasOffset { return }
        append("offset", &reply)
        reply.integer(Int64(clamping: publication.offset))
    }

    /// Writes a notification, as `notify` and its parts; not for RESP, see `writeText`.
    private static func write(
        _ notification: Notification,
        _ sender: String,
        _ encoding: WireEncoding,
        _ reply: inout Reply
    ) {
        let tellsSender = encoding == .json || encoding == .protobuf
        reply.push(1 + 2 * (tellsSender ? 4 : 3))
        append("notify", &reply)
        writeParts(notification, &reply)
        if tellsSender {
            append("from", &reply)
            reply.string(sender)
        }
    }

    private static func writeParts(_ notification: Notification, _ reply: inout Reply) {
        append("kind", &reply)
        append(notification.kind, &reply)
        append("message", &reply)
        append(notification.text, &reply)
        append("data", &reply)
        switch notification.data {
        case nil: reply.null()
        case let data? where notification.dataIsJSON: reply.json(data.span)
        case let data?: append(data, &reply)
        }
    }

    /// Writes a notification as one map: with `type` and `notification` before all else for WebSockets.
    public static func writeMap(
        _ notification: Notification,
        _ sender: String,
        isTyped: Bool,
        _ reply: inout Reply
    ) {
        reply.map(isTyped ? 5 : 4)
        if isTyped {
            append("type", &reply)
            append("notification", &reply)
        }
        writeParts(notification, &reply)
        append("from", &reply)
        reply.string(sender)
    }

    /// Writes a notification for RESP, whose clients know no pushes but messages: `json` is its map.
    public static func writeText(
        _ json: Span<UInt8>,
        _ channel: Topic,
        _ pattern: Topic?,
        _ reply: inout Reply
    ) {
        reply.push(pattern == nil ? 5 : 7)
        append(pattern == nil ? "message" : "pmessage", &reply)
        if let pattern {
            append("pattern", &reply)
            append(pattern.bytes, &reply)
        }
        append("channel", &reply)
        append(channel.bytes, &reply)
        append("message", &reply)
        reply.bytes(json)
    }

    /// Writes that so many messages of `channel` were lost.
    ///
    /// RESP2 knows no other pushes than messages, so there it is one of `$sys.gap`.
    public static func writeGap(
        _ channel: Topic,
        lost: Int,
        _ encoding: WireEncoding,
        _ reply: inout Reply
    ) {
        reply.push(5)
        append(encoding == .resp2 ? "message" : "gap", &reply)
        append("channel", &reply)
        if encoding == .resp2 {
            append(Topic.gap.bytes, &reply)
            append("message", &reply)
            append(channel.bytes + Array(" \(lost)".utf8), &reply)
        } else {
            append(channel.bytes, &reply)
            append("lost", &reply)
            reply.integer(lost)
        }
    }

    /// Writes what happened to a key.
    ///
    /// What stands behind the version depends on the change: when the key expires, for `expire`; the values
    /// before and after, if they are asked for, where the value is another or gone. A drop has a prefix in the
    /// place of the key, and nothing else.
    private static func write(
        _ key: Topic,
        _ change: ObservedChange,
        hasValues: Bool,
        _ reply: inout Reply
    ) {
        let isValueChange = ![.expire, .persist, .drop].contains(change.kind)
        let tellsValues = hasValues && isValueChange
        let values =
            2 + (change.kind == .drop ? 0 : 1) + (change.kind == .expire ? 1 : 0)
            + (tellsValues ? 2 : 0)
        reply.push(1 + 2 * values)
        append("observe", &reply)
        append("change", &reply)
        append(change.kind.word, &reply)
        append("key", &reply)
        append(key.bytes, &reply)
        if change.kind == .drop { return }
        append("version", &reply)
        reply.integer(Int64(clamping: change.version))
        if change.kind == .expire {
            append("expires_at", &reply)
            reply.integer(change.expiresAt)
        }
        if !tellsValues { return }
        append("old", &reply)
        append(change.old, &reply)
        append("new", &reply)
        append(change.new, &reply)
    }

    /// Writes that so many changes to `key` were lost; of `*`, to whichever keys.
    public static func writeChangeGap(_ key: Topic, lost: Int, _ reply: inout Reply) {
        reply.push(7)
        append("observe", &reply)
        append("change", &reply)
        append("gap", &reply)
        append("key", &reply)
        append(key.bytes, &reply)
        append("lost", &reply)
        reply.integer(lost)
    }

    private static func append(_ value: [UInt8]?, _ reply: inout Reply) {
        if let value { reply.bytes(value.span) } else { reply.null() }
    }

    private static func append(_ bytes: [UInt8], _ reply: inout Reply) {
        reply.bytes(bytes.span)
    }

    private static func append(_ word: StaticString, _ reply: inout Reply) { reply.status(word) }
}
