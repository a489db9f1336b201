// What an overloaded server refuses, whom it lets in all the same, and what EXPLAIN says of it.
import Access
import Core
import Keyspace
import Synchronization
import Testing

@testable import Commands

@Suite struct OverloadTests {
    @Test(arguments: CommandTable.catalog.specs.map(\.name))
    func onlyWhatCanWaitIsRefused(name: String) throws {
        let spec = try #require(CommandTable.catalog.specs.first { $0.name == name })
        let line = ([name] + (1..<max(1, spec.minimumCount)).map { _ in "1" }).joined(
            separator: " "
        )
        let bench = try Bench()
        bench.overload(.lowPriorityRefused)
        #expect((bench.run(line).errorCode == .overloaded) == spec.isLowPriority)
        let keeper = try Bench(as: "keeper")
        keeper.overload(.establishedOnly)
        #expect(keeper.run(line).errorCode != .overloaded)
        bench.overload(.handshakesSlowed)
        #expect(bench.run(line).errorCode != .overloaded)
    }

    @Test func theRefusalSaysWhyAndUntilWhen() throws {
        let bench = try Bench()
        bench.overload(.lowPriorityRefused)
        let json = try Bench(encoding: .json)
        json.overload(.lowPriorityRefused)
        #expect(json.run("WHO").errorCode == .overloaded)
        #expect(json.limiter.counters.refused(.overload) == 1)
        // A transaction that lacks a command is not run.
        for line in ["MULTI", "SET a 1", "WHO"] { _ = bench.run(line) }
        #expect(bench.run("EXEC").errorCode == .transactionAborted)
    }

    @Test func explainKnowsTheServerAsAWhole() throws {
        let bench = try Bench(as: "keeper")
        #expect(bench.run("SET a 1") == .ok)
        bench.keyspace.maxMemoryBytes = 1
        func rule(_ subject: String, _ command: String) -> Answer? {
            bench.run("EXPLAIN \(subject) \(command)")["rule"]
        }
        #expect(rule("root", "SET") == .text("maxMemoryBytes"))
        #expect(rule("root", "GET") == .null)
        bench.keyspace.maxMemoryBytes = 0
        #expect(rule("root", "SET") == .null)
        bench.overload(.lowPriorityRefused)
        #expect(rule("root", "WHO") == .text("overload"))
        #expect(rule("keeper", "WHO") == .null)
        #expect(rule("198.51.100.1", "PING") == .null)
        bench.overload(.establishedOnly)
        #expect(rule("198.51.100.1", "PING") == .text("overload"))
        bench.overload(.normal)
        bench.facts.maxClients.store(0, ordering: .relaxed)
        let told = bench.run("EXPLAIN 198.51.100.1 PING")
        #expect(told["rule"] == .text("maxClients"))
        #expect(told["error"] == .text("busy"))
    }

    @Test func aRefusedSessionYieldsToATokenWithASlotAlone() throws {
        let bench = try Bench(as: nil)
        var slots = 1
        bench.session.refusal = SessionRefusal(ServerError(.busy, "limit=maxClients")) {
            slots -= 1
            return slots >= 0
        }
        for line in ["PING", "HELP", "GET k", "NOSUCH", "AUTH", "HELLO", "QUIT"] {
            #expect(bench.run(line).errorCode == .busy, "\(line)")
        }
        #expect(bench.run("AUTH nonsense").errorCode == .wrongCredential)
        #expect(bench.run("AUTH \(Credentials.of("root"))").errorCode == .busy)
        #expect(slots == 1, "a token without a slot takes none")
        #expect(bench.run("AUTH \(Credentials.of("keeper"))") == .ok)
        #expect(bench.session.refusal == nil)
        #expect(bench.run("PING") == .status("PONG"))
        let late = try Bench(as: nil)
        late.session.refusal = SessionRefusal(ServerError(.busy)) { false }
        #expect(late.run("AUTH \(Credentials.of("keeper"))").errorCode == .busy)
        #expect(!late.session.rights.isAuthenticated)
    }
}
