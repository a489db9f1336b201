// `serve --namespace`: rules that hold, and what is said of wrong ones.
import Reactor
import Server
import TLS
import Testing

@Suite struct NamespaceOptionTests {
    @Test func aFullNamespaceIsSaidInEveryEncoding() throws {
        let server = try ServerProcess([
            "--namespace", "users^:keys=2,ttl=3600", "--namespace", "logs^:bytes=10",
        ])
        func client() throws -> ClientConnection {
            try ClientConnection(
                to: Endpoint(host: "localhost", port: UInt16(server.port) ?? 0),
                trust: .authorities(file: server.authority)
            )
        }
        let text = try client()
        defer { text.close() }
        try text.send("AUTH \(server.token)\nMSET users^a 1 users^b 2\nSET users^c 3\n")
        #expect(try text.line() == "OK")
        #expect(try text.line() == "OK")
        let sentence = "namespace 'users^' is full: its limit is keys=2"
        #expect(try text.line() == "ERR NAMESPACE_FULL \(sentence)")
        try text.send("TTL users^a\nAPPEND logs^a 123456\n")
        #expect(try text.line() == "3600")
        #expect(
            try text.line()
                == "ERR NAMESPACE_FULL namespace 'logs^' is full: its limit is bytes=10"
        )
        let json = try client()
        defer { json.close() }
        try json.send(#"{"action":"AUTH","token":"\#(server.token)"}"# + "\n")
        try json.send(#"{"action":"SET","namespace":"users","key":"c","value":"3"}"# + "\n")
        #expect(try json.line() == #"{"result":"OK"}"#)
        #expect(
            try json.line()
                == #"{"error":{"code":"namespace_full","message":"\#(sentence)"}}"#
        )
        let answer = try Program.run([
            "redis-cli", "--tls", "--cacert", server.authority, "-h", "localhost", "-p",
            server.port, "--no-auth-warning", "-a", server.token, "SET", "users^c", "3",
        ])
        #expect(answer.output.hasPrefix("OOM \(sentence)"), "\(answer.output)")
    }

    @Test(arguments: [
        (["users:keys=1"], "--namespace 'users:keys=1' names no prefix that ends in '^'"),
        (["u^"], "--namespace 'u^' has no limits"),
        (["u^:keys=none"], "--namespace 'u^:keys=none' says 'keys=none', which needs a whole"),
        (["u^:size=1"], "--namespace 'u^:size=1' says 'size=1': there are keys=N"),
        (["u^:keys=1", "u^:ttl=1"], "--namespace 'u^:ttl=1' is given for the second time"),
        (
            [String(repeating: "u", count: 1024) + "^:keys=1"],
            "has a prefix longer than any key"
        ),
    ])
    func whatIsWrongIsSaid(rules: [String], sentence: String) throws {
        let options = rules.flatMap { ["--namespace", $0] }
        let program = try Program.products + "/sallyport"
        let result = try Program.run([program, "serve"] + options)
        #expect(result.status == 64)
        #expect(result.errors.contains(sentence), "\(result.errors)")
    }
}
