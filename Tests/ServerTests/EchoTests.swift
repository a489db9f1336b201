// Echo, live: what comes back is what was sent, however it is cut, and whoever disconnects.
import Reactor
import Server
import Testing

@Suite struct EchoTests {
    @Test func theRestOfTheLineComesBack() throws {
        let client = try TestServer().textClient()
        #expect(try client.ask("ECHO hello world") == "hello world")
        #expect(try client.ask("ECHO   two  spaces ") == #""  two  spaces ""#)
        #expect(try client.ask(#"ECHO "quoted""#) == #""\"quoted\"""#)
    }

    @Test func requestsInPiecesAndManyInOneRecord() throws {
        let server = try TestServer()
        let client = try server.textClient()
        for byte in Array("ECHO piece by piece\r\n".utf8) { try client.send([byte]) }
        #expect(try client.line() == "piece by piece")
        let lines = (0..<500).map { "ECHO \($0)" }
        #expect(try client.ask(lines) == (0..<500).map { "\($0)" })
    }

    @Test func aRequestOverManyRecordsComesBackWhole() throws {
        let server = try TestServer()
        let connection = try server.connect()
        let payload = [UInt8]((0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try connection.send(resp(["AUTH", server.folder.token]))
        #expect(try connection.line() == "+OK")
        try connection.send(resp([Array("ECHO".utf8), payload]))
        #expect(try connection.line() == "$\(payload.count)")
        #expect(try connection.bytes(payload.count) == payload)
    }

    @Test func abruptDisconnectsAreSurvived() throws {
        let server = try TestServer()
        let steady = try server.textClient()
        for round in 0..<60 {
            let client = round % 2 == 0 ? try server.textClient() : try server.connect()
            try client.send(round % 3 == 0 ? "ECHO half a li" : "ECHO x\nECHO y\nECHO z\n")
            client.reset()
        }
        try awaitAnswer("1", from: steady, to: "WHO")
        #expect(try steady.ask("ECHO still here") == "still here")
    }

    @Test func aDeepPipelineIsAnsweredInOrder() throws {
        let server = try TestServer()
        let client = try server.textClient()
        let count = 20_000
        let text = (0..<count).map { "ECHO \($0)\n" }.joined()
        try client.send(text)
        for number in 0..<count where try client.line() != "\(number)" {
            Issue.record("reply \(number) is out of order")
            return
        }
    }
}

/// A RESP array of bulk strings.
func resp(_ words: [String]) -> [UInt8] {
    resp(words.map { Array($0.utf8) })
}

/// A RESP array of bulk strings.
func resp(_ words: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(words.count)\r\n".utf8)
    for word in words {
        bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8)
    }
    return bytes
}
