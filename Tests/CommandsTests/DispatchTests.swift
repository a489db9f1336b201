// The chain that every request walks, for every command of the table at once.
import Core
import Testing

@testable import Commands

private let specs = CommandTable.catalog.specs

/// A line of `count` words that runs the command of `spec`.
private func line(_ spec: CommandSpec, _ count: Int) -> String {
    ([spec.name] + (1..<max(1, count)).map { _ in "1" }).joined(separator: " ")
}

@Suite struct DispatchTests {
    @Test(arguments: specs.map(\.name)) func arityIsChecked(name: String) throws {
        let spec = try #require(specs.first { $0.name == name })
        let refusal = Answer.arity(name.lowercased())
        let bench = try Bench()
        if spec.minimumCount > 1 {
            #expect(bench.run(line(spec, spec.minimumCount - 1)) == refusal)
        }
        #expect(bench.run(line(spec, spec.minimumCount)) != refusal)
        try bench.begin(as: "root")
        guard let maximum = spec.maximumCount else { return }
        #expect(bench.run(line(spec, maximum + 1)) == refusal)
        #expect(bench.run(line(spec, maximum)).errorCode != .wrongArity)
    }

    @Test(arguments: specs.map(\.name)) func aTokenIsNeeded(name: String) throws {
        let spec = try #require(specs.first { $0.name == name })
        let bench = try Bench(as: nil)
        let answer = bench.run(line(spec, spec.minimumCount))
        if spec.flags.contains(.withoutToken) {
            #expect(answer != .noToken)
        } else {
            #expect(answer == .noToken)
        }
    }

    @Test func onlyTheseNeedNoToken() {
        let open = specs.filter { $0.flags.contains(.withoutToken) }.map(\.name)
        #expect(Set(open) == ["AUTH", "HELLO", "PING", "HELP", "QUIT", "RESET", "LIMITS"])
    }

    @Test(arguments: [
        ("reader", CommandCategory.read), ("writer", .write), ("informed", .information),
        ("admin", .admin),
    ])
    func aCategoryIsPermittedAsAWhole(token: String, category: CommandCategory) throws {
        for spec in specs {
            let bench = try Bench(as: token)
            let answer = bench.run(line(spec, spec.minimumCount))
            let isPermitted = spec.category == category || spec.category == .open
            let refusal = Answer.noCommand(token, spec.name.lowercased())
            #expect((answer != refusal) == isPermitted, "\(spec.name)")
        }
    }

    @Test func aReplyAboveTheLimitIsAnError() throws {
        let bench = try Bench(adjust: { $0.maxReplyBytes = 1000 })
        _ = bench.run("SET k \(String(repeating: "x", count: 64))")
        let many = "MGET" + String(repeating: " k", count: 14)
        #expect(bench.run(many).errorCode == .tooLong)
        #expect(bench.run("STRLEN k") == .integer(64))
        // What a transaction did stays done, and its error says so.
        let some = "MGET" + String(repeating: " k", count: 7)
        for line in ["MULTI", "SET other 1", some, some] { _ = bench.run(line) }
        #expect(bench.run("EXEC").errorCode == .tooLong)
        #expect(bench.run("EXISTS other") == .integer(1))
    }

    @Test func namesAreFoundInAnyCase() throws {
        let bench = try Bench()
        for name in ["why", "WHY", "wHy"] { #expect(bench.run(name) == .integer(42)) }
        for spec in specs {
            for name in [spec.name] + spec.aliases {
                let index = CommandTable.catalog.index(of: name.lowercased())
                #expect(index.map { specs[$0].name } == spec.name)
            }
        }
        #expect(CommandTable.catalog.index(of: "") == nil)
        #expect(CommandTable.catalog.index(of: "GE") == nil)
        #expect(CommandTable.catalog.index(of: "GETT") == nil)
    }

    @Test func aRequestOfNothingIsNoCommand() throws {
        #expect(try Bench().run([]) == .error(.unknownCommand, "unknown command"))
    }

    @Test func keysAndValuesHoldAnyBytes() throws {
        let bench = try Bench()
        let keys: [[UInt8]] = [[0], [13, 10], [0xFF, 0xFE], Array("a^b".utf8), [0x80], [0x20]]
        for (number, key) in keys.enumerated() {
            let value: [UInt8] = [UInt8(number), 0, 13, 10, 0xFF]
            #expect(bench.run([Array("SET".utf8), key, value]) == .ok)
        }
        for (number, key) in keys.enumerated() {
            let value: [UInt8] = [UInt8(number), 0, 13, 10, 0xFF]
            #expect(bench.run([Array("GET".utf8), key]) == .bytes(value))
        }
        #expect(Set(bench.run("KEYS *").items) == Set(keys.map { .bytes($0) }))
    }

    @Test func whatIsUnknownIsShownInShort() throws {
        let bench = try Bench()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        guard case .error(.unknownCommand, let message) = bench.run([long, long, long, [0xFF]])
        else {
            Issue.record("it was known")
            return
        }
        #expect(message.utf8.count < 400)
        #expect(message.hasPrefix("unknown command '" + String(repeating: "x", count: 128) + "', "))
    }
}

@Suite struct SessionTests {
    @Test func clientsAreCountedOnce() throws {
        let bench = try Bench(as: nil)
        #expect(bench.authenticatedClients == 0)
        bench.run("AUTH wrong")
        #expect(bench.authenticatedClients == 0)
        bench.run("AUTH <root>")
        bench.run("AUTH <reader>")
        bench.run("HELLO 3 AUTH root <root>")
        #expect(bench.authenticatedClients == 1)
        #expect(bench.run("WHO") == .integer(1))
        try bench.begin(as: "reader")
        #expect(bench.authenticatedClients == 2)
    }

    @Test func failuresEndTheConnection() throws {
        let bench = try Bench(as: nil)
        for _ in 0..<4 {
            bench.run("AUTH wrong")
            #expect(!bench.session.closesAfterReply)
        }
        bench.run("AUTH wrong")
        #expect(bench.session.closesAfterReply)
        #expect(bench.session.token == nil)
    }

    @Test(arguments: ["QUIT", "exit"]) func quittingEndsIt(name: String) throws {
        let bench = try Bench()
        bench.run("PING")
        #expect(!bench.session.closesAfterReply)
        bench.run(name)
        #expect(bench.session.closesAfterReply)
    }

    @Test func helloNamesTheClientAndChoosesRESP() throws {
        let bench = try Bench(as: nil)
        bench.run("HELLO 3 AUTH root <root> SETNAME me")
        #expect(bench.session.clientName == "me")
        #expect(bench.session.encoding == .resp3)
        bench.run("HELLO 2")
        #expect(bench.session.encoding == .resp2)
        bench.run("HELLO 4")
        bench.run("HELLO 3 NOSUCH")
        #expect(bench.session.encoding == .resp2)
        #expect(bench.session.clientName == "me")
    }

    @Test(arguments: [WireEncoding.text, .json, .protobuf]) func otherEncodingsStay(
        encoding: WireEncoding
    ) throws {
        let bench = try Bench(encoding: encoding)
        #expect(bench.run("HELLO 3")["proto"] == .integer(2))
        #expect(bench.session.encoding == encoding)
    }

    @Test func echoKeepsJSONAsItCame() throws {
        let bench = try Bench(encoding: .json)
        #expect(bench.run("ECHO [1,2]") == .json(Array("[1,2]".utf8)))
    }

    @Test func aCredentialInTheWrongPlaceIsNotEchoed() throws {
        let bench = try Bench(as: nil)
        #expect(bench.run("HELLO 3 <root>").errorCode == .syntax)
        #expect(bench.run("HELLO <root>").errorCode == .syntax)
        #expect(bench.run("AUTH <root> <root>") == .wrongCredential)
        #expect(bench.run("AUTHENTICATE <root>") == .noToken)
    }
}
