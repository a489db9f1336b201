// What connections show of themselves, and what becomes of those that are killed.
import Core
import Synchronization
import Testing

@testable import Commands

struct ClientTests {
    @Test func aConnectionShowsWhatItIs() throws {
        let bench = try Bench()
        bench.run("CLIENT SETNAME me")
        bench.run("CLIENT SETINFO LIB-NAME lib")
        bench.run("CLIENT SETINFO LIB-VER 1.2")
        bench.run("HELLO 3")
        bench.wait(5000)
        let line = try #require(bench.run("CLIENT INFO").text)
        let fields = Fields(line)
        #expect(line.hasSuffix("\n"))
        #expect(fields["id"] == "1" && fields["name"] == "me" && fields["user"] == "root")
        #expect(fields["lib-name"] == "lib" && fields["lib-ver"] == "1.2")
        #expect(fields["resp"] == "3" && fields["multi"] == "-1" && fields["flags"] == "N")
        #expect(fields["age"] == "5" && fields["idle"] == "5")
        #expect(fields["cmd"] == "client" && fields["redir"] == "-1")
        for name in ["qbuf", "qbuf-free", "argv-mem", "multi-mem", "obl", "oll", "omem", "tot-mem"]
        {
            #expect(fields[name] == "0")
        }
    }

    @Test func theListHoldsAllConnections() throws {
        let bench = try Bench()
        try bench.begin(as: "standard")
        try bench.begin(as: "root")
        let lines = try #require(bench.run("CLIENT LIST").text).split(separator: "\n")
        #expect(lines.map { Fields($0)["user"] } == ["root", "standard", "root"])
        let some = try #require(bench.run("CLIENT LIST ID 3 2 99").text).split(separator: "\n")
        #expect(some.map { Fields($0)["id"] } == ["2", "3"])
        #expect(bench.run("CLIENT LIST TYPE normal").text?.split(separator: "\n").count == 3)
    }

    @Test func aTransactionShows() throws {
        let bench = try Bench()
        bench.run("MULTI")
        bench.run("SET a 1")
        bench.run("INCR a")
        try bench.begin(as: "root", keeping: true)
        let line = try #require(bench.run("CLIENT LIST ID 1").text)
        #expect(Fields(line)["flags"] == "x" && Fields(line)["multi"] == "2")
    }

    @Test func otherConnectionsAreClosed() throws {
        let bench = try Bench()
        try bench.begin(as: "standard")
        try bench.begin(as: "root")
        #expect(bench.run("CLIENT KILL USER root") == .integer(1))
        #expect(bench.killed == [1])
        #expect(bench.run("CLIENT KILL ID 2 USER root") == .integer(0))
        #expect(bench.run("CLIENT KILL ID 2") == .integer(1))
        #expect(bench.run("CLIENT KILL ADDR test:2") == .integer(1))
        #expect(bench.run("CLIENT KILL test:2") == .ok)
        #expect(bench.killed == [1, 2, 2, 2])
        #expect(!bench.session.closesAfterReply)
    }

    @Test func oneselfIsClosedBehindTheReply() throws {
        let bench = try Bench()
        #expect(bench.run("CLIENT KILL ID 1") == .integer(0))
        #expect(bench.runClosing("CLIENT KILL ID 1 SKIPME no") == .integer(1))
        #expect(bench.session.closesAfterReply)
        #expect(bench.killed == [])
    }

    @Test func repliesAreLeftOut() throws {
        let bench = try Bench()
        bench.run("CLIENT REPLY SKIP")
        #expect(bench.session.leavesUnanswered())
        #expect(bench.session.leavesUnanswered())
        #expect(!bench.session.leavesUnanswered())
        bench.run("CLIENT REPLY OFF")
        for _ in 0..<10 { #expect(bench.session.leavesUnanswered()) }
        bench.run("CLIENT REPLY SKIP")
        for _ in 0..<10 { #expect(bench.session.leavesUnanswered()) }
        bench.run("CLIENT REPLY ON")
        #expect(!bench.session.leavesUnanswered())
    }

    @Test func figuresAreTold() throws {
        let bench = try Bench()
        bench.run("SET a 1 EX 100")
        let text = try #require(bench.run("INFO").text)
        #expect(text.contains("# Server\r\nredis_version:7.0.0\r\n"))
        #expect(text.contains("\r\n\r\n# Clients\r\n"))
        #expect(text.contains("# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n"))
        let some = try #require(bench.run("INFO keyspace SERVER").text)
        #expect(some.hasPrefix("# Server") && some.contains("# Keyspace"))
        #expect(!some.contains("# Clients"))
        #expect(bench.run("INFO everything").text == bench.run("INFO").text)
    }
}

private struct Fields {
    private var values: [Substring: Substring] = [:]

    init(_ line: some StringProtocol) {
        for field in String(line).split(whereSeparator: \.isWhitespace) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
    }

    subscript(name: String) -> Substring? { values[name[...]] }
}
