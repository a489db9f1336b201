// Many clients at once, live: nothing is lost, overwritten or mixed up.
import Foundation
import Server
import Testing

@Suite struct ConcurrencyTests {
    @Test func aThousandSequentialSetsAreIntact() throws {
        let client = try TestServer().textClient()
        for number in 0..<1000 {
            #expect(try client.ask("SET key:\(number) value:\(number)") == "OK")
        }
        for number in 0..<1000 {
            #expect(try client.ask("GET key:\(number)") == "value:\(number)")
        }
        #expect(try client.ask("DBSIZE") == "1000")
    }

    @Test func racesOnOneKeyLoseNothing() throws {
        let server = try TestServer { $0.loopCount = 4 }
        let clients = try (0..<20).map { _ in try server.textClient() }
        let batch = String(repeating: "INCR counter\n", count: 250)
        for client in clients { try client.send(batch) }
        var seen = Set<String>()
        for client in clients {
            var last = 0
            for _ in 0..<250 {
                let line = try client.line()
                let number = Int(line) ?? -1
                #expect(number > last, "a client saw \(line) after \(last)")
                last = number
                seen.insert(line)
            }
        }
        // Each increment was answered with a number of its own: none was lost or done twice.
        #expect(seen.count == 20 * 250)
        #expect(try clients[0].ask("GET counter") == "5000")
    }

    @Test func concurrentSetsAndGetsOfOneKeySeeWholeValues() throws {
        let server = try TestServer { $0.loopCount = 4 }
        let clients = try (0..<16).map { _ in try server.textClient() }
        for (index, client) in clients.enumerated() {
            let letter = String(UnicodeScalar(UInt8(65 + index)))
            let value = String(repeating: letter, count: 300)
            let round = "SET shared \(value)\nGET shared\n"
            try client.send(String(repeating: round, count: 100))
        }
        for client in clients {
            for _ in 0..<100 {
                #expect(try client.line() == "OK")
                let value = try client.line()
                #expect(value.count == 300 && Set(value).count == 1, "torn: \(value)")
            }
        }
    }
}
