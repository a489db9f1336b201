// What a decoder makes of the bytes it is shown.
public import Core

/// What `RequestDecoder.decode` found at the start of the bytes.
///
/// A `consumed` is always above 0 and never more than what was there. The bytes it counts are done
/// with: the next call begins behind them.
public enum DecodeOutcome: Equatable, Sendable {
    /// One complete request; the frame is filled.
    case request(consumed: Int)
    /// A JSON array without requests: answer it with one without replies.
    case emptyBatch(consumed: Int)
    /// Nothing to answer: a blank line, an empty array, the rest of a line that was too long.
    case skipped(consumed: Int)
    /// The request is not all there; trying again pays once `needed` bytes are.
    ///
    /// The next call must show the same request's bytes again from its first, wherever they moved.
    case incomplete(needed: Int)
    /// The bytes are refused: send the error, and close if its row says so.
    case rejected(ServerError, consumed: Int)
}
