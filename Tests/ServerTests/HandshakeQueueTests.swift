// The queue of handshakes, with a clock turned by hand.
import Testing

@testable import Server

@Suite struct HandshakeQueueTests {
    private func makeQueue(_ capacity: Int = 4) -> HandshakeQueue {
        HandshakeQueue(
            capacity: capacity,
            replaceableAfterMilliseconds: 1000,
            maxWaitMilliseconds: 3000
        )
    }

    @Test func exemptBeforeResumedBeforeFullAndEachInOrder() {
        var queue = makeQueue(8)
        let kinds: [HandshakeClass] = [.full, .resumed, .full, .exempt, .resumed]
        for (number, kind) in kinds.enumerated() {
            #expect(queue.accepted(number, 0) == .admitted)
            queue.gotHello(number, kind, Int64(number))
        }
        #expect(queue.waitingCount == 5)
        var order: [Int] = []
        while case .run(let number) = queue.next(admitsFull: true, 10) { order.append(number) }
        #expect(order == [3, 1, 4, 0, 2])
        #expect(queue.waitingCount == 0)
        #expect(queue.count == 5)
        for number in 0..<5 { queue.ended(number) }
        #expect(queue.count == 0)
    }

    @Test func fullOnesWaitWhereTheyAreNotAdmitted() {
        var queue = makeQueue()
        for number in 1...2 { _ = queue.accepted(number, 0) }
        queue.gotHello(1, .full, 0)
        queue.gotHello(2, .resumed, 0)
        #expect(queue.next(admitsFull: false, 1) == .run(2))
        #expect(queue.next(admitsFull: false, 1) == .none)
        #expect(queue.waitingCount == 1)
        #expect(queue.next(admitsFull: true, 1) == .run(1))
    }

    /// What slows full handshakes down must not make others wait.
    @Test func whetherAFullOneIsNextIsKnown() {
        var queue = makeQueue()
        for number in 1...3 { _ = queue.accepted(number, 0) }
        queue.gotHello(1, .full, 0)
        #expect(queue.isFullNext)
        queue.gotHello(2, .resumed, 0)
        queue.gotHello(3, .exempt, 0)
        #expect(!queue.isFullNext)
        #expect(queue.next(admitsFull: false, 1) == .run(3))
        #expect(!queue.isFullNext)
        queue.ended(2)
        #expect(queue.isFullNext)
        #expect(queue.waitingCount == 1)
    }

    @Test func whoHasWaitedTooLongIsDropped() {
        var queue = makeQueue()
        _ = queue.accepted(1, 0)
        _ = queue.accepted(2, 0)
        queue.gotHello(1, .full, 0)
        queue.gotHello(2, .full, 500)
        #expect(queue.next(admitsFull: true, 3001) == .drop(1))
        #expect(queue.next(admitsFull: true, 3001) == .run(2))
        #expect(queue.count == 1)
    }

    @Test func aFullQueueReplacesTheOldestSilentPeerButNobodyWhoWaitsForUs() {
        var queue = makeQueue(2)
        #expect(queue.accepted(1, 0) == .admitted)
        #expect(queue.accepted(2, 100) == .admitted)
        queue.gotHello(1, .full, 100)
        #expect(queue.accepted(3, 500) == .refused)
        #expect(queue.accepted(3, 1100) == .replaces(2))
        // Whose turn has come waits for its peer again, and may be replaced again.
        #expect(queue.accepted(4, 1200) == .refused)
        #expect(queue.next(admitsFull: true, 1200) == .run(1))
        #expect(queue.accepted(4, 2199) == .replaces(3))
        #expect(queue.accepted(5, 2200) == .replaces(1))
        #expect(queue.count == 2)
    }

    @Test func whatMakesNoSenseChangesNothing() {
        var queue = makeQueue()
        queue.gotHello(7, .full, 0)
        queue.ended(7)
        #expect(queue.next(admitsFull: true, 0) == .none)
        _ = queue.accepted(1, 0)
        queue.gotHello(1, .full, 0)
        queue.gotHello(1, .exempt, 0)
        #expect(queue.waitingCount == 1)
        queue.ended(1)
        queue.ended(1)
        #expect(queue.waitingCount == 0)
        #expect(queue.next(admitsFull: true, 0) == .none)
    }

    /// Whatever happens: no more than the capacity, every hello that waits gets its turn or is dropped,
    /// and nobody twice.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func simulation(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var queue = makeQueue(Int.random(in: 1...50, using: &random))
        var silent: Set<Int> = []
        var waiting: Set<Int> = []
        var now: Int64 = 0
        for number in 0..<5000 {
            now += .random(in: 0...40, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                switch queue.accepted(number, now) {
                case .admitted: silent.insert(number)
                case .replaces(let other):
                    #expect(silent.remove(other) != nil)
                    silent.insert(number)
                case .refused: #expect(silent.count + waiting.count == queue.capacity)
                }
            case 2:
                guard let other = silent.randomElement(using: &random) else { break }
                let kind = HandshakeClass.allCases.randomElement(using: &random) ?? .full
                queue.gotHello(other, kind, now)
                silent.remove(other)
                waiting.insert(other)
            case 3:
                switch queue.next(admitsFull: true, now) {
                case .none: #expect(waiting.isEmpty)
                case .run(let other):
                    #expect(waiting.remove(other) != nil)
                    silent.insert(other)
                case .drop(let other): #expect(waiting.remove(other) != nil)
                }
            default:
                guard let other = silent.union(waiting).randomElement(using: &random) else { break }
                queue.ended(other)
                silent.remove(other)
                waiting.remove(other)
            }
            #expect(queue.count == silent.count + waiting.count)
            #expect(queue.count <= queue.capacity)
            #expect(queue.waitingCount == waiting.count)
        }
    }
}
