// The few lines of HTTP/1.1 that a client of ours writes, and the responses that it reads.
//
// Source: RFC 9112; for the upgrade RFC 6455 section 4.1.
import Core

enum HTTPText {
    /// The longest head of a response, in bytes.
    static let maxHeadBytes = 16 << 10

    /// The head of a request with a JSON command, up to the value of Content-Length.
    static func head(_ peer: RequestWriter.Peer) -> String {
        "POST /v1/command HTTP/1.1\r\nHost: \(peer.authority)\r\n\(authorization(peer))"
            + "Content-Type: application/json\r\nContent-Length: "
    }

    /// The request that makes a connection a WebSocket.
    static func upgrade(_ peer: RequestWriter.Peer, key: String) -> String {
        "GET /ws HTTP/1.1\r\nHost: \(peer.authority)\r\n\(authorization(peer))"
            + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n\r\n"
    }

    private static func authorization(_ peer: RequestWriter.Peer) -> String {
        peer.token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    }

    /// What the head of a response says.
    struct Head: Equatable, Sendable {
        var status: Int
        /// Where the body begins.
        var bodyStart: Int
        /// How many bytes the body has.
        var bodyBytes: Int
        /// The value of Sec-WebSocket-Accept; empty where there is none.
        var accept: Range<Int>
    }

    /// What was found of a head.
    enum Outcome: Equatable, Sendable {
        case head(Head)
        case incomplete
        case malformed(String)
    }

    /// Takes the head of the response that begins at `start`.
    static func head(_ input: Span<UInt8>, from start: Int) -> Outcome {
        guard let end = headEnd(input, start) else {
            if input.count - start > maxHeadBytes { return .malformed("a head that does not end") }
            return .incomplete
        }
        guard input.hasPrefix("HTTP/1.1 ", at: start),
            let status = input.decimal(start + 9, start + 12)
        else { return .malformed("a response that is not HTTP/1.1") }
        var head = Head(status: Int(status), bodyStart: end, bodyBytes: 0, accept: 0..<0)
        var line = start
        while line < end {
            let next = lineEnd(input, line, end)
            if let value = value(input, line, next, "content-length") {
                guard let count = input.decimal(value.lowerBound, value.upperBound), count >= 0,
                    count <= Int64(LoadOptions.maxValueBytes) * 2
                else { return .malformed("a Content-Length that is none") }
                head.bodyBytes = Int(count)
            } else if let value = value(input, line, next, "sec-websocket-accept") {
                head.accept = value
            } else if value(input, line, next, "transfer-encoding") != nil {
                return .malformed("a response in chunks")
            }
            line = next + 2
        }
        return .head(head)
    }

    /// The offset behind the empty line that ends a head.
    private static func headEnd(_ input: Span<UInt8>, _ start: Int) -> Int? {
        var index = start
        while let found = input.offset(of: UInt8(ascii: "\r"), from: index) {
            if input.hasPrefix("\r\n\r\n", at: found) { return found + 4 }
            index = found + 1
        }
        return nil
    }

    private static func lineEnd(_ input: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        min(input.offset(of: UInt8(ascii: "\r"), from: start) ?? end, end)
    }

    /// The value of the field on the line from `start` to `end`, if it is called `name`, which is lower case.
    private static func value(
        _ input: Span<UInt8>,
        _ start: Int,
        _ end: Int,
        _ name: StaticString
    ) -> Range<Int>? {
        let length = name.utf8CodeUnitCount
        if end - start <= length || input[start + length] != UInt8(ascii: ":") { return nil }
        // SAFETY: `withUTF8Buffer` shows the name's bytes, which live as long as the program.
        let isNamed = name.withUTF8Buffer { expected in
            for index in 0..<length where input[start + index] | 0x20 != expected[index] | 0x20 {
                return false
            }
            return true
        }
        if !isNamed { return nil }
        var (first, last) = (start + length + 1, end)
        while first < last, input[first] == 0x20 { first += 1 }
        while last > first, input[last - 1] == 0x20 { last -= 1 }
        return first..<last
    }
}

/// Replies as the bodies of HTTP responses.
enum HTTPReplyParser {
    /// Takes the response that begins at `start`.
    static func next(
        _ input: Span<UInt8>,
        from start: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        switch HTTPText.head(input, from: start) {
        case .incomplete: return .incomplete
        case .malformed(let reason): return .malformed(reason)
        case .head(let head):
            let end = head.bodyStart + head.bodyBytes
            if input.count < end { return .incomplete }
            let consumed = end - start
            let outcome = JSONReplyParser.next(
                input,
                from: head.bodyStart,
                lineEnd: end,
                &scratch
            )
            if case .reply(var reply) = outcome {
                reply.consumed = consumed
                return .reply(reply)
            }
            if head.status >= 400 {
                // What refuses before there is a command may not speak JSON.
                let status = (start + 9)..<(start + 12)
                return .reply(
                    ParsedReply(
                        kind: .error,
                        consumed: consumed,
                        start: status.lowerBound,
                        end: status.upperBound
                    )
                )
            }
            return outcome
        }
    }
}
