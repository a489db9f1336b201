// Rendering a reply's tape in the encoding that its connection speaks.
public import Core

/// Renders replies and pushes; it keeps no state.
public enum ReplyEncoder {
    /// Appends `reply` to `output`, rendered as `encoding`, with the line end where there is one.
    ///
    /// The tape holds one item and those nested in it. `identifier` is what the decoder of the same
    /// encoding left in `RequestFrame.identifier`, empty where there is none; only JSON and protobuf
    /// replies carry it.
    public static func encode(
        _ reply: borrowing Reply,
        as encoding: WireEncoding,
        identifier: Span<UInt8>,
        into output: inout ByteBuffer
    ) {
        var reader = ReplyReader(reply.tape.span)
        guard reader.next() else { return }
        switch encoding {
        case .resp2: RESPReplyEncoder.encode(&reader, isRESP3: false, &output)
        case .resp3: RESPReplyEncoder.encode(&reader, isRESP3: true, &output)
        case .text: TextReplyEncoder.encode(&reader, &output)
        case .json: JSONReplyEncoder.encode(&reader, identifier, &output)
        case .protobuf:
            ProtobufReplyEncoder.encode(
                &reader,
                tapeBytes: reply.tape.count,
                identifier,
                &output
            )
        }
    }
}

extension ReplyReader {
    /// Goes past the item at hand and all that is nested in it.
    @_lifetime(self: copy self)
    mutating func skipNested() {
        var left = nestedCount
        while left > 0, next() { left += nestedCount - 1 }
    }

    /// How many items the item at hand announces.
    var nestedCount: Int {
        switch item {
        case .list, .push: count
        case .map: count.multipliedReportingOverflow(by: 2).partialValue
        case .error: 1
        default: 0
        }
    }
}
