// What replies are right, wrong and errors.
import Core
import Testing

@testable import LoadKit

@Suite struct ReplyVerifierTests {
    /// Checks `replies` in turn on one connection.
    private func verdicts(
        _ encoding: LoadEncoding,
        _ request: PlannedRequest,
        _ replies: String
    ) -> [Verdict] {
        let bytes = Array(replies.utf8)
        var parser = ReplyParser(encoding)
        var verifier = ReplyVerifier(encoding)
        var scratch = ByteBuffer()
        var verdicts: [Verdict] = []
        var position = 0
        while case .reply(let reply) = parser.next(bytes.span, from: position, scratch: &scratch) {
            let payload = bytes.span.extracting(reply.start..<reply.end)
            verdicts.append(verifier.check(reply, payload, for: request))
            position += reply.consumed
        }
        return verdicts
    }

    private func value(_ key: UInt64) -> String {
        var buffer = ByteBuffer()
        LoadValue.append(key: key, version: 1, count: 20, to: &buffer)
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func valuesMustBelongToTheirKey() {
        let get = PlannedRequest(command: .get, key: 5)
        let resp = "$20\r\n\(value(5))\r\n$20\r\n\(value(6))\r\n$-1\r\n-ERR x\r\n+\(value(5))\r\n"
        #expect(verdicts(.resp, get, resp) == [.good, .wrong, .missing, .error, .wrong])
        let text = "\(value(5))\n\(value(6))\n(nil)\nERR BUSY x\n"
        #expect(verdicts(.text, get, text) == [.good, .wrong, .missing, .error])
        let json = "{\"result\":\"\(value(5))\"}\n{\"result\":\"\(value(6))\"}\n{\"result\":null}\n"
        #expect(verdicts(.json, get, json) == [.good, .wrong, .missing])
    }

    @Test func statusesMustBeExact() {
        let ping = PlannedRequest(command: .ping)
        #expect(verdicts(.resp, ping, "+PONG\r\n+OK\r\n$4\r\nPONG\r\n") == [.good, .wrong, .wrong])
        #expect(verdicts(.text, ping, "PONG\nPONGO\n") == [.good, .wrong])
        let set = PlannedRequest(command: .set, valueBytes: 5)
        #expect(verdicts(.json, set, "{\"result\":\"OK\"}\n{\"result\":1}\n") == [.good, .wrong])
    }

    @Test func countersCountInOnes() {
        let incr = PlannedRequest(command: .incr)
        let replies = ":41\r\n:42\r\n:43\r\n:43\r\n:44\r\n-ERR x\r\n:45\r\n+46\r\n:46\r\n"
        #expect(
            verdicts(.resp, incr, replies) == [
                .good, .good, .good, .wrong, .good, .error, .good, .wrong, .good,
            ]
        )
        #expect(verdicts(.text, incr, "1\n2\n4\n") == [.good, .good, .wrong])
    }

    @Test func integersMustBeInRange() {
        let who = PlannedRequest(command: .who)
        #expect(verdicts(.resp, who, ":0\r\n:1\r\n:1000\r\n") == [.wrong, .good, .good])
        let del = PlannedRequest(command: .del)
        #expect(verdicts(.text, del, "0\n1\n2\nx\n") == [.good, .good, .wrong, .wrong])
        #expect(verdicts(.json, del, "{\"result\":1}\n{\"result\":\"1\"}\n") == [.good, .wrong])
    }

    @Test func echoesMustBeExact() {
        let echo = PlannedRequest(command: .echo, version: 1, valueBytes: 20, key: 5)
        let replies = "$20\r\n\(value(5))\r\n$20\r\n\(value(6))\r\n$-1\r\n"
        #expect(verdicts(.resp, echo, replies) == [.good, .wrong, .wrong])
    }
}
