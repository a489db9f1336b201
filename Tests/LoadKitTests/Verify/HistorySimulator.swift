// Histories of a register that is right, with a known moment at which each operation took effect, and faults in it.
@testable import LoadKit

/// A real register under a seeded clock: what it answers is linearizable because it was computed so.
struct HistorySimulator {
    /// What is planted.
    enum Fault: CaseIterable {
        case none
        /// A read answers what the key held before its present value.
        case staleRead
        /// A write is answered and forgotten.
        case lostUpdate
        /// An increment is done twice.
        case duplicate
        /// A key goes long before its time.
        case earlyExpiry
    }

    private struct Plan {
        var operation: HistoryOperation
        /// The moment at which it takes effect.
        var at: Int64
        var isAnswered: Bool
    }

    var random: RandomSource
    var fault = Fault.none
    var clients = 5
    var operations = 60
    var hasExpiry = false
    var counts = false
    /// Of 100 operations, those that get no answer.
    var openPercent: UInt64 = 5
    var maxTTLMilliseconds: UInt64 = 30

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    private mutating func action(_ number: Int) -> HistoryAction {
        let kind = random.next(below: 100)
        if counts {
            return kind < 70
                ? .increment(1) : kind < 90 ? .get : .set("\(1000 * number)", ttlMilliseconds: nil)
        }
        switch kind {
        case 0..<35: return .get
        case 35..<65: return .set("v\(number)", ttlMilliseconds: nil)
        case 65..<75: return .compareAndSet(expected: "v\(random.next(below: 60))", "c\(number)")
        case 75..<85 where hasExpiry:
            return .set(
                "v\(number)",
                ttlMilliseconds: 1 + Int64(random.next(below: maxTTLMilliseconds))
            )
        case 85..<92 where hasExpiry:
            return .expire(ttlMilliseconds: 1 + Int64(random.next(below: maxTTLMilliseconds)))
        default: return .delete
        }
    }

    private mutating func plans() -> [Plan] {
        var free = [Int64](repeating: 0, count: clients)
        return (0..<operations).map { number in
            let client = Int(random.next(below: UInt64(clients)))
            let call = free[client] + Int64(random.next(below: 2_000_000))
            let at = call + Int64(random.next(below: 5_000_000))
            let end = at + Int64(random.next(below: 5_000_000))
            free[client] = end + 1
            let isAnswered = random.next(below: 100) >= openPercent
            return Plan(
                operation: HistoryOperation(
                    client: isAnswered ? client : clients + number,
                    call: call,
                    end: end,
                    action(number)
                ),
                at: at,
                isAnswered: isAnswered
            )
        }
        .sorted { $0.at < $1.at }
    }

    /// A history; with a fault, one that surely shows it, or nil where there was no place for it.
    mutating func history() -> KeyHistory? {
        var history = KeyHistory(key: "k")
        var value: String?
        var deadline = Int64.max
        var before: String?
        // Whether no order of what overlaps can make the value before the present one.
        var written: HistoryOperation?
        var isSurelyBefore = false
        var isPlanted = fault == .none
        for plan in plans() {
            var operation = plan.operation
            if plan.at >= deadline { (value, deadline) = (nil, .max) }
            var kept: (String?, Int64)?
            if !isPlanted, history.operations.count > operations / 3, plan.isAnswered {
                switch (fault, operation.action) {
                case (.staleRead, .get):
                    if let old = before, old != value, isSurelyBefore,
                        let write = written, write.latest < operation.call
                    {
                        operation.outcome = .value(old)
                        history.operations.append(operation)
                        isPlanted = true
                        continue
                    }
                case (.lostUpdate, .increment): kept = (value, deadline)
                case (.duplicate, .increment):
                    guard let number = value.flatMap({ Int64($0) }) else { break }
                    value = "\(number + 1)"
                    isPlanted = true
                case (.earlyExpiry, .get):
                    if value == nil || deadline == .max || deadline - plan.at < 20_000_000 { break }
                    (value, deadline) = (nil, .max)
                    isPlanted = true
                default: break
                }
                isPlanted = isPlanted || kept != nil
            }
            let old = value
            operation.outcome = apply(operation.action, &value, &deadline, plan.at)
            if old != value {
                before = old
                isSurelyBefore = written.map { $0.latest < operation.call } ?? false
                written = operation
            }
            if let kept { (value, deadline) = kept }
            if !plan.isAnswered {
                operation.end = nil
                operation.outcome = .unknown
            }
            history.operations.append(operation)
        }
        return isPlanted ? history : nil
    }

    private func apply(
        _ action: HistoryAction,
        _ value: inout String?,
        _ deadline: inout Int64,
        _ now: Int64
    ) -> HistoryOutcome {
        switch action {
        case .get: return value.map { .value($0) } ?? .missing
        case .set(let new, let ttl):
            value = new
            deadline = ttl.map { now + $0 * 1_000_000 } ?? .max
            return .done
        case .delete:
            defer { (value, deadline) = (nil, .max) }
            return .number(value == nil ? 0 : 1)
        case .compareAndSet(let expected, let new):
            guard let old = value else { return .missing }
            if old != expected { return .value(old) }
            (value, deadline) = (new, .max)
            return .done
        case .increment(let step):
            let sum = (value.flatMap { Int64($0) } ?? 0) + step
            value = "\(sum)"
            return .number(sum)
        case .expire(let ttl):
            if value == nil { return .number(0) }
            deadline = now + ttl * 1_000_000
            return .number(1)
        }
    }
}
