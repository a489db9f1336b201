// One connection's decoder: takes requests, one at a time, out of the bytes that have arrived.
public import Core

/// Takes complete requests out of a connection's plaintext, in the encoding it speaks.
///
/// It does no I/O and owns no bytes. Between calls it remembers how far an incomplete request was
/// looked at, so that bytes arriving one by one cost no more than all at once. It holds heap memory
/// only while a RESP array is incomplete.
public struct RequestDecoder: ~Copyable {
    /// The encoding; `HELLO` switches between RESP2 and RESP3, between two requests.
    public var encoding: WireEncoding
    /// Whether the rest of a line that was too long is being dropped.
    var isDiscarding = false
    /// How many bytes from the request's first are known not to hold the line end looked for.
    var searched: UInt32 = 0
    /// How many requests of the JSON array at hand are still to come; 0 while none is open.
    var batchRemaining: UInt32 = 0
    /// The RESP array that is incomplete, if one is.
    var multibulk = MultibulkProgress()

    /// Makes the decoder of a connection that speaks `encoding`.
    public init(encoding: WireEncoding) {
        self.encoding = encoding
    }

    /// Takes one request out of `input` from `start` on, into `frame`, which is emptied first.
    ///
    /// Ranges in `frame` count from `start`, or from the start of `frame.scratch` if it says so.
    /// `json` is the loop's own, and only used where the encoding is JSON. Errors: `invalidText`,
    /// `tooLong` (text, JSON); `malformedJSON`, `invalidRequest`, `unknownCommand` (JSON);
    /// `protocolError` (RESP, protobuf); `invalidRequest` (protobuf).
    public mutating func decode(
        _ input: Span<UInt8>,
        from start: Int,
        into frame: inout RequestFrame,
        catalog: CommandCatalog,
        limits: Limits,
        isAuthenticated: Bool,
        json: LineJSONParser
    ) -> DecodeOutcome {
        frame.reset()
        guard start >= 0, start < input.count else { return .incomplete(needed: 1) }
        let rest = input.extracting(start..<input.count)
        let outcome =
            switch encoding {
            case .resp2, .resp3:
                decodeRESP(rest, &frame, limits, isAuthenticated)
            case .text:
                decodeText(rest, &frame, catalog, limits)
            case .json:
                decodeJSON(rest, &frame, catalog, limits, isAuthenticated, json)
            case .protobuf:
                decodeProtobuf(rest, &frame, limits, isAuthenticated)
            }
        if case .rejected = outcome { frame.removeArguments() }
        return outcome
    }
}

extension RequestFrame {
    /// Empties all but the identifier, which the error that refuses the request carries.
    mutating func removeArguments() {
        ranges.removeAll()
        scratch.removeAll()
        usesScratch = false
    }
}
