// What concerns the connection: tokens, limits, bodies, pipelines, and its end.
import Commands
import Core
import Foundation
import Testing

@testable import Gateway

@Suite struct ConnectionTests {
    @Test func withoutATokenNothingIsServed() throws {
        let bench = try HTTPBench()
        let answer = try bench.ask(request("GET", "/v1/kv/k", as: nil))
        #expect(answer.status == 401 && answer.code == "unauthenticated")
        #expect(answer.fields["www-authenticate"] == "Bearer realm=\"sallyport\"")
        for value in ["Bearer", "Bearer ", "Basic abc", "Bearer sp_x_y", "bearer  \u{e9}"] {
            let fields = ["Authorization: \(value)"]
            let answer = try bench.ask(request("GET", "/v1/kv/k", as: nil, fields))
            #expect(answer.status == 401, "\(value)")
            #expect(answer.fields["www-authenticate"] != nil)
        }
        let lower = ["authorization: bearer \(Tokens.of("root"))"]
        #expect(try bench.ask(request("GET", "/v1/kv/k", as: nil, lower)).status == 404)
    }

    @Test func eachRequestNeedsItsToken() throws {
        let peer = try HTTPBench().connect()
        let answers = peer.send(
            request("PUT", "/v1/kv/k", body: "v") + request("GET", "/v1/kv/k", as: nil)
                + request("GET", "/v1/kv/k", as: "reader")
                + request("DELETE", "/v1/kv/k", as: "reader")
                + request("GET", "/v1/kv/k", as: nil, ["Authorization: Bearer sp_no_no"])
                + request("DELETE", "/v1/kv/k")
        )
        #expect(answers.map(\.status) == [204, 401, 200, 403, 401, 204])
    }

    @Test func guessingEndsTheConnection() throws {
        let bench = try HTTPBench()
        let peer = bench.connect()
        let guess = request("GET", "/status", as: nil, ["Authorization: Bearer sp_no_no"])
        let answers = peer.send(String(repeating: guess, count: 10))
        #expect(answers.map(\.status) == [401, 401, 401, 401, 429] && peer.isClosed)
        #expect(answers.last?.code == "too_many_failures")
    }

    @Test func ratesAreSaidWithTheirTime() throws {
        let peer = try HTTPBench().connect()
        let ask = request("GET", "/v1/kv/k", as: "metered")
        let answers = peer.send(String(repeating: ask, count: 5))
        let refused = try #require(answers.last)
        #expect(refused.status == 429 && refused.code == "rate_limited")
        #expect(refused.fields["retry-after"] == "1")
        #expect(refused.text.contains("limit=tokenCommandsPerSecond"))
        #expect(!peer.isClosed)
    }

    @Test func anAddressPaysForWhatNeedsNoToken() throws {
        let bench = try HTTPBench { limits in
            limits.addressCommandsPerSecond = 1
            limits.addressCommandsBurst = 3
        }
        let targets = ["/health", "/healthz", "/status", "/readyz", "/health"]
        let statuses = try targets.map { try bench.ask(request("GET", $0, as: nil)).status }
        #expect(statuses == [200, 200, 401, 429, 429])
    }

    @Test func headsHaveLimits() throws {
        let bench = try HTTPBench()
        func expect(_ text: String, _ status: Int, _ limit: String) {
            for size in [Int.max, 1000] {
                let peer = bench.connect()
                let answers = peer.send(text, by: size)
                #expect(answers.map(\.status) == [status], "\(limit)")
                #expect(answers.first?.text.contains("limit=\(limit)") == true)
                #expect(peer.isClosed)
            }
        }
        let path = String(repeating: "a", count: (8 << 10) - 1)
        #expect(try bench.ask(request("GET", "/\(path)")).status == 404)
        expect("GET /\(path)a HTTP/1.1\r\nHost: x\r\n\r\n", 414, "maxHTTPTargetBytes")
        expect("GET /\(path)aaaaaaaa", 414, "maxHTTPTargetBytes")
        let fields = (0..<98).map { "X-\($0): y" }
        #expect(try bench.ask(request("GET", "/health", fields)).status == 200)
        expect(request("GET", "/health", fields + ["X: y"]), 431, "maxHTTPFields")
        let start = "GET /health HTTP/1.1\r\nHost: x\r\nX: "
        let room = (16 << 10) - start.utf8.count - 4
        let value = String(repeating: "v", count: room)
        #expect(try bench.ask(start + value + "\r\n\r\n").status == 200)
        expect(start + value + "v\r\n\r\n", 431, "maxHTTPHeadBytes")
        expect(start + value + value, 431, "maxHTTPHeadBytes")
    }

    @Test func bodiesHaveLimits() throws {
        let bench = try HTTPBench { limits in limits.maxRequestBytes = 1 << 20 }
        let small = String(repeating: "b", count: 16 << 10)
        #expect(try bench.ask(request("GET", "/health", as: nil, body: small)).status == 200)
        let refused = [
            (
                request("GET", "/health", as: nil, body: small + "b"),
                "maxUnauthenticatedArgumentBytes"
            ),
            (
                request("PUT", "/v1/kv/k", ["Content-Length: 1048577"]), "maxRequestBytes"
            ),
        ]
        for (text, limit) in refused {
            let peer = bench.connect()
            let answers = peer.send(text)
            #expect(answers.map(\.status) == [413] && peer.isClosed)
            #expect(answers[0].text.contains("limit=\(limit)"))
        }
        // In chunks the limit is met on the way; their framing counts.
        let peer = bench.connect()
        let head = request("PUT", "/v1/kv/k", ["Transfer-Encoding: chunked"])
        let chunk = "8000\r\n" + String(repeating: "c", count: 0x8000) + "\r\n"
        #expect(peer.send(head + String(repeating: chunk, count: 31)).isEmpty)
        #expect(peer.connection.isInsideRequest && peer.connection.heldBytes >= 31 * 0x8000)
        #expect(peer.send(chunk).map(\.status) == [413])
        #expect(peer.isClosed && peer.connection.heldBytes == 0)
        let value = String(repeating: "v", count: (1 << 20) + 1)
        let large = try HTTPBench().ask(request("PUT", "/v1/kv/k", body: value))
        #expect(large.status == 413 && large.code == "value_too_large")
    }

    @Test func theLastRequestOfOneConnectionLeavesNothingToTheNext() throws {
        let bench = try HTTPBench()
        let lasts = [
            request("GET", "/health", ["Connection: close"]),
            request("GET", "/nothing", ["Connection: close"]),
            request("PUT", "/v1/kv/k", ["Connection: close"], body: "v"),
            request("GET", "/health").replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0"),
        ]
        for last in lasts {
            for _ in 0..<3 { #expect(try bench.ask(last).status != 400) }
            #expect(try bench.ask(request("PUT", "/v1/kv/l", body: "v")).status == 204)
        }
    }

    @Test func expectations() throws {
        let bench = try HTTPBench()
        let head = request("PUT", "/v1/kv/k", ["Expect: 100-continue", "Content-Length: 1"])
        let peer = bench.connect()
        #expect(peer.send(head).map(\.status) == [100])
        #expect(peer.send("v").map(\.status) == [204])
        // Who did not wait needs no answer to it.
        #expect(peer.send(head + "v").map(\.status) == [204])
        let refused = bench.connect()
        let without = request(
            "PUT",
            "/v1/kv/k",
            as: nil,
            ["Expect: 100-continue", "Content-Length: 1"]
        )
        #expect(refused.send(without).map(\.status) == [401] && refused.isClosed)
        let other = try bench.ask(request("GET", "/health", ["Expect: the-unexpected"]))
        #expect(other.status == 417)
    }

    @Test func pipelinesAreAnsweredInOrder() throws {
        let text =
            request("PUT", "/v1/kv/k", body: "1")
            + commands(#"{"action":"INCR","key":"k"}"#) + request("HEAD", "/v1/kv/k")
            + request("PUT", "/v1/kv/k", ["Transfer-Encoding: chunked"]) + "3\r\nabc\r\n0\r\n\r\n"
            + request("GET", "/v1/kv/k") + request("GET", "/nothing")
            + request("DELETE", "/v1/kv/k")
            + request("GET", "/v1/kv/k")
        let heads = [false, false, true, false, false, false, false, false]
        for size in 1...40 {
            let answers = try HTTPBench().connect().send(text, by: size, heads: heads)
            #expect(
                answers.map(\.status) == [204, 200, 200, 204, 200, 404, 204, 404],
                "by \(size)"
            )
            #expect(answers[1].text == "{\"result\":2}\n" && answers[4].text == "abc", "by \(size)")
        }
        for split in 1..<text.utf8.count {
            let peer = try HTTPBench().connect()
            let bytes = Array(text.utf8)
            var answers = peer.send(Array(bytes[..<split]), heads: heads)
            let left = Array(heads.dropFirst(answers.count))
            answers += peer.send(Array(bytes[split...]), heads: left)
            #expect(answers.map(\.status) == [204, 200, 200, 204, 200, 404, 204, 404], "\(split)")
        }
    }

    @Test func aLongPipelineIsAnsweredInParts() throws {
        let bench = try HTTPBench { limits in limits.replyBatchBytes = 1000 }
        let peer = bench.connect()
        let text = String(repeating: request("GET", "/health", as: nil), count: 100)
        #expect(peer.send(text).count == 100 && peer.answered == 100)
    }

    @Test func keepingAlive() throws {
        let bench = try HTTPBench()
        let cases = [
            ("HTTP/1.1", "", false, nil), ("HTTP/1.1", "Connection: close\r\n", true, "close"),
            ("HTTP/1.0", "", true, "close"),
            ("HTTP/1.0", "Connection: keep-alive\r\n", false, "keep-alive"),
        ]
        for (version, field, closes, said) in cases {
            let peer = bench.connect()
            let text = "GET /health \(version)\r\nHost: x\r\n\(field)\r\n"
            let answers = peer.send(text + text)
            #expect(answers.count == (closes ? 1 : 2) && peer.isClosed == closes)
            #expect(answers[0].fields["connection"] == said)
        }
    }

    /// Connections share a parser, by turns: the last request of one must not harm the next of another.
    @Test(arguments: [
        "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n", "GET /nowhere HTTP/1.0\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    ])
    func theEndOfOneConnectionHarmsNoOther(_ last: String) throws {
        let bench = try HTTPBench()
        let other = bench.connect()
        #expect(other.send(request("PUT", "/v1/kv/k", body: "v")).map(\.status) == [204])
        #expect(bench.connect().send(last).count == 1)
        #expect(other.send(request("GET", "/v1/kv/k")).map(\.status) == [200])
    }

    @Test func refusalsFromOutside() throws {
        let bench = try HTTPBench()
        func refuse(_ code: ErrorCode, hasBegun: Bool, retry: Int64? = nil) -> [HTTPAnswer] {
            let session = bench.context.session
            session.closesAfterReply = false
            var output = ByteBuffer()
            HTTPConnection().refuse(
                ServerError(code, retryAfterMilliseconds: retry),
                bench.gateway,
                bench.context,
                hasBegun: hasBegun,
                into: &output
            )
            #expect(session.closesAfterReply || output.isEmpty)
            var bytes: [UInt8] = []
            output.withBytes { bytes += $0 }
            return HTTPAnswer.parse(bytes[...])
        }
        let busy = refuse(.busy, hasBegun: false, retry: 1_001)
        #expect(busy.map(\.status) == [503] && busy[0].fields["retry-after"] == "2")
        #expect(busy[0].fields["connection"] == "close")
        #expect(refuse(.requestTimeout, hasBegun: true).map(\.status) == [408])
        #expect(refuse(.idleTimeout, hasBegun: false).isEmpty)
        let peer = bench.connect()
        peer.send(request("GET", "/health"))
        var output = ByteBuffer()
        let ended = ServerError(.sessionEnded)
        peer.connection.refuse(ended, bench.gateway, bench.context, hasBegun: false, into: &output)
        var count = output.count
        #expect(count == 0)
        peer.send("GET /")
        peer.connection.refuse(ended, bench.gateway, bench.context, hasBegun: true, into: &output)
        count = output.count
        #expect(count > 0)
    }

    @Test func upgradesAreNotTaken() throws {
        let peer = try HTTPBench().connect()
        let fields = ["Connection: Upgrade", "Upgrade: h2c"]
        let text = request("GET", "/health", fields) + request("GET", "/health")
        #expect(peer.send(text).map(\.status) == [200, 200])
        #expect(peer.send(request("PUT", "/v1/kv/k", fields, body: "v")).map(\.status) == [400])
    }
}
