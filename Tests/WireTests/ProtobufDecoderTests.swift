// Protobuf requests: every message of the schema, and every way to be refused.
import Core
import Testing

@testable import Wire

struct ProtobufDecoderTests {
    let feed = Feed(encoding: .protobuf)

    private typealias Row = (field: UInt64, body: [UInt8], step: Step)

    /// Every command of the schema, by its field.
    private static let rows: [Row] = [
        (2, Message.field(1, "sp_a_b"), .words("AUTH", "sp_a_b")),
        (2, Message.field(1, "t") + Message.field(2, "n"), .words("AUTH", "n", "t")),
        (2, Message.field(2, ""), .words("AUTH", "", "")),
        (3, [], .words("PING")),
        (3, Message.field(1, ""), .words("PING", "")),
        (3, Message.field(1, "hi"), .words("PING", "hi")),
        (4, Message.field(1, "a b"), .words("ECHO", "a b", answer: 1)),
        (4, [], .words("ECHO", "", answer: 1)),
        (
            5, Message.field(1, integer: 2) + Message.field(2, integer: -3),
            .words("ADD", "2", "-3", answer: 2)
        ),
        (5, Message.field(1, integer: .min), .words("ADD", "\(Int64.min)", "0", answer: 2)),
        (6, [], .words("WHO")),
        (7, [], .words("WHERE")),
        (8, [], .words("WHY")),
        (9, Message.field(1, "k"), .words("GET", "k", answer: 3)),
        (9, [], .words("GET", "", answer: 3)),
        (11, Message.field(1, "a") + Message.field(1, "b"), .words("DEL", "a", "b")),
        (11, [], .words("DEL")),
        (12, Message.field(1, "k") + Message.field(2, integer: -1), .words("EXPIRE", "k", "-1")),
        (13, Message.field(1, "k"), .words("TTL", "k")),
        (14, Message.field(1, "a") + Message.field(1, "b"), .words("SUBSCRIBE", "a", "b")),
        (15, [], .words("UNSUBSCRIBE")),
        (16, Message.field(1, "news") + Message.field(2, "hi"), .words("PUBLISH", "news", "hi")),
        (17, Message.generic("mget", [0x61], []), .words("mget", "a", "")),
        (17, Message.generic("NO SUCH", [0x61]), .words("NO SUCH", "a")),
        (17, [], .words("")),
    ]

    @Test("every message", arguments: 0..<rows.count)
    func messages(_ index: Int) {
        let row = Self.rows[index]
        feed.expect(Message.request(row.field, row.body), [row.step])
    }

    private static let options: [([UInt8], [String])] = [
        ([], []),
        (Message.field(3, varint: 1), ["NX"]),
        (Message.field(3, varint: 2), ["XX"]),
        (Message.field(4, varint: 1), ["GET"]),
        (Message.field(5, integer: 60), ["EX", "60"]),
        (Message.field(6, integer: 0), ["PX", "0"]),
        (Message.field(7, integer: -1), ["EXAT", "-1"]),
        (Message.field(8, integer: .max), ["PXAT", "\(Int64.max)"]),
        (Message.field(9, varint: 1), ["KEEPTTL"]),
        (Message.field(9, varint: 0), []),
        (Message.field(5, integer: 1) + Message.field(9, varint: 1), ["KEEPTTL"]),
        (
            Message.field(9, varint: 1) + Message.field(6, integer: 7) + Message.field(4, varint: 1)
                + Message.field(3, varint: 1), ["NX", "GET", "PX", "7"]
        ),
    ]

    @Test("every option of SET", arguments: 0..<options.count)
    func set(_ index: Int) {
        let (body, words) = Self.options[index]
        let request = Message.request(10, Message.field(1, "k") + Message.field(2, "v") + body)
        let arguments = (["SET", "k", "v"] + words).map { Array($0.utf8) }
        feed.expect(request, [.request(arguments, id: Message.identifier(0))])
    }

    @Test("the id is kept, from the least to the greatest", arguments: [0, 1, 256, UInt64.max])
    func identifiers(_ id: UInt64) {
        feed.expect(Message.request(id: id, 8), [.words("WHY", id: id)])
        let number: Step = .words("GET", "k", id: id, answer: 3)
        feed.expect(Message.request(id: id, 9, Message.field(1, "k")), [number])
    }

    @Test("bytes of every value, NUL included", arguments: [UInt8(0), 0x0A, 0x7B, 0xC3, 0xFF])
    func binary(_ byte: UInt8) {
        let value = [byte, byte, byte]
        let expected = Step.request([Array("GET".utf8), value], id: Message.identifier(0))
        feed.expect(Message.request(17, Message.generic("GET", value)), [expected])
    }

    @Test("pipelined requests are taken one by one")
    func pipeline() {
        let input =
            Message.request(id: 1, 8) + Message.request(id: 2, 9, Message.field(1, "k"))
            + Message.request(id: 3, 6)
        feed.expect(
            input,
            [
                .words("WHY", id: 1), .words("GET", "k", id: 2, answer: 3), .words("WHO", id: 3),
            ]
        )
    }

    @Test("the last of several commands counts")
    func lastOneof() {
        let body = Message.field(8, []) + Message.field(9, Message.field(1, "k"))
        feed.expect(Message.frame(body), [.words("GET", "k", answer: 3)])
    }

    @Test("fields of the future are ignored, whatever their type")
    func unknownFields() {
        let eight = [UInt8](repeating: 7, count: 8)
        let unknown =
            Message.field(1000, varint: .max) + Message.field(1001, "text")
            + Message.tag(1002, 1) + eight + Message.tag(1003, 5) + eight.prefix(4)
            + Message.nest(1004, depth: 3)
        let get = unknown + Message.field(1, "k") + unknown
        let input = Message.frame(unknown + Message.field(9, get) + unknown)
        feed.expect(input, [.words("GET", "k", answer: 3)])
        // A known number with the wrong type is a field of the future, too.
        let typed = Message.field(9, Message.field(1, varint: 5) + Message.field(1, "k"))
        feed.expect(Message.frame(typed), [.words("GET", "k", answer: 3)])
    }

    @Test("a request without a command that is known is an error, and the connection stays")
    func withoutCommand() {
        let message = "the request holds no command that is known here"
        let id = Message.identifier(5)
        let error = Step.rejected(.invalidRequest, message, id: id)
        let number = Message.field(1, varint: 5)
        feed.expect(Message.frame(number), [error])
        feed.expect(Message.frame(number + Message.field(900, "new")), [error])
        // A command that is no message at all is not one.
        feed.expect(Message.frame(number + Message.field(9, varint: 1)), [error])
        feed.expect(
            Message.frame(number) + Message.request(id: 6, 8),
            [error, .words("WHY", id: 6)]
        )
    }

    @Test("an option that is not known is not left out")
    func unknownCondition() {
        let set = Message.field(1, "k") + Message.field(3, varint: 9)
        let message = "field 'condition' holds a value that is not known"
        let error = Step.rejected(.invalidRequest, message, id: Message.identifier(1))
        feed.expect(Message.request(id: 1, 10, set), [error])
    }

    private static let broken: [[UInt8]] = [
        [0xFF, 0xFF, 0xFF],
        // A varint that never ends, one that is too long, field number 0, wire types 6 and 7.
        [0x08], [0x08] + [UInt8](repeating: 0x80, count: 11), [0x00, 0x01], [0x0E, 0x01],
        [0x0F, 0x01],
        // A length beyond the message, within it and at its end, and one of 2^63.
        [0x4A, 0x05, 0x0A], Message.field(9, [0x0A, 0x05, 0x61]), Message.tag(9, 2),
        Message.tag(9, 2) + Message.varint(1 << 63),
        // A group that is not closed, one that is not opened, one closed as another.
        Message.tag(100, 3), Message.tag(100, 4), Message.tag(100, 3) + Message.tag(101, 4),
        // Strings that are not UTF-8: an overlong form, a surrogate, half a character.
        Message.field(17, Message.field(1, [0xC0, 0x80])),
        Message.field(17, Message.field(1, [0xED, 0xA0, 0x80])),
        Message.field(2, Message.field(1, [0x61, 0xC3])),
        // Groups nested too deep to follow.
        Message.nest(100, depth: 20), Message.nest(100, depth: 100_000),
    ]

    @Test("a body that does not decode closes", arguments: 0..<broken.count)
    func undecodable(_ index: Int) {
        var feed = feed
        let body = Self.broken[index]
        if body.count > 1000 { feed.moves = false }
        let message = "Protocol error: a frame that holds no sallyport.v1.Request"
        let error = Step.rejected(.protocolError, message, id: [])
        if body.count > 1000 {
            #expect(feed.steps(Message.frame(body)) == [error])
        } else {
            feed.expect(Message.frame(body) + Message.request(8), [error])
        }
    }

    @Test("every request cut short within its frame closes")
    func truncated() {
        let set = Message.field(1, "key") + Message.field(2, "value") + Message.field(5, integer: 9)
        let whole = Message.field(1, varint: 300) + Message.field(10, set)
        for count in 1..<whole.count {
            // Behind the id alone the message is whole again.
            let code: ErrorCode = count == 3 ? .invalidRequest : .protocolError
            let steps = feed.steps(Message.frame(Array(whole[..<count])))
            guard case .rejected(code, _, _)? = steps.first, steps.count == 1 else {
                Issue.record("cut at \(count): \(steps)")
                return
            }
        }
        // A frame that is longer than its bytes is waited for.
        for count in 0..<(whole.count + 4) {
            #expect(feed.steps(Array(Message.frame(whole)[..<count])).isEmpty)
        }
    }

    @Test(
        "lengths that cannot be",
        arguments: [
            ([0, 0, 0, 0], "a frame of no bytes"),
            ([1, 0, 0, 0], "frame above maxProtobufFrameBytes=16777215 bytes"),
            ([0x7F, 0xFF, 0xFF, 0xFF], "frame above maxProtobufFrameBytes=16777215 bytes"),
            ([0xFF, 0xFF, 0xFF, 0xFF], "frame above maxProtobufFrameBytes=16777215 bytes"),
            (Array("GET ".utf8), "frame above maxProtobufFrameBytes=16777215 bytes"),
        ] as [([UInt8], String)]
    )
    func lengths(_ header: [UInt8], _ reason: String) {
        let error = Step.rejected(.protocolError, "Protocol error: \(reason)", id: [])
        feed.expect(header, [error])
        feed.expect(Message.request(id: 1, 8) + header + [1, 2, 3], [.words("WHY", id: 1), error])
    }
}

/// The limits of protobuf requests.
struct ProtobufLimitTests {
    private func refused(_ feed: Feed, _ input: [UInt8], _ reason: String) {
        let steps = feed.steps(input)
        guard case .rejected(.protocolError, "Protocol error: \(reason)", _)? = steps.first else {
            Issue.record("\(steps)")
            return
        }
        #expect(steps.count == 1)
    }

    @Test("before a token frames are small, and the length alone decides")
    func unauthenticated() {
        var feed = Feed(encoding: .protobuf)
        feed.moves = false
        feed.isAuthenticated = false
        let fitting = [UInt8](repeating: 0x61, count: 16_384 - 6)
        let frame = Message.request(9, Message.field(1, fitting))
        #expect(frame.count == 4 + 16_384)
        #expect(feed.steps(frame).count == 1)
        let reason = "frame above maxUnauthenticatedArgumentBytes=16384 bytes"
        refused(feed, [0, 0, 0x40, 1], reason)
        let ten = Message.field(1, "mget") + [[UInt8]](repeating: [0x12, 0], count: 9).joined()
        #expect(feed.steps(Message.request(17, ten)).count == 1)
        let many = "more than maxUnauthenticatedArguments=10 arguments"
        refused(feed, Message.request(17, ten + [0x12, 0]), many)
        feed.isAuthenticated = true
        #expect(feed.steps(Message.request(17, ten + [0x12, 0])).count == 1)
        #expect(feed.steps([0, 0, 0x40, 1]).isEmpty)
    }

    @Test("the limits on every request hold")
    func authenticated() {
        var feed = Feed(encoding: .protobuf)
        feed.limits.maxRequestBytes = 40
        feed.limits.maxArguments = 3
        refused(feed, [0, 0, 0, 41], "frame above maxRequestBytes=40 bytes")
        #expect(feed.steps([0, 0, 0, 40]).isEmpty)
        let two = Message.generic("mget", [], [])
        #expect(feed.steps(Message.request(17, two)).count == 1)
        refused(feed, Message.request(17, two + [0x12, 0]), "more than maxArguments=3 arguments")
    }

    @Test("a claimed length reserves nothing")
    func claims() {
        var decoder = RequestDecoder(encoding: .protobuf)
        var frame = RequestFrame()
        let input: [UInt8] = [0, 0xFF, 0xFF, 0xFF, 0x0A]
        let outcome = decoder.decode(
            input.span,
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: LineJSONParser()
        )
        #expect(outcome == .incomplete(needed: 4 + 0xFF_FFFF))
        #expect(frame.scratch.capacity == 0 && frame.ranges.capacity == 0)
    }

    @Test("a value of the largest size fits a frame, with the longest key and every option")
    func largest() {
        let limits = Limits()
        let most = limits.maxKeyBytes + limits.maxValueBytes + 200
        #expect(most <= Limits.maxProtobufFrameBytes)
        var feed = Feed(encoding: .protobuf)
        feed.moves = false
        let value = [UInt8](repeating: 0xFF, count: limits.maxValueBytes)
        let set = Message.field(1, "k") + Message.field(2, value)
        let steps = feed.steps(Message.request(id: .max, 10, set))
        guard case .request(let words, _)? = steps.first else {
            Issue.record("not taken")
            return
        }
        #expect(words.count == 3 && words.last?.count == value.count)
    }
}
