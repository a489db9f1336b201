// /v1/kv: values, their versions as entity tags, and the conditions on them.
import Commands
import Core
import Testing

@testable import Gateway

@Suite struct ValueRouteTests {
    @Test func aValueComesAndGoes() throws {
        let bench = try HTTPBench()
        let target = "/v1/kv/users%5E42%5Ena%2Fme%00"
        #expect(try bench.ask(request("GET", target)).code == "key_not_found")
        #expect(try bench.ask(request("PUT", target, body: "Ada\r\n\r\n")).status == 204)
        let answer = try bench.ask(request("GET", target))
        #expect(answer.status == 200 && answer.text == "Ada\r\n\r\n")
        #expect(answer.fields["content-type"] == "application/octet-stream")
        let tag = try #require(answer.fields["etag"])
        #expect(tag.hasPrefix("\"") && Int(tag.dropFirst().dropLast()) ?? 0 > 0)
        // The path is the key, with its slashes as they are.
        #expect(try bench.ask(request("GET", "/v1/kv/users^42^na/me%00")).text == answer.text)
        let peer = bench.connect()
        let heads = peer.send(request("HEAD", target), heads: [true])
        #expect(heads.map(\.fields) == [answer.fields] && heads[0].status == 200)
        #expect(heads[0].body.isEmpty)
        #expect(try bench.ask(request("DELETE", target)).status == 204)
        #expect(try bench.ask(request("DELETE", target)).status == 404)
        let missing = peer.send(
            request("HEAD", target) + request("HEAD", target),
            heads: [true, true]
        )
        #expect(missing.map(\.status) == [404, 404])
    }

    @Test func responsesWithoutABodySaySo() throws {
        let peer = try HTTPBench().connect()
        let answers = peer.send(request("PUT", "/v1/kv/k", body: ""))
        #expect(answers[0].status == 204 && answers[0].fields["content-length"] == nil)
        #expect(answers[0].fields["content-type"] == nil)
        #expect(peer.send(request("GET", "/v1/kv/k"))[0].fields["content-length"] == "0")
    }

    @Test func timesToLive() throws {
        let bench = try HTTPBench()
        #expect(try bench.ask(request("PUT", "/v1/kv/k?ttl=10", body: "v")).status == 204)
        bench.context.now.unixMilliseconds += 9_999
        #expect(try bench.ask(request("GET", "/v1/kv/k")).status == 200)
        bench.context.now.unixMilliseconds += 1
        #expect(try bench.ask(request("GET", "/v1/kv/k")).status == 404)
        let wrong = [
            ("ttl=0", "invalid_expiry"), ("ttl=-1", "invalid_expiry"), ("ttl=x", "not_an_integer"),
            ("ttl=", "not_an_integer"), ("ttl=1.5", "not_an_integer"), ("tll=1", "invalid_request"),
        ]
        for (query, code) in wrong {
            let answer = try bench.ask(request("PUT", "/v1/kv/k?\(query)", body: "v"))
            #expect(answer.status == 400 && answer.code == code, "\(query)")
        }
    }

    @Test func conditionsOfGet() throws {
        let bench = try HTTPBench()
        #expect(try bench.ask(request("GET", "/v1/kv/k", ["If-Match: *"])).status == 412)
        _ = try bench.ask(request("PUT", "/v1/kv/k", body: "v"))
        let tag = try #require(try bench.ask(request("GET", "/v1/kv/k")).fields["etag"])
        let cases = [
            ("If-None-Match: \(tag)", 304), ("If-None-Match: W/\(tag)", 304),
            ("If-None-Match: *", 304), ("If-None-Match: \"99\"", 200), ("If-Match: \(tag)", 200),
            ("If-Match: *", 200), ("If-Match: \"99\"", 412), ("If-Match: W/\(tag)", 412),
            ("If-Match: \(tag), \"1\"", 400), ("If-Match: 5", 400), ("If-Match: \"", 400),
        ]
        for (field, status) in cases {
            let answer = try bench.ask(request("GET", "/v1/kv/k", [field]))
            #expect(answer.status == status, "\(field)")
            #expect((answer.fields["etag"] == tag) == (status < 400), "\(field)")
            #expect((answer.text == "v") == (status == 200), "\(field)")
        }
    }

    @Test func oneOfTwoWritersWins() throws {
        let bench = try HTTPBench()
        let first = bench.connect()
        let second = bench.connect()
        func put(_ peer: HTTPPeer, _ condition: String, _ value: String) -> Int {
            peer.send(request("PUT", "/v1/kv/k", [condition], body: value)).first?.status ?? 0
        }
        #expect(put(first, "If-Match: *", "a") == 412)
        #expect(put(first, "If-None-Match: *", "a") == 204)
        #expect(put(second, "If-None-Match: *", "b") == 412)
        let tag = try #require(first.send(request("GET", "/v1/kv/k"))[0].fields["etag"])
        #expect(second.send(request("GET", "/v1/kv/k"))[0].fields["etag"] == tag)
        let changed = second.send(request("PUT", "/v1/kv/k", ["If-Match: \(tag)"], body: "b"))[0]
        #expect(changed.status == 204)
        #expect(put(first, "If-Match: \(tag)", "c") == 412)
        let seen = first.send(request("GET", "/v1/kv/k"))[0]
        #expect(seen.text == "b")
        #expect(seen.fields["etag"] == changed.fields["etag"] && changed.fields["etag"] != nil)
        let delete = { (field: String) in
            first.send(request("DELETE", "/v1/kv/k", [field]))[0].status
        }
        #expect(delete("If-Match: \(tag)") == 412)
        #expect(delete("If-Match: \"0\"") == 412)
        #expect(delete("If-Match: \"x\"") == 412)
        #expect(delete("If-None-Match: *") == 400)
        #expect(put(first, "If-Match: \"0\"", "c") == 412)
        #expect(put(first, "If-None-Match: \"5\"", "c") == 400)
        let now = try #require(first.send(request("GET", "/v1/kv/k"))[0].fields["etag"])
        #expect(delete("If-Match: \(now)") == 204)
        #expect(delete("If-Match: *") == 412)
    }

    @Test func keysThatAreNone() throws {
        let bench = try HTTPBench()
        for key in ["%", "%4", "%zz", "a%"] {
            let answer = try bench.ask(request("GET", "/v1/kv/\(key)"))
            #expect(answer.code == "invalid_request", "\(key)")
        }
        #expect(try bench.ask(request("PUT", "/v1/kv/", body: "v")).code == "key_length")
        let long = String(repeating: "k", count: 1025)
        #expect(try bench.ask(request("PUT", "/v1/kv/\(long)", body: "v")).code == "key_length")
    }

    @Test func permissionsHold() throws {
        let bench = try HTTPBench()
        let answer = try bench.ask(request("PUT", "/v1/kv/k", as: "reader", body: "v"))
        #expect(answer.status == 403 && answer.code == "forbidden")
        #expect(try bench.ask(request("GET", "/v1/kv/k", as: "reader")).status == 404)
    }
}
