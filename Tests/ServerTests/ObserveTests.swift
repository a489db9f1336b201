// Observers of keys over loopback: each encoding, permissions, expiry, slow ones, and those that vanish.
import Access
import Core
import Reactor
import Server
import Testing

@Suite struct ObserveTests {
    /// A line without the version, which only rises.
    private func words(_ line: String) -> String {
        let words = line.split(separator: " ").map(String.init)
        if words.count < 5 { return line }
        return (words[..<4] + words[5...]).joined(separator: " ")
    }

    @Test func everyEncodingIsTold() throws {
        let server = try TestServer.ofMessages()
        let writer = try server.textClient()
        let text = try server.textClient()
        let json = try server.jsonClient()
        let resp2 = try server.respClient(version: 2)
        let resp3 = try server.respClient(version: 3)
        #expect(try text.ask("OBSERVE VALUES users^42^*") == "1")
        #expect(
            try json.ask(#"{"action":"OBSERVE","pattern":["users^42^*"],"values":true}"#)
                == #"{"result":1}"#
        )
        for client in [resp2, resp3] {
            try client.send("OBSERVE users^42^*\r\n")
            #expect(try client.line() == ":1")
        }
        #expect(try writer.ask("SET users^42^name 'Ada L'") == "OK")
        #expect(try words(text.line()) == #"> observe set users^42^name (nil) "Ada L""#)
        let line = try json.line()
        #expect(
            line.hasPrefix(#"{"event":"observe","change":"set","key":"users^42^name","version":"#)
        )
        #expect(line.hasSuffix(#","old":null,"new":"Ada L"}"#))
        for (client, mark) in [(resp2, "*4"), (resp3, ">4")] {
            for line in [mark, "$7", "observe", "+set", "$13", "users^42^name"] {
                #expect(try client.line() == line)
            }
            #expect(try client.line().hasPrefix(":"))
        }
        #expect(try writer.ask("SET users^7^name x") == "OK")
        #expect(try writer.ask("DROP users^") == "2")
        #expect(try text.line() == "> observe drop users^42^")
        #expect(try json.line() == #"{"event":"observe","change":"drop","key":"users^42^"}"#)
    }

    private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    @Test func protobufIsTold() throws {
        let server = try TestServer.ofMessages()
        let writer = try server.textClient()
        let client = try server.connect()
        func ask(_ message: [UInt8]) throws -> [UInt8] {
            try client.send([0, 0, 0, UInt8(message.count)] + message)
            return try next()
        }
        func next() throws -> [UInt8] {
            let length = try client.bytes(4).reduce(0) { $0 << 8 | Int($1) }
            return try client.bytes(length)
        }
        #expect(
            try ask(field(2, field(1, Array(server.folder.token.utf8))))
                == field(3, Array("OK".utf8))
        )
        let command = field(1, Array("OBSERVE".utf8)) + field(2, Array("k".utf8))
        #expect(
            try ask([0x08, 5] + [0x8A, 1, UInt8(command.count)] + command) == [0x08, 5, 0x20, 2]
        )
        #expect(try writer.ask("SET k v") == "OK")
        let push = try next()
        let begin = field(1, Array("observe".utf8))
        let change = field(1, Array("change".utf8)) + field(2, field(1, Array("set".utf8)))
        let key = field(1, Array("key".utf8)) + field(2, field(3, Array("k".utf8)))
        let expected = begin + field(2, change) + field(2, key)
        #expect(push.count > 2 && push[0] == 0x5A)
        #expect(Array(push.dropFirst(2).prefix(expected.count)) == expected)
    }

    @Test func orderIsKeptAcrossLoops() throws {
        let server = try TestServer.ofMessages()
        let observers = try (0..<3).map { _ in try server.textClient() }
        for observer in observers { #expect(try observer.ask("OBSERVE k* VALUES") == "1") }
        let writers = try (0..<4).map { _ in try server.textClient() }
        let count = 300
        for writer in writers {
            try writer.send((0..<count).map { "INCR k\($0 % 3)\n" }.joined())
        }
        for writer in writers { for _ in 0..<count { _ = try writer.line() } }
        for observer in observers {
            var values = [0, 0, 0]
            for _ in 0..<(writers.count * count) {
                let words = try observer.line().split(separator: " ")
                guard words.count == 7, let index = Int(words[3].dropFirst()), index < 3 else {
                    Issue.record("\(words)")
                    return
                }
                #expect(Int(words[5]) ?? 0 == values[index])
                values[index] = Int(words[6]) ?? -1
            }
            #expect(values == [400, 400, 400])
        }
    }

    @Test func keysExpireWithoutAnybodyAsking() throws {
        let server = try TestServer.ofMessages()
        let writer = try server.textClient()
        let observer = try server.textClient()
        #expect(try observer.ask("OBSERVE EVENTS expired,del k*") == "1")
        #expect(try writer.ask("SET kept 1 PX 20") == "OK")
        #expect(try writer.ask("SET kept 2 PX 900000") == "OK")
        #expect(try writer.ask("SET k 1 PX 30") == "OK")
        #expect(try words(observer.line()).hasPrefix("> observe expired k"))
        #expect(try writer.ask("GET k") == "(nil)")
        #expect(try writer.ask("DEL kept") == "1")
        // Nothing came in between: the overwritten key did not expire, and the other one only once.
        #expect(try observer.line().hasPrefix("> observe del kept"))
    }

    @Test func eachKeyIsHeldAgainstWhatTheTokenReads() throws {
        let server = try TestServer.ofMessages {
            $0.limits.maxAuthenticationFailures = 1_000_000
            $0.limits.addressFailedAuthentications = 0
        }
        let now = SystemClock.now().unixMilliseconds
        let issued = try server.folder.editor.add(
            name: "watcher",
            permissions: ["@pubsub"],
            read: ["a^*", "b^*"],
            nowUnixMilliseconds: now
        )
        server.server.reloadTokens()
        let writer = try server.textClient()
        let client = try server.connect()
        try awaitAnswer("OK", from: client, to: "AUTH \(issued.credential)")
        #expect(try client.ask("OBSERVE *") == "1")
        #expect(try writer.ask(["SET secret 1", "SET a^1 1", "SET c^1 1"]) == ["OK", "OK", "OK"])
        #expect(try client.line().hasPrefix("> observe set a^1 "))
        #expect(try writer.ask("FLUSHALL") == "OK")
        #expect(try client.line() == "> observe drop a^")
        #expect(try client.line() == "> observe drop b^")
        try server.folder.editor.revoke("watcher")
        server.server.reloadTokens()
        while try !client.line().hasPrefix("ERR SESSION") {}
        try client.waitUntilClosed()
        try awaitAnswer("0", from: writer, to: "PUBSUB NUMOBS")
    }

    @Test func whoVanishesLeavesNothingBehind() throws {
        let server = try TestServer.ofMessages()
        let watcher = try server.textClient()
        for round in 0..<3 {
            let clients = try (0..<10).map { _ in try server.textClient() }
            for (number, client) in clients.enumerated() {
                #expect(try client.ask("OBSERVE a^* b^* c\(number)") == "3")
            }
            #expect(try watcher.ask("PUBSUB NUMOBS") == "12")
            #expect(try watcher.ask("SET a^\(round) 1") == "OK")
            for (number, client) in clients.enumerated() {
                if number % 2 == round % 2 { client.reset() } else { client.close() }
            }
            try awaitAnswer("0", from: watcher, to: "PUBSUB NUMOBS")
        }
    }

    /// Limits that a reader which pauses soon meets.
    private func narrow(_ configuration: inout ServerConfiguration) {
        configuration.limits.messageHoldBytes = 4096
        configuration.limits.maxHeldMessages = 8
        configuration.limits.subscriberOutboundHardLimitBytes = 1 << 20
    }

    @Test(arguments: ["drop-oldest", "latest"]) func aSlowObserverIsToldWhatItLost(
        policy: String
    ) throws {
        let server = try TestServer.ofMessages(narrow)
        let writer = try server.textClient()
        let slow = try server.textClient()
        #expect(try slow.ask("DELIVERY \(policy)") == "OK")
        #expect(try slow.ask("OBSERVE VALUES EVENTS set k*") == "1")
        let filler = String(repeating: "x", count: 16 << 10)
        let count = 800
        for number in 0..<count {
            #expect(try writer.ask("SET k\(number % 2) \(number):\(filler)") == "OK")
        }
        var seen = 0
        var lost = 0
        var last = [-1, -1]
        while last != [count - 2, count - 1] {
            let words = try slow.line().split(separator: " ")
            guard words.count >= 5, let key = Int(words[3].dropFirst()) else { break }
            if words[2] == "gap" {
                lost += Int(words[4]) ?? 0
            } else {
                let number = Int(words[6].prefix { $0 != ":" }) ?? -1
                #expect(number > last[key])
                last[key] = number
                seen += 1
            }
        }
        #expect(lost > 0 && seen + lost == count)
    }
}
