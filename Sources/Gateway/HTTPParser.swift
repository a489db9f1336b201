// NIOHTTP1's request decoder without its I/O: bytes in, the parts of one request out.
internal import Core
internal import NIOCore
internal import NIOEmbedded
internal import NIOHTTP1

/// Parses one request at a time; between two requests it can go on with those of another connection.
///
/// It belongs to the thread that made it, and must be dropped there.
final class HTTPParser {
    private let channel = EmbeddedChannel()
    private let parts = PartCollector()

    /// Makes a parser; nil if NIO does not.
    init?(_ limits: Limits) {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        // The head is held against the limits before it comes here; these are for trailers, which come on top.
        configuration.maxHeaderFieldCount = 2 * limits.maxHTTPFields
        configuration.maxHeaderFieldSize = limits.maxHTTPHeadBytes
        configuration.maxHeaderListSize = 2 * limits.maxHTTPHeadBytes
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .drop,
            limitConfiguration: configuration
        )
        do {
            let handler = ByteToMessageHandler(decoder)
            try channel.pipeline.syncOperations.addHandlers([handler, parts])
        } catch {
            return nil
        }
    }

    deinit {
        // The decoder and its parser keep each other until the pipeline is taken apart.
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    /// The head of the request, once it was fed.
    var head: HTTPRequestHead? { parts.head }
    /// Whether the request is all there.
    var isComplete: Bool { parts.isComplete }
    /// Whether more than the one request was fed.
    var isOverrun: Bool { parts.isOverrun }
    /// How many bytes of the body there are.
    var bodyCount: Int { parts.body.count }
    /// Bytes of memory that the body takes.
    var bodyCapacity: Int { parts.body.capacity }

    /// Calls `use` with the body so far.
    func withBody<R>(_ use: (borrowing Core.ByteBuffer) -> R) -> R { use(parts.body) }

    /// Takes the next bytes of the request; the error is what is wrong with them.
    func feed(_ bytes: Span<UInt8>) -> ServerError? {
        var buffer = channel.allocator.buffer(capacity: bytes.count)
        // SAFETY: the pointer is valid for the span's bytes and only during the call, which copies them.
        bytes.withUnsafeBufferPointer { _ = buffer.writeBytes($0) }
        channel.pipeline.syncOperations.fireChannelRead(NIOAny(buffer))
        guard let error = parts.error else { return nil }
        if let error = error as? HTTPParserError, error == .headerOverflow {
            return ServerError(.headTooLarge)
        }
        return ServerError(.protocolError, "Protocol error: not HTTP/1.1: \(error)")
    }

    /// Forgets the request, so that the next one can be fed; only once it is complete.
    func reset() {
        parts.head = nil
        parts.isComplete = false
        parts.body.release()
    }
}

/// The end of the pipeline, which keeps what the decoder finds.
private final class PartCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    var head: HTTPRequestHead?
    var body = Core.ByteBuffer()
    var isComplete = false
    var isOverrun = false
    var error: (any Error)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if self.head != nil { isOverrun = true }
            self.head = head
        case .body(let bytes):
            bytes.withUnsafeReadableBytes { body.append($0) }
        case .end:
            isComplete = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.error == nil { self.error = error }
    }
}
