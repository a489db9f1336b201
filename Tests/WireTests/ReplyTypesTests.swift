// The reply types of RESP3 in every encoding; in RESP as Redis 7.0 answers DEBUG PROTOCOL.
import Core
import Testing

@testable import Wire

struct ReplyTypesTests {
    typealias Row = ReplyEncoderTests.Row

    static let rows: [Row] = [
        Row(
            "true",
            text: "true\n",
            json: "{\"result\":true}\n",
            resp2: ":1\r\n",
            resp3: "#t\r\n"
        ) { $0.boolean(true) },
        Row(
            "false",
            text: "false\n",
            json: "{\"result\":false}\n",
            resp2: ":0\r\n",
            resp3: "#f\r\n"
        ) { $0.boolean(false) },
        Row(
            "verbatim",
            text: "*2\ntwo\nlines\n",
            json: "{\"result\":\"two\\nlines\"}\n",
            resp2: "$9\r\ntwo\nlines\r\n",
            resp3: "=13\r\ntxt:two\nlines\r\n"
        ) { $0.verbatim(Array("two\nlines".utf8).span) },
        Row(
            "set",
            text: "*2\n1\na\n",
            json: "{\"result\":[1,\"a\"]}\n",
            resp2: "*2\r\n:1\r\n$1\r\na\r\n",
            resp3: "~2\r\n:1\r\n$1\r\na\r\n"
        ) {
            $0.set(2)
            $0.integer(1)
            $0.string("a")
        },
        Row(
            "several replies",
            text: "*2\n1\na\n",
            json: "{\"result\":[1,\"a\"]}\n",
            resp2: ":1\r\n$1\r\na\r\n",
            resp3: ":1\r\n$1\r\na\r\n"
        ) {
            $0.several(2)
            $0.integer(1)
            $0.string("a")
        },
        Row(
            "attribute",
            text: "real\n",
            json: "{\"result\":\"real\"}\n",
            resp2: "$4\r\nreal\r\n",
            resp3: "|1\r\n$3\r\nttl\r\n*2\r\n$1\r\nk\r\n:90\r\n$4\r\nreal\r\n"
        ) {
            $0.attribute(1)
            $0.string("ttl")
            $0.list(2)
            $0.string("k")
            $0.integer(90)
            $0.string("real")
        },
        Row(
            "attributes before nested items",
            text: "*3\n1\n*2\na\n2\nERR SYNTAX syntax error\n",
            json:
                "{\"result\":[1,{\"a\":2},{\"error\":{\"code\":\"invalid_request\","
                + "\"message\":\"syntax error\"}}]}\n",
            resp2: "*3\r\n:1\r\n*2\r\n$1\r\na\r\n:2\r\n-ERR syntax error\r\n",
            resp3: "*3\r\n|1\r\n+x\r\n#t\r\n|0\r\n:1\r\n%1\r\n|1\r\n+x\r\n:0\r\n$1\r\na\r\n:2\r\n"
                + "-ERR syntax error\r\n"
        ) {
            $0.list(3)
            $0.attribute(1)
            $0.status("x")
            $0.boolean(true)
            $0.attribute(0)
            $0.integer(1)
            $0.map(1)
            $0.attribute(1)
            $0.status("x")
            $0.integer(0)
            $0.string("a")
            $0.integer(2)
            $0.error(.syntax)
        },
        Row(
            "an attribute before an error",
            text: "ERR SYNTAX syntax error\n",
            json: "{\"error\":{\"code\":\"invalid_request\",\"message\":\"syntax error\"}}\n",
            resp2: "-ERR syntax error\r\n",
            resp3: "|1\r\n+x\r\n_\r\n-ERR syntax error\r\n"
        ) {
            $0.attribute(1)
            $0.status("x")
            $0.null()
            $0.error(.syntax)
        },
        Row(
            "names of other types",
            text: "*8\n1.5\n1\ntrue\n2\n12345678901234567890\n3\n*1\nv\n4\n",
            json:
                "{\"result\":{\"1.5\":1,\"true\":2,\"12345678901234567890\":3,\"v\":4}}\n",
            resp2: "*8\r\n$3\r\n1.5\r\n:1\r\n:1\r\n:2\r\n$20\r\n12345678901234567890\r\n:3\r\n"
                + "$1\r\nv\r\n:4\r\n",
            resp3: "%4\r\n,1.5\r\n:1\r\n#t\r\n:2\r\n(12345678901234567890\r\n:3\r\n"
                + "=5\r\ntxt:v\r\n:4\r\n"
        ) {
            $0.map(4)
            $0.double(1.5)
            $0.integer(1)
            $0.boolean(true)
            $0.integer(2)
            $0.bigNumber(Array("12345678901234567890".utf8).span)
            $0.integer(3)
            $0.verbatim(Array("v".utf8).span)
            $0.integer(4)
        },
        Row(
            "types in a push",
            text: "> stats 0.5 \"a b\" *1 true 9007199254740992\n",
            json:
                "{\"event\":\"stats\",\"load\":0.5,\"text\":\"a b\",\"up\":[true],"
                + "\"big\":\"9007199254740992\"}\n",
            resp2: "*5\r\n$5\r\nstats\r\n$3\r\n0.5\r\n$3\r\na b\r\n*1\r\n:1\r\n"
                + "$16\r\n9007199254740992\r\n",
            resp3: ">5\r\n$5\r\nstats\r\n,0.5\r\n=7\r\ntxt:a b\r\n~1\r\n#t\r\n(9007199254740992\r\n"
        ) {
            $0.push(9)
            $0.status("stats")
            $0.status("load")
            $0.double(0.5)
            $0.status("text")
            $0.verbatim(Array("a b".utf8).span)
            $0.status("up")
            $0.set(1)
            $0.boolean(true)
            $0.status("big")
            $0.bigNumber(Array("9007199254740992".utf8).span)
        },
    ]

    @Test("every type in every encoding", arguments: 0..<rows.count)
    func table(_ index: Int) {
        let row = Self.rows[index]
        #expect(render(.text, row.build) == row.text, "\(row.name)")
        #expect(render(.json, row.build) == row.json, "\(row.name)")
        #expect(render(.resp2, row.build) == row.resp2, "\(row.name)")
        #expect(render(.resp3, row.build) == row.resp3, "\(row.name)")
    }

    /// What redis-server 7.0.15 answers to ZSCORE for each of them.
    @Test(
        "doubles are as Redis writes them, and shortest elsewhere",
        arguments: [
            (3.0, "3", "3"), (0.1, "0.10000000000000001", "0.1"), (-0.0, "-0", "-0"),
            (3.141, "3.141", "3.141"), (1e300, "1.0000000000000001e+300", "1e+300"),
            (1e-7, "9.9999999999999995e-08", "1e-07"),
            (123_456_789_012_345_680, "1.2345678901234568e+17", "1.2345678901234568e+17"),
            (1e16, "10000000000000000", "1e+16"),
            (Double.leastNonzeroMagnitude, "4.9406564584124654e-324", "5e-324"),
            (-1.7976931348623157e308, "-1.7976931348623157e+308", "-1.7976931348623157e+308"),
        ]
    )
    func doubles(_ value: Double, _ redis: String, _ shortest: String) throws {
        let build: Build = { $0.double(value) }
        #expect(render(.resp3, build) == ",\(redis)\r\n")
        #expect(render(.resp2, build) == "$\(redis.utf8.count)\r\n\(redis)\r\n")
        #expect(render(.text, build) == "\(shortest)\n")
        #expect(render(.json, build) == "{\"result\":\(shortest)}\n")
        #expect(Double(shortest) == value && Double(redis) == value)
    }

    @Test(
        "what is not finite is a word",
        arguments: [
            (Double.infinity, "inf"), (-Double.infinity, "-inf"), (Double.nan, "nan"),
            (-Double.nan, "nan"),
        ]
    )
    func words(_ value: Double, _ word: String) {
        let build: Build = { $0.double(value) }
        #expect(render(.resp3, build) == ",\(word)\r\n")
        #expect(render(.resp2, build) == "$\(word.utf8.count)\r\n\(word)\r\n")
        #expect(render(.text, build) == "\(word)\n")
        #expect(render(.json, build) == "{\"result\":\"\(word)\"}\n")
    }

    @Test(
        "big numbers are JSON numbers as long as nobody loses a digit",
        arguments: [
            ("0", "0"), ("-7", "-7"), ("9007199254740991", "9007199254740991"),
            ("-9007199254740991", "-9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("-9007199254740992", "\"-9007199254740992\""),
            (
                "1234567999999999999999999999999999999",
                "\"1234567999999999999999999999999999999\""
            ),
        ]
    )
    func bigNumbers(_ digits: String, _ json: String) {
        let build: Build = { $0.bigNumber(Array(digits.utf8).span) }
        #expect(render(.resp3, build) == "(\(digits)\r\n")
        #expect(render(.resp2, build) == "$\(digits.utf8.count)\r\n\(digits)\r\n")
        #expect(render(.text, build) == "\(digits)\n")
        #expect(render(.json, build) == "{\"result\":\(json)}\n")
    }

    @Test("a tape that ends too early ends the walk")
    func truncated() {
        for encoding in WireEncoding.allCases {
            _ = render(encoding) { $0.attribute(3) }
            _ = render(encoding) { $0.set(3) }
            _ = render(encoding) {
                $0.map(1)
                $0.attribute(1)
            }
        }
    }
}
