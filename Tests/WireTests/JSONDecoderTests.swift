// JSON lines: fields to arguments, and every way to be refused.
import Core
import Testing

@testable import Wire

struct JSONDecoderTests {
    let feed = Feed(encoding: .json)

    @Test(
        "fields become arguments in the order of the row",
        arguments: [
            (#"{"action":"GET","key":"foo"}"#, ["GET", "foo"]),
            (#"{"action":"fetch","key":"foo"}"#, ["fetch", "foo"]),
            (#" { "key" : "foo" , "action" : "get" } "#, ["get", "foo"]),
            (
                #"{"\u0061ction":"GET","k\u0065y":"\u00e9\n\"\u0000\ud83d\ude00"}"#,
                ["GET", "\u{e9}\n\"\u{0}\u{1F600}"]
            ),
            (#"{"action":"SET","key":"foo","value":"bar"}"#, ["SET", "foo", "bar"]),
            (#"{"action":"SET","value":"","key":""}"#, ["SET", "", ""]),
            (
                #"{"ttl":10,"nx":true,"action":"SET","value":"v","key":"k"}"#,
                ["SET", "k", "v", "NX", "EX", "10"]
            ),
            (
                #"{"action":"SET","key":"k","value":"v","nx":false,"xx":true,"note":"n"}"#,
                ["SET", "k", "v", "XX", "NOTE", "n"]
            ),
            (
                #"{"action":"SET","key":"k","value":{"base64":"AAEC/w=="},"ttl":-1}"#,
                ["SET", "k", "\u{0}\u{1}\u{2}\u{ff}", "EX", "-1"]
            ),
            (
                #"{"action":"ADD","a":9223372036854775807,"b":-9223372036854775808}"#,
                ["ADD", "9223372036854775807", "-9223372036854775808"]
            ),
            (#"{"action":"PING"}"#, ["PING"]),
            (#"{"action":"PING","message":"hi"}"#, ["PING", "hi"]),
            (#"{"action":"DEL","key":"a"}"#, ["DEL", "a"]),
            (#"{"action":"DEL","key":["a","b",{"base64":"Yw=="}]}"#, ["DEL", "a", "b", "c"]),
            (
                #"{"action":"MSET","values":{"a":"1","b":{"base64":"Mg=="}}}"#,
                ["MSET", "a", "1", "b", "2"]
            ),
            (
                #"{"action":"MSET","values":[["a","1"],[{"base64":"/w=="},{"base64":""}],["a",""]]}"#,
                ["MSET", "a", "1", "\u{ff}", "", "a", ""]
            ),
            (
                #"{"namespace":"n","action":"MSET","values":[["a","1"]]}"#,
                ["MSET", "n^a", "1"]
            ),
            (#"{"action":"GET","key":{"base64":"/wBeCg=="}}"#, ["GET", "\u{ff}\u{0}^\n"]),
            (
                #"{"action":"DEL","key":[{"base64":"/w=="},"b"],"namespace":"n"}"#,
                ["DEL", "n^\u{ff}", "n^b"]
            ),
            (#"{"action":"WATCH","match":{"base64":"Kv8="}}"#, ["WATCH", "MATCH", "*\u{ff}"]),
            (#"{"action":"DROP","namespace":{"base64":"/14="}}"#, ["DROP", "\u{ff}^"]),
            (#"{"action":"PING","message":{"base64":"/w=="}}"#, ["PING", "\u{ff}"]),
            (#"{"action":"WATCH"}"#, ["WATCH"]),
            (#"{"action":"WATCH","match":["a*","b*"]}"#, ["WATCH", "MATCH", "a*", "MATCH", "b*"]),
            (#"{"action":"DROP","namespace":"users^"}"#, ["DROP", "users^"]),
            (#"{"action":"GET","key":"k","namespace":"users^42"}"#, ["GET", "users^42^k"]),
            (#"{"namespace":"n","action":"DEL","key":["a","b"]}"#, ["DEL", "n^a", "n^b"]),
            (#"{"namespace":"n","action":"SET","key":"a","value":"b"}"#, ["SET", "n^a", "b"]),
            (
                #"{"namespace":"n","action":"MSET","values":{"a":"1","b":"2"}}"#,
                ["MSET", "n^a", "1", "n^b", "2"]
            ),
        ]
    )
    func accepts(_ line: String, _ words: [String]) {
        let latin1 = words.map { word in
            word.unicodeScalars.contains { $0.value == 0xFF }
                ? word.unicodeScalars.map { UInt8($0.value) } : Array(word.utf8)
        }
        feed.expect(Array((line + "\n").utf8), [.request(latin1, id: [])])
        feed.expect(Array((line + "\r\n").utf8), [.request(latin1, id: [])])
    }

    @Test(
        "ECHO takes any value as it came",
        arguments: [
            (#""hi\u00e9\/\n""#, #""hi\u00e9\/\n""#), ("1", "1"), ("-0", "-0"), ("1.0", "1.0"),
            ("1e2", "1e2"), ("0.10", "0.10"), ("true", "true"), ("null", "null"), ("{}", "{}"),
            ("[]", "[]"), (#"[ 1, {"a" : [ "x y" , null ]} ]"#, #"[1,{"a":["x y",null]}]"#),
            (#"{"base64":"AA=="}"#, #"{"base64":"AA=="}"#), (#""]}\\\"""#, #""]}\\\"""#),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("[1e400, -1E+999]", "[1e400,-1E+999]"),
            (
                #"{"n":0.12345678901234567890123,"s":"12345678901234567890123"}"#,
                #"{"n":0.12345678901234567890123,"s":"12345678901234567890123"}"#
            ),
        ]
    )
    func anyValue(_ value: String, _ text: String) {
        let rest = #""id":"[{\"","action":"ECHO""#
        let id = #""[{\"""#
        feed.expect("{\(rest),\"value\":\(value)}\n", .request(["ECHO", text], id: id))
        feed.expect("{\"value\" : \(value) , \(rest)}\n", .request(["ECHO", text], id: id))
    }

    @Test(
        "id is echoed",
        arguments: [
            (#""a""#, #""a""#), (#""\u0041\"\n""#, #""A\"\n""#), ("7", "7"), ("-7", "-7"),
            ("0", "0"),
            ("18446744073709551615", "18446744073709551615"), (#""""#, #""""#),
        ]
    )
    func identifier(_ id: String, _ echoed: String) {
        feed.expect("{\"id\":\(id),\"action\":\"PING\"}\n", .request(["PING"], id: echoed))
        feed.expect(
            "{\"action\":\"NOPE\",\"id\":\(id)}\n",
            .rejected(.unknownCommand, "unknown command 'NOPE'", id: echoed)
        )
        feed.expect(
            "{\"foo\":1,\"action\":\"GET\",\"id\":\(id)}\n",
            .rejected(
                .invalidRequest,
                "field 'foo' is not one of GET's: key, namespace, id",
                id: echoed
            )
        )
    }

    @Test(
        "invalid requests name the field",
        arguments: [
            ("{}", "field 'action' is missing"),
            (#"{"key":"a"}"#, "field 'action' is missing"),
            (#"{"action":1}"#, "field 'action' must be a string"),
            (#"{"action":null}"#, "field 'action' must be a string"),
            (#"{"action":"GET"}"#, "field 'key' is missing"),
            (#"{"action":"SET","key":"k"}"#, "field 'value' is missing"),
            (#"{"action":"ADD","a":1}"#, "field 'b' is missing"),
            (#"{"action":"ECHO"}"#, "field 'value' is missing"),
            (#"{"action":"GET","key":"a","key":"b"}"#, "field 'key' is there more than once"),
            (
                #"{"action":"GET","key":"a","action":"GET"}"#,
                "field 'action' is there more than once"
            ),
            (
                #"{"action":"PING","namespace":"a"}"#,
                "field 'namespace' is not one of PING's: message, id"
            ),
            (
                #"{"action":"GET","key":"a","namespace":"b","namespace":"b"}"#,
                "field 'namespace' is there more than once"
            ),
            (#"{"action":"PING","foo\n":1}"#, "field 'foo\\n' is not one of PING's: message, id"),
            (#"{"action":"GET","key":1}"#, #"field 'key' must be a string or {"base64":"…"}"#),
            (#"{"action":"GET","key":null}"#, #"field 'key' must be a string or {"base64":"…"}"#),
            (#"{"action":"GET","key":["a"]}"#, #"field 'key' must be a string or {"base64":"…"}"#),
            (#"{"action":"GET","key":{}}"#, #"field 'key' must be a string or {"base64":"…"}"#),
            (
                #"{"action":"GET","key":{"base64":1}}"#,
                #"field 'key' must be a string or {"base64":"…"}"#
            ),
            (
                #"{"action":"GET","key":{"base64":"","a":1}}"#,
                #"field 'key' must be a string or {"base64":"…"}"#
            ),
            (#"{"action":"GET","key":{"base64":"A"}}"#, "field 'key' holds invalid base64"),
            (#"{"action":"GET","key":{"base64":"A==="}}"#, "field 'key' holds invalid base64"),
            (#"{"action":"GET","key":{"base64":"AB=="}}"#, "field 'key' holds invalid base64"),
            (#"{"action":"GET","key":{"base64":"AA-_"}}"#, "field 'key' holds invalid base64"),
            (#"{"action":"ADD","a":"1","b":2}"#, "field 'a' must be an integer of 64 bits"),
            (#"{"action":"ADD","a":1.0,"b":2}"#, "field 'a' must be an integer of 64 bits"),
            (
                #"{"action":"ADD","a":9223372036854775808,"b":2}"#,
                "field 'a' must be an integer of 64 bits"
            ),
            (
                #"{"action":"ADD","a":99999999999999999999,"b":2}"#,
                "field 'a' must be an integer of 64 bits"
            ),
            (#"{"action":"SET","key":"k","value":"v","nx":1}"#, "field 'nx' must be true or false"),
            (
                #"{"action":"SET","key":"k","value":"v","nx":"NX"}"#,
                "field 'nx' must be true or false"
            ),
            (
                #"{"action":"MSET","values":["a","b"]}"#,
                "field 'values' must be an object of keys and values, or an array of [key, value]"
            ),
            (
                #"{"action":"MSET","values":[["a","b"],["c"]]}"#,
                "field 'values' must be an object of keys and values, or an array of [key, value]"
            ),
            (
                #"{"action":"MSET","values":[["a","b","c"]]}"#,
                "field 'values' must be an object of keys and values, or an array of [key, value]"
            ),
            (
                #"{"action":"MSET","values":"ab"}"#,
                "field 'values' must be an object of keys and values, or an array of [key, value]"
            ),
            (#"{"action":"MSET","values":[]}"#, "field 'values' is empty"),
            (
                #"{"action":"MSET","values":[["a",1]]}"#,
                #"field 'values' must be a string or {"base64":"…"}"#
            ),
            (
                #"{"action":"MSET","values":{"a":"1","b":"2","\u0061":"3"}}"#,
                "field 'values' has 'a' more than once"
            ),
            (
                #"{"action":"MSET","values":{"":"1","":"2"}}"#,
                "field 'values' has '' more than once"
            ),
            (
                #"{"action":"MSET","namespace":"n","values":{"a":"1","ab":"2","a":"1"}}"#,
                "field 'values' has 'n^a' more than once"
            ),
            (
                #"{"action":"GET","key":{"base64":"","base64":""}}"#,
                #"field 'key' must be a string or {"base64":"…"}"#
            ),
            (#"{"action":"MSET","values":{}}"#, "field 'values' is empty"),
            (
                #"{"action":"MSET","values":{"a":1}}"#,
                #"field 'values' must be a string or {"base64":"…"}"#
            ),
            (#"{"action":"DEL","key":[]}"#, "field 'key' is empty"),
            (
                #"{"action":"DEL","key":["a",1]}"#,
                #"field 'key' must be a string or {"base64":"…"}"#
            ),
            (#"{"action":"GET","key":"a","namespace":""}"#, "field 'namespace' is empty"),
            (#"{"action":"GET","key":"a","namespace":1}"#, "field 'namespace' must be a string"),
            (#"{"action":"PING","id":1.5}"#, "field 'id' must be a string or an integer"),
            (#"{"action":"PING","id":null}"#, "field 'id' must be a string or an integer"),
            (#"{"action":"PING","id":{}}"#, "field 'id' must be a string or an integer"),
            ("1", "a request must be a JSON object"),
            (#""GET""#, "a request must be a JSON object"),
            ("null", "a request must be a JSON object"),
        ]
    )
    func refuses(_ line: String, _ message: String) {
        feed.expect(line + "\n", .rejected(.invalidRequest, message))
        feed.expect(
            line + "\n{\"action\":\"PING\"}\n",
            .rejected(.invalidRequest, message),
            .request(["PING"])
        )
    }

    @Test("a second id is refused, and the first echoed")
    func secondIdentifier() {
        feed.expect(
            #"{"action":"PING","id":1,"id":2}"# + "\n",
            .rejected(.invalidRequest, "field 'id' is there more than once", id: "1")
        )
    }

    @Test("unknown commands are escaped and cut")
    func unknown() {
        feed.expect(
            #"{"action":"a\u0000\u00e9"}"# + "\n",
            .rejected(.unknownCommand, "unknown command 'a\\x00\\xc3\\xa9'")
        )
        let long = String(repeating: "x", count: 1000)
        let cut = String(repeating: "x", count: 128)
        feed.expect(
            "{\"action\":\"\(long)\"}\n",
            .rejected(.unknownCommand, "unknown command '\(cut)'")
        )
    }
}
