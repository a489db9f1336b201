// Batches: arrays of requests on one line, their limits, and what each element may be.
import Core
import Testing

@testable import Wire

struct JSONBatchTests {
    let feed = Feed(encoding: .json)
    private let ping = #"{"action":"PING"}"#
    private let noObject = Step.rejected(.invalidRequest, "a request must be a JSON object")

    @Test("each element is a request or an error of its own")
    func elements() {
        feed.expect("[\(ping)]\n", .opens, .request(["PING"]), .closes)
        feed.expect(
            #"[{"action":"GET","key":"]},{[","id":1},{"id":"\"]","action":"NOPE"},{}]"# + "\n",
            .opens,
            .request(["GET", "]},{["], id: "1"),
            .rejected(.unknownCommand, "unknown command 'NOPE'", id: #""\"]""#),
            .rejected(.invalidRequest, "field 'action' is missing"),
            .closes
        )
        feed.expect(
            "[[],[\(ping)],1,\"PING\",null,1e999,\(ping)]\n",
            .opens,
            noObject,
            noObject,
            noObject,
            noObject,
            noObject,
            noObject,
            .request(["PING"]),
            .closes
        )
    }

    @Test("white space between, lines before and behind")
    func surroundings() {
        feed.expect(
            " \t[ \t\(ping)\t, \(ping) ] \t\r\n\n\(ping)\n[\(ping)]\n",
            .opens,
            .request(["PING"]),
            .request(["PING"]),
            .closes,
            .request(["PING"]),
            .opens,
            .request(["PING"]),
            .closes
        )
    }

    @Test("nothing is asked, nothing is answered", arguments: ["[]\n", " [ ] \r\n"])
    func empty(_ line: String) {
        feed.expect(line, .opens, .closes)
        feed.expect(line + ping + "\n", .opens, .closes, .request(["PING"]))
    }

    @Test("a malformed line runs nothing of it")
    func malformed() {
        let steps = feed.steps(Array("[\(ping),\(ping),{]\n[\(ping),]\n\(ping)\n".utf8))
        #expect(steps.count == 3)
        for step in steps.prefix(2) {
            guard case .rejected(.malformedJSON, _, []) = step else {
                Issue.record("\(step)")
                return
            }
        }
        #expect(steps.last == .request(["PING"]))
    }

    @Test("the number of requests is limited")
    func limits() {
        var feed = feed
        feed.limits.maxBatchCommands = 3
        feed.limits.maxUnauthenticatedBatchCommands = 2
        let pings = [Step](repeating: .request(["PING"]), count: 3)
        feed.expect(Array("[\(ping),\(ping),\(ping)]\n".utf8), [.opens] + pings + [.closes])
        feed.expect(
            "[1,2,3,4]\n\(ping)\n",
            .rejected(.tooLong, "batch of 4 requests: maxBatchCommands allows 3"),
            .request(["PING"])
        )
        feed.isAuthenticated = false
        let two = Array("[\(ping),\(ping)]\n".utf8)
        feed.expect(two, [.opens] + pings.dropLast() + [.closes])
        feed.expect(
            "[\(ping),\(ping),\(ping)]\n",
            .rejected(.tooLong, "batch of 3 requests: maxUnauthenticatedBatchCommands allows 2")
        )
    }

    @Test("the line is limited as every other")
    func lineLimit() {
        var feed = feed
        feed.limits.maxRequestBytes = 60
        feed.expect(
            "[\(ping),\(ping),\(ping),\(ping)]\n\(ping)\n",
            .rejected(
                .tooLong,
                "line above maxRequestBytes=60 bytes; the rest of it is discarded"
            ),
            .request(["PING"])
        )
    }

    @Test("before a token, no more is told of commands than that one is needed")
    func unauthenticated() {
        var feed = feed
        feed.isAuthenticated = false
        let noToken = Step.rejected(.unauthenticated, "Authentication required.", id: "1")
        feed.expect(
            #"[{"action":"NOPE","id":1},{"action":"GET","id":1},{"action":"PING","id":1}]"# + "\n",
            .opens,
            noToken,
            noToken,
            .request(["PING"], id: "1"),
            .closes
        )
        feed.expect(#"{"action":"GET","x":1,"id":1}"# + "\n", noToken)
        feed.expect(
            #"{"action":"PING","x":1}"# + "\n",
            .rejected(.invalidRequest, "field 'x' is not one of PING's: message, id")
        )
    }

    @Test("a batch is read once, and remembered in a few bytes")
    func memory() {
        var decoder = RequestDecoder(encoding: .json)
        var frame = RequestFrame()
        let json = LineJSONParser()
        let line =
            Array(
                ("[" + [String](repeating: ping, count: 1000).joined(separator: ","))
                    .utf8
            ) + Array("]\n".utf8)
        var position = 0
        for left in (0..<1000).reversed() {
            let outcome = decoder.decode(
                line.span,
                from: position,
                into: &frame,
                catalog: testCatalog,
                limits: Limits(),
                isAuthenticated: true,
                json: json
            )
            guard case .request(let consumed) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            position += consumed
            #expect(Int(decoder.batchRemaining) == left)
            // One request, its comma or bracket, and the line's end or beginning.
            #expect(consumed <= ping.utf8.count + 2)
        }
        #expect(position == line.count)
    }

    @Test("a batch can be ended early")
    func endsEarly() {
        var decoder = RequestDecoder(encoding: .json)
        var frame = RequestFrame()
        var output = ByteBuffer()
        let line = Array("[\(ping),\(ping)]\n".utf8)
        decoder.endBatch(into: &output)
        #expect(output.count == 0)
        _ = decoder.decode(
            line.span,
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: LineJSONParser()
        )
        let isInside = decoder.isInsideBatch
        #expect(isInside)
        decoder.endBatch(into: &output)
        let isInsideStill = decoder.isInsideBatch
        #expect(!isInsideStill)
        #expect(bytesOf(output.span) == Array("]\n".utf8))
    }

    @Test("replies are one line")
    func replies() {
        func reply(_ place: BatchPlace, _ id: String = "") -> String {
            var reply = Reply()
            reply.ok()
            var output = ByteBuffer()
            ReplyEncoder.encode(
                reply,
                as: .json,
                identifier: Array(id.utf8).span,
                place: place,
                into: &output
            )
            return String(decoding: bytesOf(output.span), as: UTF8.self)
        }
        #expect(reply([.inside, .first], "7") == #"[{"id":7,"result":"OK"}"#)
        #expect(reply(.inside) == #",{"result":"OK"}"#)
        #expect(reply([.inside, .last]) == #",{"result":"OK"}]"# + "\n")
        #expect(reply([.inside, .first, .last]) == #"[{"result":"OK"}]"# + "\n")
        #expect(reply(.alone) == #"{"result":"OK"}"# + "\n")
    }
}
