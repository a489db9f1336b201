// Seeded random input: nothing traps, and how bytes arrive never changes what is understood.
import Core
import Testing

@testable import Wire

struct FuzzTests {
    static let samples: [(WireEncoding, String)] = [
        (.resp2, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n*1\r\n$4\r\nPING\r\n"),
        (.resp2, "*0\r\n*-1\r\nset a \"b\\x41\" 'c'\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n"),
        (.text, "SET k \"a \\x41\\n\" 'b'\r\nECHO  rest of line \nGET k\n\n"),
        (.json, #"{"action":"SET","key":"k","value":{"base64":"AAEC"},"nx":true,"ttl":10}"# + "\n"),
        (.json, #"{"id":"x","action":"ECHO","value":[1,{"a":"\u00e9"},1e999,null]}"# + "\n"),
        (.json, #"{"namespace":"n","action":"MSET","values":{"a":"1","b":"2"}}"# + "\n\n{}\n"),
        (.json, #"{"action":"DEL","key":["a","b"],"id":18446744073709551615}"# + "\n[]\n"),
        (.protobuf, "\0\0\0\u{10}\u{8}\u{7}R\u{c}\n\u{1}k\u{12}\u{3}val(\u{1e}\u{18}\u{2}"),
        (.protobuf, "\0\0\0\u{2}B\0\0\0\0\u{5}J\u{3}\n\u{1}k\0\0\0\u{4}\u{8}\u{1}2\0"),
        (.protobuf, "\0\0\0\u{8}Z\u{6}\n\u{1}a\n\u{1}b\0\0\0\0"),
        (.json, #" [{"action":"PING","id":1} , {"action":"DEL","key":["a"]},[],7]"# + "\r\n{}\n"),
    ]

    /// Changes up to four places of `bytes`, mostly to bytes that mean something.
    static func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        let telling = Array("*$-+0179\r\n\"'\\{}[]:,x e.^\t".utf8) + [0, 0x7F, 0x80, 0xFF]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let byte =
                Bool.random(using: &random)
                ? telling[Int.random(in: 0..<telling.count, using: &random)]
                : UInt8.random(in: 0...255, using: &random)
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.insert(byte, at: at)
            case 1 where at < bytes.count: bytes.remove(at: at)
            case 2 where at < bytes.count:
                let end = Int.random(in: at...bytes.count, using: &random)
                bytes.insert(contentsOf: bytes[at..<end], at: at)
            default: if at < bytes.count { bytes[at] = byte }
            }
        }
        return bytes
    }

    @Test("mutated requests", arguments: 0..<samples.count)
    func requests(_ index: Int) {
        let (encoding, sample) = Self.samples[index]
        var random = SeededGenerator(state: 0x5A11_1904 &+ UInt64(index))
        var feed = Feed(encoding: encoding)
        feed.limits.maxLineBytes = 300
        feed.limits.maxRequestBytes = 400
        for round in 0..<400 {
            let input = Self.mutated(Array(sample.utf8), &random)
            feed.isAuthenticated = round % 3 > 0
            feed.honoursNeeded = false
            feed.readsAhead = false
            let whole = feed.steps(input)
            feed.readsAhead = true
            #expect(feed.steps(input) == whole, "round \(round), in runs")
            let cut = Int.random(in: 0...input.count, using: &random)
            #expect(feed.steps(input, cuts: [cut]) == whole, "round \(round), cut \(cut)")
            feed.honoursNeeded = true
            #expect(feed.steps(input, cuts: Array(0..<input.count)) == whole, "round \(round)")
        }
    }

    @Test("mutated messages in frames of their length")
    func messages() {
        let bodies = [
            Message.field(17, Message.generic("mset", [0, 1], [], [0xFF]))
                + Message.nest(99, depth: 2),
            Message.field(10, Message.field(1, "k") + Message.field(6, integer: -1)),
            Message.field(1, varint: 1 << 40) + Message.field(2, Message.field(1, "sp_a_\u{e9}")),
        ]
        var random = SeededGenerator(state: 0x5EED_0F1E)
        var feed = Feed(encoding: .protobuf)
        feed.moves = false
        for round in 0..<3000 {
            let body = Self.mutated(bodies[round % bodies.count], &random)
            let input = Message.frame(body)
            feed.honoursNeeded = false
            let whole = feed.steps(input)
            #expect(whole.count == 1, "round \(round): \(body)")
            feed.honoursNeeded = true
            #expect(feed.steps(input, cuts: Array(0..<input.count)) == whole, "round \(round)")
        }
    }

    @Test("noise in every encoding", arguments: WireEncoding.allCases)
    func noise(_ encoding: WireEncoding) {
        var random = SeededGenerator(state: 0xC0FF_EE00 &+ UInt64(encoding.rawValue))
        var feed = Feed(encoding: encoding)
        feed.limits.maxLineBytes = 40
        for _ in 0..<300 {
            let count = Int.random(in: 0...120, using: &random)
            let input = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let cuts = [Int.random(in: 0...count, using: &random)]
            #expect(feed.steps(input, cuts: cuts) == feed.steps(input), "\(input)")
            _ = RequestDecoder.sniff(input.span)
        }
    }

    @Test("bytes survive every encoding there and back")
    func roundTrips() {
        var random = SeededGenerator(state: 0xBADC_0DE5)
        for round in 0..<500 {
            let count = Int.random(in: 0...40, using: &random)
            let isASCII = round % 2 == 0
            let bytes = (0..<count).map { _ in
                UInt8.random(in: 0...(isASCII ? 127 : 255), using: &random)
            }
            let build: Build = { $0.bytes(bytes.span) }
            let expected = [Step.request([Array("GET".utf8), bytes], id: [])]
            // A reply's value, put where a request has one.
            let json = renderBytes(.json, build).dropFirst("{\"result\":".utf8.count).dropLast(2)
            let line = Array("{\"action\":\"GET\",\"key\":".utf8) + json + Array("}\n".utf8)
            #expect(Feed(encoding: .json).steps(line) == expected)
            let bulk = Array("*2\r\n$3\r\nGET\r\n".utf8) + renderBytes(.resp2, build)
            #expect(Feed(encoding: .resp2).steps(bulk) == expected)
            let word = renderBytes(.text, build)
            #expect(word.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(word)")
            if word.first == UInt8(ascii: "\"") {
                let text = Array("GET ".utf8) + word
                #expect(Feed(encoding: .text).steps(text) == expected)
            } else {
                #expect(Array(word.dropLast()) == bytes)
            }
        }
    }
}
