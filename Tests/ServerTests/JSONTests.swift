// JSON lines, live: valid, malformed and mixed, and the schema of each command.
import Server
import Testing

@Suite struct JSONTests {
    @Test func theDocumentedExample() throws {
        let client = try TestServer().jsonClient()
        #expect(
            try client.ask(#"{"action":"SET","key":"foo","value":"bar"}"#) == #"{"result":"OK"}"#
        )
        #expect(try client.ask(#"{"action":"GET","key":"foo"}"#) == #"{"result":"bar"}"#)
        #expect(try client.ask(#"{"action":"DEL","key":"foo"}"#) == #"{"result":1}"#)
    }

    @Test(arguments: [
        #""text""#, "1", "-1.5", "true", "null", "[]", "[1,[2,{}]]", #"{"a":{"b":["c"]}}"#,
        #""é\n""#,
    ])
    func echoReturnsAnyValueUnchanged(_ value: String) throws {
        let client = try TestServer().jsonClient()
        let answer = try client.ask(#"{"action":"ECHO","value":\#(value)}"#)
        #expect(answer == #"{"result":\#(value)}"#)
    }

    @Test func malformedLinesAreErrorsAndTheConnectionStays() throws {
        let client = try TestServer().jsonClient()
        for line in ["{", "{]", #"{"action":}"#, "{\"action\":\"PING\"", "{\"a\":1,}", "{}}"] {
            let answer = try client.ask(line)
            #expect(answer.hasPrefix(#"{"error":{"code":"malformed_json""#), "\(line): \(answer)")
            #expect(try client.ask(#"{"action":"PING"}"#) == #"{"result":"PONG"}"#)
        }
    }

    @Test func validAndInvalidLinesMixedInOneRecord() throws {
        let client = try TestServer().jsonClient()
        let answers = try client.ask([
            #"{"action":"SET","key":"k","value":"1"}"#, "{garbage", #"{"action":"INCR","key":"k"}"#,
            #"{"action":"NOPE"}"#, #"{"action":"GET","key":"k","id":7}"#,
        ])
        #expect(answers[0] == #"{"result":"OK"}"#)
        #expect(answers[1].contains("malformed_json"))
        #expect(answers[2] == #"{"result":2}"#)
        #expect(answers[3].contains("unknown_command"))
        #expect(answers[4] == #"{"id":7,"result":"2"}"#)
    }

    @Test func whatDoesNotFitTheCommandNamesTheField() throws {
        let client = try TestServer().jsonClient()
        let cases = [
            (#"{"action":"GET"}"#, "key"),
            (#"{"action":"GET","key":5}"#, "key"),
            (#"{"action":"GET","key":"k","colour":"red"}"#, "colour"),
            (#"{"key":"k"}"#, "action"),
        ]
        for (line, field) in cases {
            let answer = try client.ask(line)
            #expect(answer.contains(#""code":"invalid_request""#), "\(answer)")
            #expect(answer.contains(field), "\(answer)")
        }
    }

    @Test func aMissingKeyIsAnErrorWithItsCode() throws {
        let client = try TestServer().jsonClient()
        let answer = try client.ask(#"{"action":"GET","key":"nothing"}"#)
        #expect(answer == #"{"error":{"code":"key_not_found","message":"no such key"}}"#)
    }

    @Test func namespacesStandForAPrefix() throws {
        let client = try TestServer().jsonClient()
        _ = try client.ask(#"{"action":"SET","namespace":"users^42","key":"name","value":"Ada"}"#)
        #expect(
            try client.ask(#"{"action":"GET","key":"users^42^name"}"#) == #"{"result":"Ada"}"#
        )
        #expect(
            try client.ask(#"{"action":"NAMESPACES"}"#).contains(#""users^42""#)
        )
        #expect(try client.ask(#"{"action":"GET","key":"name"}"#).contains("key_not_found"))
        #expect(
            try client.ask(#"{"action":"DROP","prefix":"users^42^"}"#) == #"{"result":1}"#
        )
    }

    @Test func invalidUTF8IsAnErrorAndTheConnectionStays() throws {
        let client = try TestServer().jsonClient()
        try client.send(
            Array(#"{"action":"ECHO","value":""#.utf8) + [0xFF, 0xFE, 0x22, 0x7D, 0x0A]
        )
        #expect(try client.line().contains("malformed_json"))
        #expect(try client.ask(#"{"action":"PING"}"#) == #"{"result":"PONG"}"#)
    }
}
