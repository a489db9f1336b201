// Messages as frames, compressed where that was agreed on and pays.
public import Core

/// One loop's writer of messages; it holds what zlib needs, for all connections, once it is needed.
public final class WebSocketFramer {
    private let minBytes: Int
    private let maxBytes: Int
    /// By the size of the window.
    private var deflaters: [Int: Deflater] = [:]
    private var compressed = ByteBuffer()

    /// Makes the writer of a loop that serves under `limits`.
    public init(_ limits: Limits) {
        minBytes = limits.minCompressedBytes
        maxBytes = limits.maxCompressedBytes
    }

    /// The largest window, which the connections that share compressed messages have.
    public static let sharedWindowBits = 15

    /// Appends a message of one frame.
    ///
    /// It is compressed with a window of 2 to the power of `windowBits` bytes if that is not nil, the message
    /// is within the limits for it, and becomes shorter.
    public func append(
        _ opcode: WebSocketOpcode,
        _ payload: borrowing ByteBuffer,
        windowBits: Int?,
        to output: inout ByteBuffer
    ) {
        if let windowBits, payload.count >= minBytes, payload.count <= maxBytes,
            let deflater = deflater(windowBits)
        {
            compressed.removeAll(keepingUpTo: 64 << 10)
            if deflater.append(payload.span, to: &compressed) {
                WebSocketFrame.appendHeader(
                    opcode,
                    isCompressed: true,
                    count: compressed.count,
                    to: &output
                )
                output.append(compressed.span)
                compressed.removeAll()
                return
            }
        }
        WebSocketFrame.append(opcode, payload, to: &output)
    }

    private func deflater(_ windowBits: Int) -> Deflater? {
        if let deflater = deflaters[windowBits] { return deflater }
        let made = Deflater(windowBits: windowBits)
        deflaters[windowBits] = made
        return made
    }
}

@available(*, unavailable)
extension WebSocketFramer: Sendable {}
