// The reply tape: what is written is read back.
import Core
import Testing

/// The items of a reply, as text.
private func items(_ reply: borrowing Reply) -> [String] {
    var reader = ReplyReader(reply.tape.span)
    var found: [String] = []
    while reader.next() {
        let payload = reader.payload
        let text = String(decoding: (0..<payload.count).map { payload[$0] }, as: UTF8.self)
        switch reader.item {
        case .status: found.append("status \(text)")
        case .bytes: found.append("bytes \(text)")
        case .json: found.append("json \(text)")
        case .integer: found.append("integer \(reader.integer)")
        case .null: found.append("null")
        case .missingKey: found.append("missing")
        case .list: found.append("list \(reader.count)")
        case .map: found.append("map \(reader.count)")
        case .push: found.append("push \(reader.count)")
        case .double: found.append("double \(reader.double)")
        case .boolean: found.append("boolean \(reader.boolean)")
        case .bigNumber: found.append("big \(text)")
        case .verbatim: found.append("verbatim \(text)")
        case .set: found.append("set \(reader.count)")
        case .attribute: found.append("attribute \(reader.count)")
        case .several: found.append("several \(reader.count)")
        case .error:
            let retry = reader.retryAfterMilliseconds.map(String.init) ?? "-"
            found.append("error \(reader.errorCode) \(retry)")
        }
    }
    #expect(reader.isAtEnd == true)
    return found
}

struct ReplyTests {
    @Test("every item is read back")
    func roundTrip() {
        var reply = Reply()
        #expect(reply.isEmpty && items(reply).isEmpty)
        reply.map(2)
        reply.ok()
        reply.integer(Int64.min)
        reply.string("é")
        reply.list(3)
        reply.null()
        reply.missingKey()
        reply.bytes([UInt8]().span)
        reply.json(Array("[1]".utf8).span)
        reply.push(1)
        reply.status("bye")
        reply.integer(Int.max)
        #expect(
            items(reply) == [
                "map 2", "status OK", "integer -9223372036854775808", "bytes é", "list 3", "null",
                "missing", "bytes ", "json [1]", "push 1", "status bye",
                "integer 9223372036854775807",
            ]
        )
        reply.reset()
        #expect(reply.isEmpty && items(reply).isEmpty)
    }

    @Test("every type is read back")
    func types() {
        var reply = Reply()
        reply.attribute(1)
        reply.set(3)
        reply.double(-0.5)
        reply.double(.infinity)
        reply.boolean(true)
        reply.boolean(false)
        reply.bigNumber(Array("-12".utf8).span)
        reply.verbatim(Array("a b".utf8).span)
        #expect(
            items(reply) == [
                "attribute 1", "set 3", "double -0.5", "double inf", "boolean true",
                "boolean false", "big -12", "verbatim a b",
            ]
        )
    }

    @Test(
        "errors keep their code, text and time to retry",
        arguments: [
            nil, 0, 1, 250, 86_400_000, Int64.max,
        ] as [Int64?]
    )
    func errors(_ retry: Int64?) {
        for code in ErrorCode.allCases {
            var reply = Reply()
            reply.error(ServerError(code, "text", retryAfterMilliseconds: retry))
            // 47 bits of milliseconds are 4,459 years.
            let stored = retry.map { String(min($0, (1 << 47) - 1)) } ?? "-"
            #expect(items(reply) == ["error \(code) \(stored)", "bytes text"])
        }
    }

    @Test("a count can be changed after the fact")
    func patch() {
        var reply = Reply()
        reply.ok()
        let offset = reply.tape.count
        reply.list(0)
        reply.integer(1)
        reply.patchCount(at: offset, 70_000)
        #expect(items(reply) == ["status OK", "list 70000", "integer 1"])
    }

    @Test("a reset tape keeps little memory")
    func memory() {
        var reply = Reply()
        let large = [UInt8](repeating: 1, count: 1 << 20)
        reply.bytes(large.span)
        reply.reset()
        #expect(reply.isEmpty && reply.tape.capacity == 0)
    }

    @Test("values above the limit are left out, and that is known until the reset")
    func limit() {
        var reply = Reply(maxBytes: 100)
        let half = [UInt8](repeating: 1, count: 50)
        reply.bytes(half.span)
        let before = reply.isTooLong
        #expect(!before)
        reply.bytes(half.span)
        let behind = reply.isTooLong
        #expect(behind)
        let count = reply.tape.count
        #expect(count == 59)
        reply.reset()
        let afterReset = reply.isTooLong
        #expect(!afterReset)
        reply.string(String(repeating: "x", count: 101))
        let isReplyTooLong = reply.isTooLong && reply.isEmpty
        #expect(isReplyTooLong)
        var other = Reply()
        other.bytes(half.span)
        var outer = Reply(maxBytes: 58)
        outer.append(other)
        let isOuterTooLong = outer.isTooLong && outer.isEmpty
        #expect(isOuterTooLong)
    }

    @Test("a tape that is cut short ends the walk")
    func truncated() {
        var reply = Reply()
        reply.list(1)
        reply.string("abcdef")
        let whole = reply.tape.count
        for count in 0..<whole {
            reply.tape.truncate(to: count)
            var reader = ReplyReader(reply.tape.span)
            var steps = 0
            while reader.next() { steps += 1 }
            #expect(steps <= 1)
            reply.reset()
            reply.list(1)
            reply.string("abcdef")
        }
    }
}
