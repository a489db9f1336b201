// The program as its users run it: s_client, a protobuf client, signals, start errors.
import Foundation
import Glibc
import Reactor
import Server
import TLS
import Testing

@Suite struct ProcessTests {
    private func connect(_ server: ServerProcess) throws -> ClientConnection {
        try ClientConnection(
            to: Endpoint(host: "localhost", port: UInt16(server.port) ?? 0),
            trust: .authorities(file: server.authority)
        )
    }

    private func sClient(_ server: ServerProcess, _ input: String) throws -> ProgramResult {
        try Program.run(
            [
                "openssl", "s_client", "-quiet", "-verify_return_error", "-connect",
                "localhost:\(server.port)", "-CAfile", server.authority,
            ],
            input: input
        )
    }

    @Test func aPersonWithOpenSSL() throws {
        let server = try ServerProcess()
        let lines = [
            "AUTH \(server.token)", "WHO", "WHY", "ADD 2 3", "PING", #"SET a^b "x y""#, "GET a^b",
            "DEL a^b", "GET a^b", "EXIT",
        ]
        let result = try sClient(server, lines.joined(separator: "\n") + "\n")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "OK\n1\n42\n5\nPONG\nOK\nx y\n1\n(nil)\nOK\n")
    }

    @Test func aPersonWhoEndsTheInputStillGetsEveryReply() throws {
        let server = try ServerProcess()
        let count = 20_000
        let input = "AUTH \(server.token)\n" + String(repeating: "WHY\n", count: count) + "EXIT\n"
        let result = try sClient(server, input)
        #expect(result.output == "OK\n" + String(repeating: "42\n", count: count) + "OK\n")
    }

    @Test func aProtobufClient() throws {
        let server = try ServerProcess()
        let schema = Program.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/Wire/Protobuf/sallyport.proto")
        let environment = ["SALLYPORT_PROTO": schema.path]
        let result = try Program.python("protobuf_session.py", server, environment)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("protobuf session: good"))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func oneSignalEndsItWithSuccess(_ number: Int32) throws {
        let server = try ServerProcess()
        let client = try connect(server)
        try client.send("AUTH \(server.token)\nWHY\n")
        #expect(try client.line() == "OK")
        server.signal(number)
        #expect(try client.line() == "42")
        #expect(try client.line().hasPrefix("> shutdown "))
        try client.waitUntilClosed()
        client.close()
        #expect(server.exitStatus() == 0)
    }

    @Test func aSecondSignalEndsItAtOnce() throws {
        let server = try ServerProcess(["--shutdown-timeout", "3600"])
        let client = try connect(server)
        // A client that takes none of 200 MB of replies holds the shutdown up.
        try client.send("AUTH \(server.token)\nSET big \(String(repeating: "v", count: 60_000))\n")
        #expect(try client.line() == "OK")
        #expect(try client.line() == "OK")
        try client.send(String(repeating: "GET big\n", count: 4000))
        server.signal(SIGTERM)
        let refused = #expect(throws: ClientError.self) {
            while true { _ = try connect(server) }
        }
        #expect(refused != nil)
        server.signal(SIGTERM)
        #expect(server.exitStatus() == 130)
    }

    @Test func noDescriptorIsLeaked() throws {
        let server = try ServerProcess()
        let steady = try connect(server)
        try steady.send("AUTH \(server.token)\n")
        #expect(try steady.line() == "OK")
        let before = try server.descriptorCount()
        for number in 0..<200 {
            let client = try connect(server)
            try client.send("AUTH \(server.token)\nWHO\n")
            if number % 2 == 0 { client.reset() }
        }
        // The last ones may still be closing; the runtime itself may have opened one or two.
        var count = 0
        try eventually("\(before) descriptors before 200 connections came and went, \(count) after")
        {
            try steady.send("WHO\n")
            let clients = try steady.line()
            count = try server.descriptorCount()
            return clients == "1" && count <= before + 2
        }
    }

    @Test func healthcheckAsksForAPong() throws {
        let server = try ServerProcess()
        let program = try Program.products + "/sallyport"
        let good = try Program.run([
            program, "healthcheck", "--connect", "localhost:\(server.port)", "--ca",
            server.authority,
        ])
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.output == "PONG\n")
        let untrusted = try Program.run([
            program, "healthcheck", "--connect", "localhost:\(server.port)",
        ])
        #expect(untrusted.status != 0)
        #expect(untrusted.errors.contains("certificate"), "\(untrusted.errors)")
    }

    @Test func whatIsWrongAtTheStartIsNamed() throws {
        let folder = try TestFolder()
        let other = try TestFolder()
        let program = try Program.products + "/sallyport"
        func start(_ certificate: String, _ key: String, _ tokens: String) throws -> String {
            let result = try Program.run([
                program, "serve", "--listen", "127.0.0.1:0", "--tls-cert", certificate,
                "--tls-key", key, "--token-file", tokens,
            ])
            #expect(result.status != 0 && result.status != 124)
            return result.errors
        }
        let pem = folder.path + "/server.pem"
        let key = folder.path + "/server.key"
        let tokens = folder.path + "/tokens.json"
        let missing = folder.path + "/missing.pem"
        let cases = [
            (missing, key, tokens, "cannot read the certificate file \(missing)"),
            (pem, missing, tokens, "cannot read the private key file \(missing)"),
            (key, key, tokens, "\(key) is not a PEM certificate"),
            (pem, other.path + "/server.key", tokens, "does not belong to the certificate"),
            (pem, key, missing, missing),
        ]
        for (certificate, key, tokens, expected) in cases {
            let errors = try start(certificate, key, tokens)
            #expect(errors.contains(expected), "\(errors)")
        }
        chmod(tokens, 0o644)
        #expect(try start(pem, key, tokens).contains(tokens))
    }
}
