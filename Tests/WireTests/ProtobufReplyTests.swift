// Protobuf replies: every item of a tape, the ids, and what does not fit a frame.
import Core
import Foundation
import SwiftProtobuf
import Testing

@testable import Wire

struct ProtobufReplyTests {
    /// The one frame that `build` is rendered as, read again.
    private func response(
        id: UInt64 = 0,
        answer: UInt8 = 0,
        _ build: Build
    ) throws -> SallyportResponse {
        var reply = Reply()
        build(&reply)
        var output = ByteBuffer()
        output.append(UInt8(ascii: "!"))
        let identifier = Message.identifier(id, answer)
        ReplyEncoder.encode(reply, as: .protobuf, identifier: identifier.span, into: &output)
        let bytes = bytesOf(output.span)
        #expect(bytes.first == UInt8(ascii: "!"), "what was there before stays")
        let length = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
        #expect(bytes.count == 5 + length)
        return try SallyportResponse(serializedBytes: Array(bytes[5...]))
    }

    private func expect(
        _ expected: SallyportResponse.OneOf_Result,
        answer: UInt8 = 0,
        location: SourceLocation = #_sourceLocation,
        _ build: Build
    ) throws {
        let response = try response(id: 7, answer: answer, build)
        #expect(response.id == 7, sourceLocation: location)
        #expect(response.result == expected, sourceLocation: location)
    }

    @Test("every item")
    func items() throws {
        try expect(.status("OK")) { $0.ok() }
        try expect(.integer(.min)) { $0.integer(Int64.min) }
        try expect(.integer(0)) { $0.integer(0) }
        try expect(.data(Data())) { $0.string("") }
        try expect(.data(Data([0xFF, 0, 0x61]))) { $0.bytes(([0xFF, 0, 0x61] as [UInt8]).span) }
        try expect(.data(Data("[1]".utf8))) { $0.json(Array("[1]".utf8).span) }
        try expect(.null(.init())) { $0.null() }
        try expect(.null(.init())) { $0.missingKey() }
        try expect(.list(.init())) { $0.list(0) }
        try expect(.map(.init())) { $0.map(0) }
    }

    @Test("what is nested stays in its place")
    func nested() throws {
        let word = SallyportValue.with { $0.status = "word" }
        let null = SallyportValue.with { $0.null = .init() }
        let error = SallyportValue.with { value in
            value.error = .with {
                $0.code = "invalid_request"
                $0.number = 3
                $0.message = "syntax error"
            }
        }
        let inner = SallyportValue.with { value in
            value.map.entries = [.with { ($0.key, $0.value) = (word, null) }]
        }
        let list = SallyportListValue.with { $0.items = [inner, error, word] }
        try expect(.list(list)) {
            $0.list(3)
            $0.map(1)
            $0.status("word")
            $0.missingKey()
            $0.error(.syntax)
            $0.status("word")
        }
    }

    @Test("requests with an answer of their own get it, and errors as they are")
    func typed() throws {
        let content = Data([0, 0xFF])
        try expect(.echo(.with { $0.content = content }), answer: 1) {
            $0.bytes(([0, 0xFF] as [UInt8]).span)
        }
        try expect(.add(.with { $0.result = -5 }), answer: 2) { $0.integer(-5) }
        try expect(.get(.init()), answer: 3) { $0.missingKey() }
        try expect(.get(.with { $0.found = true }), answer: 3) { $0.string("") }
        let found = SallyportGetResponse.with {
            $0.found = true
            $0.value = content
        }
        try expect(.get(found), answer: 3) { $0.bytes(([0, 0xFF] as [UInt8]).span) }
        for answer in UInt8(1)...3 {
            let refused = try response(id: 1, answer: answer) {
                $0.error(ServerError(.unauthenticated))
            }
            #expect(refused.error.code == "unauthenticated" && refused.error.number == 20)
        }
    }

    @Test("every error as its row says", arguments: ErrorCode.allCases)
    func errors(_ code: ErrorCode) throws {
        let plain = try response(id: .max) { $0.error(ServerError(code, "why")) }
        #expect(plain.id == .max && plain.error.message == "why")
        #expect(plain.error.code == code.row.jsonCode)
        #expect(plain.error.number == UInt32(code.rawValue))
        #expect(!plain.error.hasRetryAfterMs)
        let limited = try response { reply in
            reply.error(ServerError(code, "why", retryAfterMilliseconds: 0))
        }
        #expect(limited.error.hasRetryAfterMs && limited.error.retryAfterMs == 0)
    }

    @Test("a push has the id 0, its kind, and its fields by name")
    func push() throws {
        let response = try response(id: 7) {
            $0.push(5)
            $0.string("shutdown")
            $0.string("grace_ms")
            $0.integer(250)
            $0.status("data")
            $0.list(1)
            $0.null()
        }
        #expect(response.id == 0 && response.push.kind == "shutdown")
        #expect(response.push.fields.map(\.name) == ["grace_ms", "data"])
        #expect(response.push.fields.first?.value.integer == 250)
        #expect(response.push.fields.last?.value.list.items.count == 1)
        let alone = try self.response {
            $0.push(1)
            $0.status("bye")
        }
        #expect(alone.push.kind == "bye" && alone.push.fields.isEmpty)
    }

    @Test("what protobuf wants to be UTF-8 is")
    func repaired() throws {
        let response = try response {
            $0.push(1)
            $0.bytes(([0x61, 0xFF] as [UInt8]).span)
        }
        #expect(response.push.kind == "a\u{FFFD}")
    }

    @Test("a reply that does not fit a frame is an error with its id")
    func tooLong() throws {
        // Of a frame, the id, the tags and the length take 7 bytes.
        let most = Limits.maxProtobufFrameBytes - 7
        let value = [UInt8](repeating: 0x61, count: most + 1)
        let fits = try response(id: 5) { $0.bytes(value.span.extracting(first: most)) }
        #expect(fits.data.count == most)
        let refused = try response(id: 5) { $0.bytes(value.span) }
        #expect(refused.id == 5 && refused.error.code == "too_long")
        #expect(refused.error.message.contains("maxProtobufFrameBytes=16777215"))
    }

    @Test("a list that cannot fit is refused before it is made a message of")
    func tooMany() throws {
        let count = 4_300_000
        let refused = try response(id: 5) { reply in
            reply.list(count)
            for _ in 0..<count { reply.null() }
        }
        #expect(refused.id == 5 && refused.error.code == "too_long")
        let fits = try response(id: 5) { reply in
            reply.list(1000)
            for _ in 0..<1000 { reply.null() }
        }
        #expect(fits.list.items.count == 1000)
    }

    @Test("nothing answered, nothing sent")
    func nothing() {
        #expect(renderBytes(.protobuf) { _ in }.isEmpty)
    }

    @Test("a reply to what was no request has the id 0")
    func withoutRequest() throws {
        let bytes = renderBytes(.protobuf) { $0.error(ServerError(.idleTimeout)) }
        let response = try SallyportResponse(serializedBytes: Array(bytes.dropFirst(4)))
        #expect(response.id == 0 && response.error.code == "idle_timeout")
    }
}
