// The record layer by itself: what it takes, each thing that it refuses and with which alert, keys that change.
import Testing

@testable import TLS

@Suite struct RecordLayerTests {
    /// Source: RFC 8448 section 3, the application traffic keys of both sides.
    @Test(arguments: [
        (
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
            "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9"
        ),
        (
            "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
            "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"
        ),
    ])
    func keysAreThoseOfThePublishedTrace(secret: String, key: String, iv: String) throws {
        let suites = RecordSuites()
        let digest = try #require(suites[0x1301]).digest
        var traffic = TrafficSecret()
        let isSet = Array(secret.utf8).withUnsafeBufferPointer { traffic.set(hexadecimal: $0) }
        #expect(isSet)
        for (label, count, expected) in [
            ("tls13 key" as StaticString, 16, key), ("tls13 iv", 12, iv),
        ] {
            var bytes = [UInt8](repeating: 0, count: count)
            let isMade = bytes.withUnsafeMutableBytes { traffic.expand(label, digest, into: $0) }
            #expect(isMade)
            #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
        }
    }

    @Test(arguments: ["", "a", "zz", String(repeating: "a", count: 98)])
    func whatIsNoSecretIsNotTaken(text: String) {
        var secret = TrafficSecret()
        let isSet = Array(text.utf8).withUnsafeBufferPointer { secret.set(hexadecimal: $0) }
        let count = secret.count
        #expect(!isSet && count == 0)
    }

    @Test func onlyTheThreeSuitesAreKnown() {
        let suites = RecordSuites()
        for number: UInt16 in [0x1301, 0x1302, 0x1303] { #expect(suites[number] != nil) }
        for number: UInt16 in [0, 0x1300, 0x1304, 0x1305, 0xC02B, .max] {
            #expect(suites[number] == nil)
        }
    }

    @Test(arguments: [0x1301, 0x1302, 0x1303] as [UInt16], [1, 2, 1000, 16_384])
    func dataGoesBothWays(suite: UInt16, count: Int) throws {
        let ends = try RecordEnds(suite: suite)
        let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        #expect(ends.feed(ends.record(data) + ends.record(data, padding: 100)).isEmpty)
        #expect(ends.received == data + data)
        let inside = try ends.opened(ends.write(data))
        #expect(inside.map(\.content) == [data])
        #expect(inside.map(\.type) == [23])
    }

    @Test func itIsTheSameHoweverBytesArrive() throws {
        let whole = try RecordEnds()
        let stream =
            whole.record([1, 2, 3]) + whole.record([], 23) + whole.record([4], padding: 3)
            + whole.record([24, 0, 0, 1, 1], 22)
        whole.updateSealing()
        let all = stream + whole.record([5, 6]) + whole.record([1, 0], 21)
        whole.feed(all)
        #expect(whole.received == [1, 2, 3, 4, 5, 6])
        #expect(whole.progress == .closed)
        for split in 0...all.count {
            let ends = try RecordEnds()
            ends.feed(Array(all[..<split]))
            ends.feed(Array(all[split...]))
            #expect(
                ends.received == whole.received && ends.progress == .closed,
                "split at \(split)"
            )
            #expect(ends.heldBytes == 0)
        }
        let bytes = try RecordEnds()
        for byte in all { bytes.feed([byte]) }
        #expect(bytes.received == whole.received && bytes.progress == .closed)
        #expect(bytes.heldBytes == 0)
    }

    @Test(arguments: [1, 2, 7, 16_384])
    func aSmallRoomTakesALargeRecordInPieces(room: Int) throws {
        let ends = try RecordEnds()
        let data = (0..<16_384).map { UInt8(truncatingIfNeeded: $0) }
        ends.feed(ends.record(data) + ends.record([1, 0], 21), room: room)
        #expect(ends.received == data)
        #expect(ends.progress == .closed)
        #expect(ends.heldBytes == 0)
    }

    @Test func partOfARecordIsHeldAndLetGo() throws {
        let ends = try RecordEnds()
        let record = ends.record([UInt8](repeating: 1, count: 1000))
        ends.feed(Array(record[..<4]))
        #expect(ends.isInsideRecord && ends.heldBytes == 5)
        ends.feed(Array(record[4..<5]))
        #expect(ends.isInsideRecord && ends.heldBytes == record.count)
        ends.feed(Array(record[5...]))
        #expect(!ends.isInsideRecord && ends.heldBytes == 0)
        #expect(ends.received.count == 1000)
    }
}

extension RecordLayerTests {
    /// What a peer may send wrong, and what it is told.
    enum Fault: String, CaseIterable, Sendable {
        case unprotectedAlert, changeCipherSpec, unprotectedHandshake, wrongVersion, tooLong,
            tooShort
        case noType, unknownType, emptyHandshake, otherMessage, secondHello, badUpdate
        case behindUpdate, withinMessage, emptyFlood, alertOfOneByte, alertOfThreeBytes
        case contentTooLong, flippedBit, twice, updateFlood

        var alert: AlertDescription {
            switch self {
            case .wrongVersion, .tooShort, .alertOfOneByte, .alertOfThreeBytes: .decodeError
            case .tooLong, .contentTooLong: .recordOverflow
            case .badUpdate: .illegalParameter
            case .flippedBit, .twice: .badRecordMAC
            default: .unexpectedMessage
            }
        }

        func bytes(_ ends: RecordEnds) -> [UInt8] {
            let zeros = { [UInt8](repeating: 0, count: $0) }
            switch self {
            case .unprotectedAlert: return [21, 3, 3, 0, 2, 1, 0]
            case .changeCipherSpec: return [20, 3, 3, 0, 1, 1]
            case .unprotectedHandshake: return [22, 3, 3, 0, 5, 24, 0, 0, 1, 0]
            case .wrongVersion: return [23, 2, 3, 0, 20] + zeros(20)
            case .tooLong: return [23, 3, 3, 0x41, 1]
            case .tooShort: return [23, 3, 3, 0, 16] + zeros(16)
            case .noType: return ends.sealed(zeros(40))
            case .unknownType: return ends.record([1], 20)
            case .emptyHandshake: return ends.record([], 22)
            case .otherMessage: return ends.record([24, 0, 0, 2, 0], 22)
            case .secondHello: return ends.record([1, 0, 0, 1, 0], 22)
            case .badUpdate: return ends.record([24, 0, 0, 1, 2], 22)
            case .behindUpdate: return ends.record([24, 0, 0, 1, 0, 24], 22)
            case .withinMessage: return ends.record([24, 0], 22) + ends.record([1])
            case .emptyFlood: return (0..<33).flatMap { _ in ends.record([]) }
            case .alertOfOneByte: return ends.record([1], 21)
            case .alertOfThreeBytes: return ends.record([1, 0, 0], 21)
            case .contentTooLong: return ends.record(zeros(16_384) + [1])
            case .flippedBit:
                var record = ends.record([1, 2, 3])
                record[7] ^= 4
                return record
            case .twice:
                let record = ends.record([1])
                return record + record
            case .updateFlood:
                return (0..<65).flatMap { _ in
                    let record = ends.record([24, 0, 0, 1, 0], 22)
                    ends.updateSealing()
                    return record
                }
            }
        }
    }

    @Test(arguments: Fault.allCases, [Pieces.whole, .bytes])
    func eachFaultEndsTheSessionWithItsAlert(fault: Fault, pieces: Pieces) throws {
        let ends = try RecordEnds()
        // A flood within one input is what is limited.
        if fault == .updateFlood, case .bytes = pieces { return }
        var answer: [UInt8] = []
        for piece in pieces.cut(fault.bytes(ends)) { answer += ends.feed(piece) }
        #expect(try ends.alert(answer) == fault.alert)
        #expect(ends.failure != nil)
        #expect(ends.received == (fault == .twice ? [1] : []))
        // Nothing more is taken or said.
        #expect(ends.feed(ends.record([9])).isEmpty)
        #expect(ends.failure != nil)
        #expect(ends.write([1]).isEmpty)
        #expect(ends.failure != nil)
        #expect(ends.close().isEmpty)
        #expect(ends.heldBytes == 0)
    }

    @Test func aFatalAlertIsNotAnswered() throws {
        let ends = try RecordEnds()
        #expect(ends.feed(ends.record([2, 40], 21)).isEmpty)
        #expect(ends.failure == "alert handshake failure")
    }

    @Test func aWarningThatTheUserCancelledChangesNothing() throws {
        let ends = try RecordEnds()
        ends.feed(ends.record([1, 90], 21) + ends.record([7]))
        #expect(ends.received == [7])
    }

    @Test func eachSideClosesForItself() throws {
        let ends = try RecordEnds()
        ends.feed(ends.record([1]) + ends.record([1, 0], 21) + [1, 2, 3])
        #expect(ends.received == [1])
        #expect(ends.progress == .closed)
        #expect(try ends.opened(ends.write([2])).map(\.content) == [[2]])
        #expect(try ends.alert(ends.close()) == .closeNotify)
        #expect(ends.close().isEmpty)
        #expect(ends.write([3]).isEmpty)
        #expect(ends.failure != nil)
    }

    @Test func keysChangeAndTheServerAnswersOnce() throws {
        let ends = try RecordEnds()
        for request: UInt8 in [0, 1, 1] {
            ends.feed(ends.record([24, 0, 0, 1, request], 22))
            ends.updateSealing()
        }
        #expect(ends.buffers.keyUpdates == 0 || ends.buffers.keyUpdates == 1)
        ends.feed(ends.record([5]))
        #expect(ends.received == [5])
        let answer = try records(ends.write([6]))
        #expect(answer.count == 2)
        let update = try ends.opened(answer[0])
        #expect(update.map(\.type) == [22])
        #expect(update.map(\.content) == [[24, 0, 0, 1, 0]])
        ends.updateOpening()
        #expect(try ends.opened(answer[1]).map(\.content) == [[6]])
        #expect(try ends.opened(ends.write([7])).map(\.content) == [[7]])
    }

    @Test func aKeyUpdateMayComeInSeveralRecords() throws {
        let ends = try RecordEnds()
        for byte: UInt8 in [24, 0, 0, 1, 0] { ends.feed(ends.record([byte], 22)) }
        ends.updateSealing()
        ends.feed(ends.record([1]))
        #expect(ends.received == [1])
    }

    @Test func aKeyIsUsedForSoManyRecordsAndNoMore() throws {
        let ends = try RecordEnds(maxRecordsPerKey: 3)
        for value: UInt8 in 0..<10 {
            var answer = try records(ends.write([value]))
            // The fourth record of a key is the message that ends it.
            if value > 0, value % 3 == 0 {
                #expect(try ends.opened(answer.removeFirst()).map(\.content) == [[24, 0, 0, 1, 0]])
                ends.updateOpening()
            }
            #expect(answer.count == 1)
            #expect(try ends.opened(answer[0]).map(\.content) == [[value]])
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func changedBytesNeverPass(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let ends = try RecordEnds(suite: [0x1301, 0x1302, 0x1303][Int(seed % 3)])
        var sent: [UInt8] = []
        var stream: [UInt8] = []
        for _ in 0..<20 {
            let data = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            sent += data
            stream += ends.record(data, padding: Int.random(in: 0...3, using: &random))
        }
        let index = Int.random(in: 0..<stream.count, using: &random)
        stream[index] ^= UInt8.random(in: 1...255, using: &random)
        for piece in Pieces.random(seed: seed).cut(stream) { ends.feed(piece, room: 100) }
        // What came in front of the change is there, nothing behind it is.
        #expect(sent.starts(with: ends.received) && ends.received.count < sent.count)
        #expect(ends.received.count <= index)
    }
}
