// Every route, what it answers, and every refusal that is its own.
import Commands
import Core
import Foundation
import PubSub
import Synchronization
import Testing

@testable import Gateway

@Suite struct RouteTests {
    private func object(_ answer: HTTPAnswer) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(answer.body))
        return try #require(value as? [String: Any])
    }

    @Test func everyResponseCarriesItsFields() throws {
        let answer = try HTTPBench().ask(request("GET", "/health", as: nil))
        #expect(answer.status == 200 && answer.text == "{\"status\":\"ok\"}\n")
        let expected = [
            "content-type": "application/json", "content-length": "16", "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        ]
        #expect(answer.fields == expected)
    }

    @Test func livenessNeedsEveryLoop() throws {
        let good = LoopState(connections: 0, latenessMilliseconds: 4_999)
        var answer = try HTTPBench(loops: [good, good]).ask(request("GET", "/healthz", as: nil))
        #expect(answer.status == 200)
        #expect(answer.text == "{\"status\":\"ok\",\"loops\":2,\"late_loops\":0}\n")
        let late = LoopState(connections: 0, latenessMilliseconds: 5_000)
        answer = try HTTPBench(loops: [good, late]).ask(request("GET", "/healthz", as: nil))
        #expect(answer.status == 503)
        #expect(answer.text == "{\"status\":\"stuck\",\"loops\":2,\"late_loops\":1}\n")
    }

    @Test func readinessEndsWithDrainAndOverload() throws {
        let bench = try HTTPBench()
        let probe = request("GET", "/readyz", as: nil)
        #expect(try bench.ask(probe).text == "{\"status\":\"ready\"}\n")
        for level in OverloadLevel.allCases {
            bench.context.facts.overload.store(level.rawValue, ordering: .relaxed)
            #expect(try bench.ask(probe).status == (level == .establishedOnly ? 503 : 200))
        }
        #expect(try bench.ask(probe).text == "{\"status\":\"overloaded\"}\n")
        bench.context.facts.overload.store(0, ordering: .relaxed)
        bench.context.facts.isDraining.store(true, ordering: .relaxed)
        let peer = bench.connect()
        let answers = peer.send(probe + probe)
        #expect(answers.map(\.status) == [503] && peer.isClosed)
        #expect(answers[0].text == "{\"status\":\"draining\"}\n")
        #expect(answers[0].fields["connection"] == "close")
    }

    @Test func statusAndMetrics() throws {
        let bench = try HTTPBench()
        let status = try object(bench.ask(request("GET", "/status")))
        #expect(status["version"] as? String == "1.0.0")
        #expect((status["loops"] as? [Any])?.count == 1)
        let limits = try #require(status["limits"] as? [String: [String: Int]])
        #expect(limits["maxClients"] == ["limit": 10_000, "refused": 0, "shadowed": 0])
        let metrics = try object(bench.ask(request("GET", "/metrics")))
        #expect(metrics["sallyport_clients_max"] as? Int == 10_000)
        #expect(metrics["sallyport_loop_connections"] as? [String: Int] == ["0": 1])
        for target in ["/status", "/metrics", "/metrics/prometheus"] {
            #expect(try bench.ask(request("GET", target, as: "reader")).code == "forbidden")
            #expect(try bench.ask(request("GET", target, as: nil)).status == 401)
        }
    }

    @Test func theExpositionIsWhatPrometheusReads() throws {
        let bench = try HTTPBench()
        let answer = try bench.ask(request("GET", "/metrics/prometheus"))
        #expect(answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let metrics = try object(bench.ask(request("GET", "/metrics")))
        var described: [String] = []
        var typed: [String] = []
        let sample = /(?<name>sallyport_[a-z_]+)(\{[a-z]+="[A-Za-z0-9]+"\})? (?<value>-?[0-9]+)/
        #expect(answer.text.hasSuffix("\n"))
        for line in answer.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                described.append(String(words[2]))
            } else if line.hasPrefix("# TYPE ") {
                typed.append(String(words[2]))
                #expect(["counter", "gauge"].contains(words[3]))
                #expect((words[3] == "counter") == words[2].hasSuffix("_total"))
            } else {
                let match = try #require(try sample.wholeMatch(in: line), "\(line)")
                #expect(match.output.name == typed.last ?? "")
            }
        }
        #expect(described == typed && Set(typed).count == typed.count)
        #expect(Set(typed) == Set(metrics.keys))
    }

    @Test func commandsAreTheJSONEncoding() throws {
        let bench = try HTTPBench()
        let cases = [
            (#"{"action":"SET","key":"k","value":"v"}"#, 200, #"{"result":"OK"}"#),
            (
                "\n{\r\n\t\"action\" : \"GET\",\n \"key\":\"k\", \"id\": 7 }\n\n", 200,
                #"{"id":7,"result":"v"}"#
            ),
            (
                #"[{"action":"GET","key":"k"},{"action":"NOPE"},{"action":"ADD","a":1,"b":2}]"#,
                200,
                #"[{"result":"v"},{"error":{"code":"unknown_command","message":"unknown command 'NOPE'"}},{"result":3}]"#
            ),
            ("[]", 200, "[]"),
            (
                #"[{"action":"MULTI"},{"action":"INCR","key":"n"},{"action":"EXEC"}]"#, 200,
                #"[{"result":"OK"},{"result":"QUEUED"},{"result":[1]}]"#
            ),
        ]
        for (body, status, expected) in cases {
            let answer = try bench.ask(commands(body))
            #expect(answer.status == status && answer.text == expected + "\n", "\(body)")
        }
        let refused = [
            (#"{"action":"GET","key":"missing"}"#, 404, "key_not_found"),
            (#"{"action":"NOPE"}"#, 404, "unknown_command"),
            (#"{"action":"GET"}"#, 400, "invalid_request"), ("{", 400, "malformed_json"),
            ("[{}", 400, "malformed_json"), ("", 400, "malformed_json"),
            (" \n", 400, "malformed_json"), ("1", 400, "invalid_request"),
            ("{\"action\":\"ECHO\",\"value\":\"a\nb\"}", 400, "malformed_json"),
        ]
        for (body, status, code) in refused {
            let answer = try bench.ask(commands(body))
            #expect(answer.status == status && answer.code == code, "\(body): \(answer.text)")
        }
    }

    @Test func bodiesMustBeJSON() throws {
        let bench = try HTTPBench()
        for type in [[], ["Content-Type: text/plain"], ["Content-Type: application/jsonp"]] {
            let answer = try bench.ask(request("POST", "/v1/command", type, body: "{}"))
            #expect(answer.status == 415 && answer.code == "unsupported_media_type")
            #expect(answer.fields["connection"] == "close")
        }
        let type = "Content-Type: Application/JSON; charset=utf-8"
        let body = #"{"action":"PING"}"#
        #expect(try bench.ask(request("POST", "/v1/command", [type], body: body)).status == 200)
    }

    @Test func nothingIsLeftToTheNextRequest() throws {
        let bench = try HTTPBench()
        let peer = bench.connect()
        peer.send(commands(#"[{"action":"WATCH","key":"a"},{"action":"MULTI"}]"#))
        #expect(!peer.session.isQueueing)
        peer.send(commands(#"{"action":"CLIENT","subcommand":"REPLY","argument":["OFF"]}"#))
        #expect(
            peer.send(commands(#"{"action":"PING"}"#)).map(\.text) == ["{\"result\":\"PONG\"}\n"]
        )
        let token = Tokens.of("reader")
        let other = #"{"action":"AUTH","token":"\#(token)"}"#
        let write = request("PUT", "/v1/kv/k", body: "v")
        #expect(peer.send(commands(other) + write).map(\.status) == [200, 204])
        #expect(peer.send(commands(#"{"action":"RESET"}"#) + write).map(\.status) == [200, 204])
        let queued = #"[{"action":"MULTI"},\#(other),{"action":"EXEC"}]"#
        #expect(peer.send(commands(queued) + write).map(\.status) == [200, 204])
        #expect(peer.send(commands(#"{"action":"QUIT"}"#)).map(\.status) == [200])
        #expect(peer.isClosed)
    }

    @Test func unknownRoutesAndMethods() throws {
        let bench = try HTTPBench()
        for target in ["//", "/nothing", "/health/", "/healthz2", "*", "/v1/kv", "/%68ealth"] {
            let answer = try bench.ask(request("GET", target))
            #expect(answer.status == 404 && answer.code == "not_found", "\(target)")
            #expect(answer.fields["connection"] == nil)
        }
        let allowed = [
            ("POST", "/health", "GET, HEAD"), ("DELETE", "/status", "GET, HEAD"),
            ("OPTIONS", "/metrics", "GET, HEAD"), ("GET", "/v1/command", "POST"),
            ("POST", "/v1/kv/k", "GET, HEAD, PUT, DELETE"),
        ]
        for (method, target, methods) in allowed {
            let answer = try bench.ask(request(method, target, as: nil))
            #expect(answer.status == 405 && answer.code == "method_not_allowed")
            #expect(answer.fields["allow"] == methods, "\(method) \(target)")
        }
        let peer = bench.connect()
        let tunnel = "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n"
        #expect(peer.send(tunnel).map(\.status) == [404] && peer.isClosed)
    }

    @Test func queriesOfOtherRoutesAreNobodysBusiness() throws {
        let bench = try HTTPBench()
        #expect(try bench.ask(request("GET", "/health?x=1", as: nil)).status == 200)
        #expect(try bench.ask(request("GET", "/v1/kv/k?x=1")).code == "invalid_request")
        #expect(try bench.ask(request("PUT", "/v1/kv/k?ttl=1&x=1", body: "")).status == 400)
    }
}

@Suite struct NotifyRouteTests {
    private let json = ["Content-Type: application/json"]

    private func post(
        _ bench: HTTPBench,
        _ body: String,
        as token: String? = "root"
    ) throws -> HTTPAnswer {
        try bench.ask(request("POST", "/notify", as: token, json, body: body))
    }

    @Test func whatIsNoNotificationIsRefused() throws {
        let bench = try HTTPBench()
        let cases = [
            ("", 400, "malformed_json"), ("{", 400, "malformed_json"),
            ("[]", 400, "invalid_request"),
            ("{}", 400, "invalid_request"), (#"{"message":7}"#, 400, "invalid_request"),
            (#"{"message":"m","other":1}"#, 400, "invalid_request"),
            (#"{"action":"FLUSHALL","message":"m"}"#, 400, "invalid_request"),
        ]
        for (body, status, code) in cases {
            let answer = try post(bench, body)
            #expect(answer.status == status && answer.code == code, "\(body): \(answer.text)")
        }
        #expect(try post(bench, #"{"message":"m"}"#, as: nil).status == 401)
        #expect(try post(bench, #"{"message":"m"}"#, as: "reader").status == 403)
        // A token without the channel, though it may run every command.
        #expect(try post(bench, #"{"message":"m"}"#, as: "metered").status == 403)
        let get = try bench.ask(request("GET", "/notify"))
        #expect(get.status == 405 && get.fields["allow"] == "POST")
        #expect(try bench.ask(request("POST", "/notify", body: "{}")).status == 415)
    }

    @Test func itTellsHowManyItReaches() throws {
        let bench = try HTTPBench()
        let body = "{\n \"message\": \"m\",\n \"type\": \"t\",\n \"data\": [1, {\"a\": null}]\n}\n"
        #expect(try post(bench, body).text == "{\"delivered\":0}\n")
        let peer = try WebSocketPeer(bench)
        #expect(peer.peer.session.subscriptionCount == 1)
        #expect(try post(bench, body).text == "{\"delivered\":1}\n")
        let published = bench.context.subscriptions.takePending()
        #expect(published.count == 1)
        #expect(published.first?.notification?.data == Array(#"[1,{"a":null}]"#.utf8))
        #expect(published.first?.notification?.dataIsJSON == true)
        // Whose token may not hear it is not subscribed.
        let other = try WebSocketPeer(bench, as: "metered")
        #expect(other.peer.session.subscriptionCount == 0 && other.peer.session.isSubscriber)
    }
}
