// Rendering a reply's tape in the encoding that its connection speaks.
public import Core

/// Renders replies and pushes; it keeps no state.
public enum ReplyEncoder {
    /// Appends `reply` to `output`, rendered as `encoding`, with the line end where there is one.
    ///
    /// The tape holds one item and those nested in it. `identifier` is what the decoder of the same
    /// encoding left in `RequestFrame.identifier`, empty where there is none; only JSON and protobuf
    /// replies carry it. `place` matters to JSON alone: the replies to a batch are one line.
    public static func encode(
        _ reply: borrowing Reply,
        as encoding: WireEncoding,
        identifier: Span<UInt8>,
        place: BatchPlace = .alone,
        into output: inout ByteBuffer
    ) {
        var reader = ReplyReader(reply.tape.span)
        guard reader.next() else { return }
        // All but RESP are calls: their frames, in this one, would be a part of every RESP reply's cost.
        switch encoding {
        case .resp2: RESPReplyEncoder.encode(&reader, isRESP3: false, &output)
        case .resp3: RESPReplyEncoder.encode(&reader, isRESP3: true, &output)
        case .text: TextReplyEncoder.encode(&reader, &output)
        case .json: JSONReplyEncoder.encode(&reader, identifier, place, &output)
        case .protobuf:
            ProtobufReplyEncoder.encode(
                &reader,
                tapeBytes: reply.tape.count,
                identifier,
                &output
            )
        }
    }

    /// Appends the value that `reply` holds, without what JSON wraps results in; text comes as it is.
    ///
    /// For HTTP, where the status says whether it is an error. JSON ends in a line end.
    public static func encodeValue(_ reply: borrowing Reply, into output: inout ByteBuffer) {
        var reader = ReplyReader(reply.tape.span)
        guard reader.next() else { return }
        if reader.item == .verbatim { return output.append(reader.payload) }
        JSONReplyEncoder.encodeValue(&reader, &output)
        output.append(UInt8(ascii: "\n"))
    }
}

extension ReplyReader {
    /// Goes past the item at hand and all that is nested in it.
    @_lifetime(self: copy self)
    mutating func skipNested() {
        skip(nestedCount)
    }

    /// Goes past the pairs of the attribute at hand, up to the reply that they are about.
    @_lifetime(self: copy self)
    mutating func skipPairs() {
        skip(max(0, nestedCount - 1))
    }

    /// Goes to the reply that attributes are about, if the item at hand is one.
    @_lifetime(self: copy self)
    mutating func skipAttributes() {
        while item == .attribute {
            skipPairs()
            if !next() { return }
        }
    }

    /// Goes past as many items and all that is nested in them.
    @_lifetime(self: copy self)
    private mutating func skip(_ items: Int) {
        var left = items
        while left > 0, next() { left += nestedCount - 1 }
    }

    /// How many items the item at hand announces.
    var nestedCount: Int {
        switch item {
        case .list, .set, .push, .several: count
        case .map: count.multipliedReportingOverflow(by: 2).partialValue
        // Its pairs, and the reply that they are about.
        case .attribute: count.multipliedReportingOverflow(by: 2).partialValue &+ 1
        case .error: 1
        default: 0
        }
    }
}
