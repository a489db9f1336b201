// The frame codec: what it takes, what it refuses, and that it does not matter how the bytes come.
import Core
import Testing

@testable import Gateway

@Suite struct CodecTests {
    @Test func messagesComeOutAsTheyWentIn() {
        let long = [UInt8]((0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        #expect(FedReader.read(ClientFrame.text("Hello")) == [.text("Hello")])
        #expect(FedReader.read(ClientFrame.text("")) == [.text("")])
        #expect(FedReader.read(ClientFrame.text("κόσμε 🜁 é")) == [.text("κόσμε 🜁 é")])
        for count in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let bytes = Array(long.prefix(count))
            #expect(
                FedReader.read(ClientFrame.binary(bytes) + ClientFrame.text("x"), by: 4096)
                    == [.message(.binary, bytes, isCompressed: false), .text("x")]
            )
        }
        let medium = Array(long.prefix(300))
        #expect(
            FedReader.read(ClientFrame.binary(medium) + ClientFrame.binary(medium))
                == Array(repeating: .message(.binary, medium, isCompressed: false), count: 2)
        )
    }

    @Test func fragmentsBecomeOneMessage() {
        let stream =
            ClientFrame.text("Hé", final: false) + ClientFrame.ping([1, 2])
            + ClientFrame.more([], final: false) + ClientFrame.more([0xF0, 0x9F], final: false)
            + ClientFrame.pong() + ClientFrame.more([0x9C, 0x81]) + ClientFrame.text("next")
        #expect(
            FedReader.read(stream) == [
                .control(.ping, [1, 2]), .control(.pong, []), .text("Hé\u{1F701}"), .text("next"),
            ]
        )
        let empty = ClientFrame.text("", final: false) + ClientFrame.more([])
        #expect(FedReader.read(empty + ClientFrame.close()) == [.text(""), .control(.close, [])])
        let late = ClientFrame.binary([], final: false) + ClientFrame.more([7])
        #expect(FedReader.read(late) == [.message(.binary, [7], isCompressed: false)])
    }

    @Test func compressedMessagesAreMarked() {
        let frame = ClientFrame(opcode: 1, payload: [0xFF, 0], isFinal: false, reserved: 4).bytes
        let stream = frame + ClientFrame.more([1])
        #expect(
            FedReader.read(stream, compression: true)
                == [.message(.text, [0xFF, 0, 1], isCompressed: true)]
        )
        #expect(FedReader.read(stream) == [.violation(code: 1002)])
        // One that is not, behind it, is text and has to be UTF-8.
        let plain = ClientFrame(opcode: 1, payload: [0xFF]).bytes
        #expect(FedReader.read(stream + plain, compression: true).last == .violation(code: 1007))
    }

    /// By what is wrong: the bytes, and the close code that they earn.
    static let violations: [(String, [UInt8], Int)] = [
        ("no mask", ClientFrame(opcode: 1, payload: [65], mask: nil).bytes, 1002),
        ("no mask, empty", ClientFrame(opcode: 9, mask: nil).bytes, 1002),
        ("RSV1", ClientFrame(opcode: 1, reserved: 4).bytes, 1002),
        ("RSV2", ClientFrame(opcode: 1, reserved: 2).bytes, 1002),
        ("RSV3", ClientFrame(opcode: 2, reserved: 1).bytes, 1002),
        ("all RSV", ClientFrame(opcode: 9, reserved: 7).bytes, 1002),
        ("opcode 3", ClientFrame(opcode: 3).bytes, 1002),
        ("opcode 7", ClientFrame(opcode: 7).bytes, 1002),
        ("opcode 11", ClientFrame(opcode: 11).bytes, 1002),
        ("opcode 15", ClientFrame(opcode: 15).bytes, 1002),
        ("a ping of 126 bytes", ClientFrame.ping(Array(repeating: 1, count: 126)), 1002),
        (
            "a close of 126 bytes",
            ClientFrame(opcode: 8, payload: Array(repeating: 3, count: 126)).bytes, 1002
        ),
        ("a fragmented ping", ClientFrame(opcode: 9, isFinal: false).bytes, 1002),
        ("a fragmented close", ClientFrame(opcode: 8, isFinal: false).bytes, 1002),
        ("a continuation of nothing", ClientFrame.more([1]), 1002),
        (
            "a continuation of nothing, behind a message",
            ClientFrame.text("a") + ClientFrame.more([]), 1002
        ),
        ("text within text", ClientFrame.text("a", final: false) + ClientFrame.text("b"), 1002),
        ("binary within text", ClientFrame.text("a", final: false) + ClientFrame.binary([1]), 1002),
        (
            "5 in 16 bits", ClientFrame(opcode: 1, payload: [1, 2, 3, 4, 5], lengthBytes: 2).bytes,
            1002
        ),
        (
            "125 in 16 bits",
            ClientFrame(opcode: 2, payload: Array(repeating: 1, count: 125), lengthBytes: 2).bytes,
            1002
        ),
        (
            "5 in 64 bits", ClientFrame(opcode: 1, payload: [1, 2, 3, 4, 5], lengthBytes: 8).bytes,
            1002
        ),
        ("65535 in 64 bits", ClientFrame(opcode: 2, lengthBytes: 8, length: 65_535).bytes, 1002),
        (
            "the top bit of a length",
            ClientFrame(opcode: 2, lengthBytes: 8, length: 1 << 63).bytes, 1002
        ),
        (
            "the longest length",
            ClientFrame(opcode: 2, lengthBytes: 8, length: (1 << 63) - 1).bytes, 1009
        ),
        ("above the limit", ClientFrame(opcode: 2, length: (32 << 20) + 1).bytes, 1009),
        ("not UTF-8", ClientFrame(opcode: 1, payload: [65, 0xC0, 0xAF, 65]).bytes, 1007),
        ("a surrogate", ClientFrame(opcode: 1, payload: [0xED, 0xA0, 0x80]).bytes, 1007),
        ("above U+10FFFF", ClientFrame(opcode: 1, payload: [0xF4, 0x90, 0x80, 0x80]).bytes, 1007),
        ("half a character", ClientFrame(opcode: 1, payload: [0xE2, 0x82]).bytes, 1007),
        (
            "half a character at the end of the last fragment",
            ClientFrame.text("a", final: false) + ClientFrame.more([0xE2]), 1007
        ),
        (
            "not UTF-8 over fragments",
            ClientFrame(opcode: 1, payload: [0xF4], isFinal: false).bytes
                + ClientFrame.more([0x90], final: false), 1007
        ),
    ]

    @Test(arguments: violations.indices)
    func everyViolationHasItsCode(_ index: Int) {
        let (name, bytes, code) = Self.violations[index]
        #expect(FedReader.read(bytes).last == .violation(code: code), "\(name)")
        // Whatever came before, and whatever comes behind.
        let within = ClientFrame.text("good") + bytes + ClientFrame.text("never")
        #expect(FedReader.read(within).last == .violation(code: code), "\(name)")
        #expect(FedReader.read(within).first == .text("good"), "\(name)")
    }

    @Test func textIsRefusedWithTheFirstByteThatIsWrong() {
        // The frame claims a MiB; what is wrong is in its third byte.
        let frame = ClientFrame(opcode: 1, payload: [65, 0xE2, 0x28], length: 1 << 20).bytes
        var reader = FedReader()
        reader.feed(frame.dropLast()[...])
        #expect(reader.seen.isEmpty && reader.isInsideMessage)
        reader.feed(frame.suffix(1))
        #expect(reader.seen == [.violation(code: 1007)])
    }

    @Test func sizesAreLimitedOverAllFragments() {
        let limit = 1000
        func read(_ frames: [[UInt8]]) -> [Seen] {
            FedReader.read(Array(frames.joined())) { $0.maxRequestBytes = limit }
        }
        let half = [UInt8](repeating: 1, count: 500)
        let whole = [ClientFrame.binary(half, final: false), ClientFrame.more(half, final: false)]
        #expect(
            read(whole + [ClientFrame.more([])])
                == [.message(.binary, half + half, isCompressed: false)]
        )
        #expect(read(whole + [ClientFrame.more([1])]) == [.violation(code: 1009)])
        #expect(read([ClientFrame.binary(half + half + [1])]) == [.violation(code: 1009)])
        let three = [ClientFrame.text("a", final: false), ClientFrame.more([66], final: false)]
        func fragments(_ frames: [[UInt8]]) -> [Seen] {
            FedReader.read(Array(frames.joined())) { $0.maxWebSocketFragments = 3 }
        }
        #expect(fragments(three + [ClientFrame.more([67])]) == [.text("aBC")])
        let four = three + [ClientFrame.more([], final: false), ClientFrame.more([])]
        #expect(fragments(four) == [.violation(code: 1009)])
    }

    @Test func anUnfinishedMessageIsCountedAndAFinishedOneTakesNothing() {
        var reader = FedReader()
        reader.feed(ClientFrame.binary([UInt8](repeating: 1, count: 50_000), final: false)[...])
        #expect(reader.heldBytes >= 50_000 && reader.isInsideMessage)
        reader.feed(ClientFrame.more([2])[...])
        #expect(reader.heldBytes == 0 && !reader.isInsideMessage && reader.seen.count == 1)
    }

    @Test func everyMaskComesOff() {
        let mask: UInt32 = 0x3D21_FA37
        let keys: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        let source = (0..<50).map { UInt8(truncatingIfNeeded: $0 &* 53 &+ 7) }
        for offset in 0..<9 {
            for count in 0...source.count {
                var output = ByteBuffer()
                output.append(UInt8(1))
                output.append(unmasking: source.span.extracting(0..<count), mask, offset: offset)
                let expected = (0..<count).map { source[$0] ^ keys[($0 + offset) % 4] }
                #expect(output.withBytes { Array($0) } == [1] + expected)
            }
        }
    }

    @Test func utf8IsWhatTheStandardLibraryTakes() {
        var samples: [[UInt8]] = []
        for first in stride(from: 0, through: 255, by: 1) {
            for second in [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] {
                samples.append([UInt8(first), UInt8(second)])
                samples.append([UInt8(first), UInt8(second), 0x80])
                samples.append([0x41, UInt8(first), UInt8(second), 0xBF, 0x80])
                samples.append(Array(repeating: 0x61, count: 9) + [UInt8(first), UInt8(second)])
            }
        }
        for sample in samples {
            let expected = String(validating: sample, as: UTF8.self) != nil
            for split in 0...sample.count {
                var stream = UTF8Stream()
                let isGood =
                    stream.take(sample.span.extracting(0..<split))
                    && stream.take(sample.span.extracting(split..<sample.count))
                    && stream.isComplete
                if isGood != expected {
                    Issue.record("\(sample) split at \(split)")
                    return
                }
            }
        }
    }

    @Test func whatTheServerWritesHasTheShortestLength() {
        for (count, header) in [
            (0, [0x82, 0]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]),
            (65_535, [0x82, 126, 0xFF, 0xFF]), (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])] {
            var output = ByteBuffer()
            let payload = [UInt8](repeating: 9, count: count)
            WebSocketFrame.append(.binary, payload.span, to: &output)
            #expect(output.withBytes { Array($0) } == header + payload)
        }
    }
}

@Suite struct CloseFrameTests {
    @Test func codesThatMayBeSent() {
        let good: [UInt16] = [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
            4000, 4999,
        ]
        let bad: [UInt16] = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
        for code in good { #expect(WebSocketClose.maySend(code), "\(code)") }
        for code in bad { #expect(!WebSocketClose.maySend(code), "\(code)") }
    }

    @Test func everyErrorHasACodeThatMayBeSent() {
        for error in ErrorCode.allCases {
            #expect(WebSocketClose.maySend(UInt16(error.row.webSocketCloseCode)), "\(error)")
        }
    }

    @Test func reasonsFitAndStayUTF8() {
        let reason = String(repeating: "é", count: 100)
        var output = ByteBuffer()
        WebSocketClose(code: 1008, reason: reason).write(to: &output)
        let bytes = output.withBytes { Array($0) }
        // 2 bytes of code and 61 characters of 2 bytes; half a character is not sent.
        #expect(bytes.prefix(4) == [0x88, 124, 0x03, 0xF0])
        #expect(String(decoding: bytes[4...], as: UTF8.self) == String(repeating: "é", count: 61))
    }
}
