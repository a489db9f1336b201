// Published messages, and what their subscribers make of them.
import Core
import Testing

@testable import LoadKit

@Suite struct DeliveryTests {
    private func message(
        publisher: UInt16,
        sequence: UInt64,
        bytes: UInt32 = 100,
        plannedAt: Int64 = 5_000_000_123
    ) -> String {
        var request = PlannedRequest(command: .publish, version: publisher, valueBytes: bytes)
        request.sequence = sequence
        request.plannedAt = plannedAt
        var buffer = ByteBuffer()
        DeliveryMessage.append(request, to: &buffer)
        #expect(buffer.count == DeliveryMessage.count(request))
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [1, 63, 100, 5000] as [UInt32])
    func aMessageIsFoundInWhateverWrapsIt(_ bytes: UInt32) {
        let text = message(publisher: 7, sequence: 9, bytes: bytes)
        #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        for wrapped in [
            "> message news \(text)\n", "{\"event\":\"message\",\"message\":\"\(text)\"}\n", text,
            "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$\(text.utf8.count)\r\n\(text)\r\n", "~\(text)~@",
        ] {
            let content = withSpan(wrapped) { DeliveryMessage.find($0) }
            let expected = DeliveryMessage.Content(
                publisher: 7,
                sequence: 9,
                sentAt: 5_000_000_123,
                isIntact: true
            )
            #expect(content == expected, "\(wrapped)")
        }
    }

    @Test func aChangedMessageIsTold() {
        var text = message(publisher: 7, sequence: 9)
        #expect(text.removeLast() != "!")
        #expect(withSpan(text + "!") { DeliveryMessage.find($0) }?.isIntact == false)
        #expect(withSpan(text) { DeliveryMessage.find($0) } == nil)
        for none in ["", "~@", "> subscribe news 1\n", "~@" + String(repeating: "x", count: 80)] {
            #expect(withSpan(none) { DeliveryMessage.find($0) } == nil)
        }
    }

    @Test func orderIsByPublisher() {
        var order = DeliveryOrder()
        #expect(order.look(publisher: 1, sequence: 1) == .inOrder)
        #expect(order.look(publisher: 2, sequence: 1) == .inOrder)
        #expect(order.look(publisher: 1, sequence: 2) == .inOrder)
        #expect(order.look(publisher: 1, sequence: 2) == .outOfOrder)
        #expect(order.look(publisher: 1, sequence: 5) == .gap(2))
        #expect(order.look(publisher: 1, sequence: 4) == .outOfOrder)
        #expect(order.look(publisher: 2, sequence: 2) == .inOrder)
    }

    @Test func aTallyCountsWhatIsWrong() {
        var tally = DeliveryTally()
        func take(_ sequence: UInt64, intact: Bool = true) -> String? {
            let content = DeliveryMessage.Content(
                publisher: 1,
                sequence: sequence,
                sentAt: 1_000_000,
                isIntact: intact
            )
            return tally.count(content, subscriber: 3, at: 3_000_000)
        }
        #expect(take(1) == nil)
        #expect(take(3) != nil)
        #expect(take(3) != nil)
        #expect(take(4, intact: false) != nil)
        #expect(tally.received == 4)
        #expect(tally.missing == 1 && tally.outOfOrder == 1 && tally.damaged == 1)
        #expect(abs(tally.latency.summary.max - 2000) < 5)
        var sum = DeliveryTally()
        sum.expected = 5
        sum.add(tally)
        #expect(LoadReport.Deliveries(sum).lost == 1)
    }
}
