// Shows a parser the same bytes whole, byte by byte, and split anywhere.
import Core
import Testing

@testable import LoadKit

/// A reply as a test compares it: its kind and its payload as text.
struct SeenReply: Equatable, CustomStringConvertible {
    var kind: ReplyKind
    var payload: String
    var integer: Int64 = 0

    var description: String { "\(kind) '\(payload)' \(integer)" }
}

enum ReplyBench {
    /// Takes all replies out of `pieces`, shown one after the other; nil if the bytes are malformed.
    static func replies(_ pieces: [[UInt8]], _ encoding: LoadEncoding) -> [SeenReply]? {
        var parser = ReplyParser(encoding)
        var buffer = ByteBuffer()
        var scratch = ByteBuffer()
        var seen: [SeenReply] = []
        for piece in pieces {
            buffer.append(piece.span)
            var position = 0
            parsing: while true {
                switch parser.next(buffer.span, from: position, scratch: &scratch) {
                case .incomplete: break parsing
                case .malformed: return nil
                case .reply(let reply):
                    let payload =
                        reply.isInScratch
                        ? text(scratch.span, reply.start, reply.end)
                        : text(buffer.span, reply.start, reply.end)
                    let integer = reply.kind == .integer ? reply.integer : 0
                    seen.append(SeenReply(kind: reply.kind, payload: payload, integer: integer))
                    position += reply.consumed
                }
            }
            buffer.removeFirst(position)
        }
        return seen
    }

    /// The same, whole, byte by byte, and split at each place; the three must agree.
    static func everyWay(_ text: String, _ encoding: LoadEncoding) -> [SeenReply]? {
        let bytes = Array(text.utf8)
        let whole = replies([bytes], encoding)
        #expect(replies(bytes.map { [$0] }, encoding) == whole)
        for place in 0...bytes.count {
            let halves = [Array(bytes[..<place]), Array(bytes[place...])]
            #expect(replies(halves, encoding) == whole)
        }
        return whole
    }

    private static func text(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        var array: [UInt8] = []
        for index in start..<end { array.append(bytes[index]) }
        return String(decoding: array, as: UTF8.self)
    }
}

/// Takes text apart into a span for the length of a call.
func withSpan<R>(_ text: String, _ body: (Span<UInt8>) -> R) -> R {
    let bytes = Array(text.utf8)
    return body(bytes.span)
}
