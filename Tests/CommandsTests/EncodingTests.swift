// Every script through every encoding: bytes to a request, and its reply to bytes.
import Core
import Testing

@testable import Commands

@Suite struct EncodingTests {
    @Test func everyEncodingHasAClient() {
        #expect(Set(Carrier.all.keys) == Set(WireEncoding.allCases))
    }

    @Test(arguments: ScriptTests.scripts, WireEncoding.allCases)
    func answersAsExpected(script: Script, encoding: WireEncoding) throws {
        try script.play(through: encoding)
    }

    @Test(arguments: WireEncoding.allCases)
    func everyCommandIsRunToItsEnd(encoding: WireEncoding) throws {
        let carrier = try #require(Carrier.all[encoding])
        let run = ScriptTests.scripts.flatMap(\.steps).compactMap { step -> String? in
            let line: String
            switch step {
            case .run(let text, let expected) where expected.errorCode == nil: line = text
            case .runSorted(let text, _): line = text
            default: return nil
            }
            let words = Bench.words(line)
            guard carrier.request(words) != nil else { return nil }
            return String(decoding: words[0], as: UTF8.self).uppercased()
        }
        let names = Set(run)
        for spec in CommandTable.catalog.specs {
            #expect(names.contains(spec.name), "\(spec.name) is never run in \(encoding)")
        }
    }

    @Test(arguments: [
        (WireEncoding.resp2, 100), (.resp3, 100), (.protobuf, 100), (.text, 95), (.json, 60),
    ])
    func mostLinesCanBeSaid(encoding: WireEncoding, percent: Int) throws {
        let carrier = try #require(Carrier.all[encoding])
        let lines = ScriptTests.scripts.flatMap(\.steps).compactMap { step -> String? in
            if case .run(let line, _) = step { line } else { nil }
        }
        let said = lines.filter { carrier.request(Bench.words($0)) != nil }
        #expect(said.count * 100 >= lines.count * percent, "\(said.count) of \(lines.count)")
    }

    @Test(arguments: WireEncoding.allCases)
    func keysAndValuesHoldAnyBytes(encoding: WireEncoding) throws {
        let bench = try Bench(encoding: encoding)
        let samples: [[UInt8]] = [
            [0], [13, 10], [0xFF, 0xFE], Array("a^b".utf8), [0x80], [0x20], [0x22, 0x5C, 0x27],
            Array("(nil)".utf8), Array("*1".utf8), Array("ERR x y".utf8), Array("é\u{1F600}".utf8),
        ]
        for sample in samples {
            let ok = Answer.ok.seen(in: encoding)
            #expect(try bench.converse([Array("SET".utf8), sample, sample]) == ok)
            #expect(try bench.converse([Array("GET".utf8), sample]) == .bytes(sample))
            #expect(try bench.converse([Array("MSET".utf8), sample, [], sample, sample]) == ok)
            let both = try bench.converse([Array("MGET".utf8), sample, [0xFD]])
            #expect(both == .list([.bytes(sample), .null]))
            #expect(try bench.converse([Array("ECHO".utf8), Array("x".utf8)]) == .text("x"))
        }
        let keys = try #require(try bench.converse([Array("KEYS".utf8), [0x2A]]))
        #expect(keys.fits(.list(.bytes), encoding))
        let found = try bench.converse([Array("KEYS".utf8), [0xFF, 0x2A]])
        #expect(found == .list([.bytes([0xFF, 0xFE])]))
        // A namespace that is not UTF-8 is a name in a map.
        _ = try bench.converse([Array("SET".utf8), [0xFF, 0x5E, 0x61], [0x31]])
        let namespaces = try #require(try bench.converse([Array("NAMESPACES".utf8)]))
        #expect(namespaces.fits(.map(.map(.integer)), encoding), "\(namespaces)")
        #expect(
            try bench.converse([Array("DROP".utf8), [0xFF, 0x5E]])
                == Answer.integer(1).seen(in: encoding)
        )
    }
}

/// The readers of replies and the shapes themselves, on bytes that are wrong.
@Suite struct CarrierTests {
    @Test(arguments: [
        (WireEncoding.text, "OK"), (.text, "\n"), (.text, "a\nb\n"), (.text, "\"a\n"),
        (.text, "\"\\q\"\n"), (.text, "*2\na\n"), (.text, "*1\na\nb\n"), (.text, "ERR\n\n"),
        (.text, "(none)\n"), (.text, "> push\n"), (.text, "é\n"), (.text, "a \n"),
        (.json, "{}\n"), (.json, "{\"result\":1}"), (.json, "{\"result\":01}\n"),
        (.json, "{\"result\":1,\"result\":1}\n"), (.json, "{ \"result\":1}\n"),
        (.json, "{\"result\":{\"a\":1,\"a\":2}}\n"), (.json, "{\"result\":1}\n{\"result\":1}\n"),
        (.json, "{\"error\":{\"code\":\"x\"}}\n"), (.json, "{\"result\":\"\t\"}\n"),
        (.json, "{\"result\":{\"base64\":\"YQ==\"}}\n"), (.json, "[{\"result\":1}]\n"),
        (.json, "{\"result\":9223372036854775808}\n"), (.json, "{\"result\":+1}\n"),
        (.resp2, "_\r\n"), (.resp2, "#t\r\n"), (.resp2, "%0\r\n"), (.resp2, ":1\r\n:1\r\n"),
        (.resp2, "$3\r\nab\r\n"), (.resp2, "$1\r\nab\r\n"), (.resp2, "*2\r\n:1\r\n"),
        (.resp2, ":x\r\n"), (.resp2, "-ERR\r\n"), (.resp2, "+OK\n"), (.resp2, "?1\r\n"),
        (.resp3, "$-1\r\n"), (.resp3, "_x\r\n"), (.resp3, "#x\r\n"), (.resp3, ",x\r\n"),
        (.resp3, "(1.5\r\n"), (.resp3, "=1\r\na\r\n"), (.resp3, "|1\r\n:1\r\n:2\r\n"),
    ])
    func whatIsNotOneReplyIsNone(encoding: WireEncoding, bytes: String) throws {
        let carrier = try #require(Carrier.all[encoding])
        #expect(carrier.reply(Array(bytes.utf8)) == nil)
    }

    @Test(arguments: [
        (ReplyShape.status, WireValue.status("OK"), WireEncoding.text),
        (.integer, .text("1"), .json),
        (.integer, .text("one"), .text), (.bytes, .integer(1), .json),
        (.boolean, .integer(1), .resp3),
        (.boolean, .integer(2), .resp2), (.double, .text("1"), .resp3),
        (.set(.any), .list([]), .resp3),
        (.map(.any), .list([]), .resp3), (.map(.any), .list([.null]), .resp2),
        (.map(.integer), .map([.text("a"), .text("b")]), .json), (.verbatim, .text("a"), .resp3),
        (.list(.integer), .list([.null]), .resp2), (.bigNumber, .text("1"), .resp3),
    ])
    func whatDoesNotFitIsFound(shape: ReplyShape, value: WireValue, encoding: WireEncoding) {
        #expect(!value.fits(shape, encoding))
    }
}
