// Transactions between connections on several loops, live: atomic, isolated, and broken off when told.
import Server
import Testing

@Suite struct TransactionTests {
    /// Writers move amounts between keys; whoever looks at all of them in a transaction sees the same sum.
    @Test func nobodySeesTheMiddle() throws {
        let server = try TestServer { $0.loopCount = 4 }
        let setup = try server.textClient()
        #expect(try setup.ask("MSET bank^a 1000 bank^b 1000 bank^c 1000") == "OK")
        let writers = try (0..<6).map { _ in try server.textClient() }
        let readers = try (0..<4).map { _ in try server.textClient() }
        let rounds = 150
        for (index, writer) in writers.enumerated() {
            let names = ["a", "b", "c"]
            let from = names[index % 3]
            let to = names[(index + 1) % 3]
            let transfer = "MULTI\nDECRBY bank^\(from) 7\nINCRBY bank^\(to) 7\nEXEC\n"
            try writer.send(String(repeating: transfer, count: rounds))
        }
        let look = "MULTI\nGET bank^a\nGET bank^b\nGET bank^c\nEXEC\n"
        for reader in readers { try reader.send(String(repeating: look, count: rounds)) }
        for reader in readers {
            for _ in 0..<rounds {
                for expected in ["OK", "QUEUED", "QUEUED", "QUEUED", "*3"] {
                    #expect(try reader.line() == expected)
                }
                let amounts = try (0..<3).map { _ in Int(try reader.line()) ?? 0 }
                #expect(amounts.reduce(0, +) == 3000, "\(amounts)")
            }
        }
        for writer in writers {
            for _ in 0..<rounds {
                for expected in ["OK", "QUEUED", "QUEUED", "*2"] {
                    #expect(try writer.line() == expected)
                }
                _ = try writer.line()
                _ = try writer.line()
            }
        }
        #expect(try setup.ask("MGET bank^a bank^b bank^c") == "*3")
        let amounts = try (0..<3).map { _ in Int(try setup.line()) ?? 0 }
        #expect(amounts.reduce(0, +) == 3000)
    }

    /// Clients that raise a number by WATCH, GET, SET and try again where somebody was faster.
    @Test func watchingLosesNoUpdate() throws {
        let server = try TestServer { $0.loopCount = 2 }
        let clients = try (0..<2).map { _ in try server.textClient() }
        #expect(try clients[0].ask("SET n 0") == "OK")
        var conflicts = 0
        var done = 0
        while done < 100 {
            // Both look, then both try; the second one must be refused.
            let seen = try clients.map { client in
                #expect(try client.ask("WATCH n") == "OK")
                return Int(try client.ask("GET n")) ?? -1
            }
            for (client, value) in zip(clients, seen) {
                #expect(try client.ask("MULTI") == "OK")
                #expect(try client.ask("SET n \(value + 1)") == "QUEUED")
                let answer = try client.ask("EXEC")
                if answer == "*1" {
                    #expect(try client.line() == "OK")
                    done += 1
                } else {
                    #expect(answer == "(nil)")
                    conflicts += 1
                }
            }
        }
        #expect(conflicts == 100)
        #expect(try clients[0].ask("GET n") == "100")
    }

    @Test func aRequestThatIsNoCommandBreaksIt() throws {
        let client = try TestServer().jsonClient()
        #expect(try client.ask(#"{"action":"MULTI"}"#) == #"{"result":"OK"}"#)
        let queued = try client.ask(#"{"action":"SET","key":"a","value":"1","id":4}"#)
        #expect(queued == #"{"id":4,"result":"QUEUED"}"#)
        #expect(try client.ask(#"{"action":"NOSUCH"}"#).contains("unknown_command"))
        #expect(try client.ask(#"{"action":"EXEC"}"#).contains("transaction_aborted"))
        #expect(try client.ask(#"{"action":"GET","key":"a"}"#).contains("key_not_found"))
    }

    @Test func theKeysOfAClosedConnectionAreFree() throws {
        let server = try TestServer()
        let first = try server.textClient()
        #expect(try first.ask("MULTI") == "OK")
        #expect(try first.ask("SET a 1") == "QUEUED")
        first.close()
        let second = try server.textClient()
        #expect(try second.ask("GET a") == "(nil)")
    }
}

@Suite struct ClientCommandTests {
    @Test func anotherConnectionIsKilled() throws {
        let server = try TestServer { $0.loopCount = 3 }
        let victim = try server.textClient()
        let number = try victim.ask("CLIENT ID")
        let other = try server.textClient()
        #expect(try other.ask("CLIENT KILL ID \(number)") == "1")
        try victim.waitUntilClosed()
        #expect(try other.ask("CLIENT KILL ID \(number)") == "0")
        #expect(try other.ask("PING") == "PONG")
    }

    @Test func aConnectionKillsItself() throws {
        let client = try TestServer().textClient()
        let number = try client.ask("CLIENT ID")
        #expect(try client.ask("CLIENT KILL ID \(number) SKIPME no") == "1")
        try client.waitUntilClosed()
    }

    @Test func repliesAreLeftOut() throws {
        let client = try TestServer().textClient()
        try client.send("CLIENT REPLY SKIP\nSET a 1\nGET a\n")
        #expect(try client.line() == "1")
        try client.send("CLIENT REPLY OFF\nSET a 2\nGET a\nNOSUCH\nCLIENT REPLY ON\nGET a\n")
        #expect(try client.line() == "OK")
        #expect(try client.line() == "2")
    }

    @Test func theMostClientsCanBeChanged() throws {
        let server = try TestServer()
        let client = try server.textClient()
        #expect(try client.ask("CONFIG SET maxclients 1") == "OK")
        let refused = try? server.textClient()
        #expect(refused == nil)
        #expect(try client.ask("CONFIG SET maxclients 10") == "OK")
        #expect(try server.textClient().ask("PING") == "PONG")
    }
}
