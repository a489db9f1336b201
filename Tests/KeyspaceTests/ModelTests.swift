// The keyspace against a dictionary: the same random operations must give the same answers.

import Core
import Testing

@testable import Keyspace

/// What the keyspace should hold, in the plainest form.
private struct Model {
    struct Held: Equatable {
        var value: [UInt8]
        var expiresAt: Int64?
    }

    var held: [[UInt8]: Held] = [:]

    /// What `key` holds at `now`; it is forgotten once expired.
    mutating func live(_ key: [UInt8], _ now: Int64) -> Held? {
        if let expiresAt = held[key]?.expiresAt, expiresAt <= now { held[key] = nil }
        return held[key]
    }

    mutating func liveCount(_ now: Int64) -> Int {
        for key in Array(held.keys) { _ = live(key, now) }
        return held.count
    }
}

/// One run of random operations against both.
private struct Run {
    let keyspace: Keyspace
    var model = Model()
    var random: SeededGenerator
    var now: Int64 = 1_000_000
    var keyCount: Int
    /// Milliseconds after which keys of the namespace `ns3` expire that are stored without an expiry.
    var defaultTTL: Int64?

    /// When a key that is now stored without an expiry expires.
    func fresh(_ key: [UInt8]) -> Int64? {
        key.starts(with: bytes("ns3^")) ? defaultTTL.map { now + $0 } : nil
    }

    mutating func key() -> [UInt8] {
        let number = Int.random(in: 0..<keyCount, using: &random)
        switch number % 4 {
        case 0: return bytes("k\(number)")
        case 1: return bytes("ns\(number % 7)^k\(number)")
        case 2: return bytes("ns\(number % 5)^\(number % 3)^a rather longer name \(number)")
        default: return [0, 13, 10, 94, UInt8(number & 0xFF), UInt8(number >> 8), 0]
        }
    }

    mutating func value() -> [UInt8] {
        let count =
            Int.random(in: 0..<20, using: &random) == 0
            ? Int.random(in: 0..<5000, using: &random) : Int.random(in: 0..<40, using: &random)
        return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
    }

    mutating func step() throws {
        if Int.random(in: 0..<10, using: &random) == 0 {
            now += Int64.random(in: 0..<50, using: &random)
        }
        let key = key()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<14: try plainSet(key)
        case 14..<20: try transfer(key)
        case 20..<36: try optionedSet(key)
        case 36..<46: read(key)
        case 46..<58: remove(key)
        case 58..<66: expire(key)
        case 66..<70: persist(key)
        case 70..<76: increment(key)
        case 76..<79: incrementByDecimal(key)
        case 79..<86: try append(key)
        case 86..<91: try overwrite(key)
        case 91..<96: try setIfEqual(key)
        case 96..<99: removeIfSame(key)
        default: reclaim()
        }
    }

    mutating func plainSet(_ key: [UInt8]) throws {
        let value = value()
        let existed = model.live(key, now) != nil
        #expect(try keyspace.set(key.span, value.span, now: now) == existed)
        model.held[key] = Model.Held(value: value, expiresAt: fresh(key))
    }

    /// Renames or copies to another key, or to the same.
    mutating func transfer(_ key: [UInt8]) throws {
        let other = self.key()
        let isMove = Bool.random(using: &random)
        let isReplacing = Bool.random(using: &random)
        let source = model.live(key, now)
        let old = model.live(other, now)
        let version = keyspace.version(other.span, now: now)
        let outcome =
            try isMove
            ? keyspace.rename(key.span, to: other.span, isReplacing: isReplacing, now: now)
            : keyspace.copyValue(of: key.span, to: other.span, isReplacing: isReplacing, now: now)
        let expected: TransferOutcome =
            source == nil
            ? .sourceMissing : old != nil && !isReplacing ? .destinationExists : .done
        #expect(outcome == expected)
        guard let source, outcome == .done, key != other else { return }
        #expect(keyspace.version(other.span, now: now) ?? 0 > version ?? 0)
        let expiresAt = source.expiresAt ?? fresh(other)
        model.held[other] = Model.Held(value: source.value, expiresAt: expiresAt)
        if isMove { model.held[key] = nil }
    }

    mutating func optionedSet(_ key: [UInt8]) throws {
        let value = value()
        let old = model.live(key, now)
        var options = SetOptions()
        options.condition =
            [.always, .ifMissing, .ifExists].randomElement(using: &random) ?? .always
        let time = now + Int64.random(in: -3..<100, using: &random)
        options.expiry =
            [.none, .keep, .at(unixMs: time), .at(unixMs: time)].randomElement(using: &random)
            ?? .none
        var previous: [UInt8]?
        let outcome = try keyspace.set(key.span, value.span, options, now: now) {
            previous = copy($0)
        }
        let isStored =
            switch options.condition {
            case .ifMissing: old == nil
            case .ifExists: old != nil
            default: true
            }
        let version = isStored ? keyspace.version(key.span, now: now) ?? 0 : 0
        #expect(
            outcome == SetOutcome(isStored: isStored, hadPrevious: old != nil, version: version)
        )
        #expect(previous == old?.value)
        if !isStored { return }
        switch options.expiry {
        case .none: model.held[key] = Model.Held(value: value, expiresAt: fresh(key))
        case .keep:
            let expiresAt = old == nil ? fresh(key) : old?.expiresAt
            model.held[key] = Model.Held(value: value, expiresAt: expiresAt)
        case .at: model.held[key] = Model.Held(value: value, expiresAt: time)
        }
    }

    mutating func read(_ key: [UInt8]) {
        let old = model.live(key, now)
        #expect(keyspace.value(key, now: now) == old?.value)
        #expect(keyspace.length(key.span, now: now) == old?.value.count)
        #expect(keyspace.contains(key.span, now: now) == (old != nil))
        let expected: TimeToLive =
            old.map { held in held.expiresAt.map { .milliseconds($0 - now) } ?? .persistent }
            ?? .missing
        #expect(keyspace.timeToLive(key.span, now: now) == expected)
    }

    mutating func remove(_ key: [UInt8]) {
        let old = model.live(key, now)
        #expect(keyspace.remove(key.span, now: now) == (old != nil))
        model.held[key] = nil
    }

    mutating func expire(_ key: [UInt8]) {
        let old = model.live(key, now)
        let time = now + Int64.random(in: -2..<200, using: &random)
        #expect(keyspace.expire(key.span, at: time, now: now) == (old != nil))
        if old != nil { model.held[key]?.expiresAt = time }
    }

    mutating func persist(_ key: [UInt8]) {
        let old = model.live(key, now)
        #expect(keyspace.persist(key, now: now) == (old?.expiresAt != nil))
        if old != nil { model.held[key]?.expiresAt = nil }
    }

    mutating func increment(_ key: [UInt8]) {
        let old = model.live(key, now)
        let text = old.map { String(decoding: $0.value, as: UTF8.self) } ?? "0"
        let amount = Int64.random(in: -1000...1000, using: &random)
        let sum = Int64(text).map { $0 + amount }
        let isCanonical = Int64(text).map { String($0) == text } ?? false
        let got = try? keyspace.increment(key.span, by: amount, now: now)
        #expect(got == (isCanonical ? sum : nil))
        if let got {
            let expiresAt = old == nil ? fresh(key) : old?.expiresAt
            model.held[key] = Model.Held(value: bytes("\(got)"), expiresAt: expiresAt)
        }
    }

    mutating func append(_ key: [UInt8]) throws {
        let suffix = value()
        let old = model.live(key, now)
        let whole = (old?.value ?? []) + suffix
        #expect(try keyspace.append(key.span, suffix.span, now: now) == whole.count)
        let expiresAt = old == nil ? fresh(key) : old?.expiresAt
        model.held[key] = Model.Held(value: whole, expiresAt: expiresAt)
    }

    mutating func incrementByDecimal(_ key: [UInt8]) {
        let old = model.live(key, now)
        let text = old.map { String(decoding: $0.value, as: UTF8.self) } ?? "0"
        let quarters = Int.random(in: -1000...1000, using: &random)
        // Sums of quarters are exact in any floating point, and end in at most two digits.
        let isPlain = text.utf8.allSatisfy { bytes("-.0123456789").contains($0) }
        let sum = isPlain ? Double(text).map { $0 + Double(quarters) / 4 } : nil
        var told: String?
        let amount = bytes("\(Double(quarters) / 4)")
        try? keyspace.increment(key.span, byDecimal: amount.span, now: now) {
            told = String(decoding: copy($0), as: UTF8.self)
        }
        #expect(told.flatMap { Double($0) } == sum)
        if let told {
            model.held[key] = .init(
                value: bytes(told),
                expiresAt: old == nil ? fresh(key) : old?.expiresAt
            )
        }
    }

    mutating func overwrite(_ key: [UInt8]) throws {
        let part = value()
        let offset = Int.random(in: 0..<200, using: &random)
        let old = model.live(key, now)
        var whole = old?.value ?? []
        if !part.isEmpty {
            let zeros = max(0, offset + part.count - whole.count)
            whole += [UInt8](repeating: 0, count: zeros)
            whole.replaceSubrange(offset..<offset + part.count, with: part)
        }
        let count = try keyspace.overwrite(key.span, from: offset, with: part.span, now: now)
        #expect(count == whole.count)
        if part.isEmpty { return }
        let expiresAt = old == nil ? fresh(key) : old?.expiresAt
        model.held[key] = Model.Held(value: whole, expiresAt: expiresAt)
    }

    mutating func setIfEqual(_ key: [UInt8]) throws {
        let new = value()
        let old = model.live(key, now)
        let expected = Bool.random(using: &random) ? old?.value ?? [] : value()
        let isSame = old?.value == expected
        var previous: [UInt8]?
        let outcome = try keyspace.set(
            key.span,
            new.span,
            ifEqual: expected.span,
            .keep,
            now: now
        ) { value, isExpected in
            previous = copy(value)
            #expect(isExpected == isSame)
        }
        let version = isSame ? keyspace.version(key.span, now: now) ?? 0 : 0
        #expect(
            outcome == SetOutcome(isStored: isSame, hadPrevious: old != nil, version: version)
        )
        #expect(previous == old?.value)
        if isSame { model.held[key]?.value = new }
    }

    mutating func removeIfSame(_ key: [UInt8]) {
        let old = model.live(key, now)
        let isRemoved: Bool
        if Bool.random(using: &random) {
            let expected = Bool.random(using: &random) ? old?.value ?? [] : value()
            isRemoved = keyspace.remove(key.span, ifEqual: expected.span, now: now)
            #expect(isRemoved == (old?.value == expected))
        } else {
            let version = keyspace.version(key.span, now: now)
            let delta = UInt64.random(in: 0...1, using: &random)
            isRemoved = keyspace.remove(key.span, ifVersion: (version ?? 0) + delta, now: now)
            #expect(isRemoved == (old != nil && delta == 0))
        }
        if isRemoved { model.held[key] = nil }
    }

    mutating func reclaim() {
        let first = Int.random(in: 0..<256, using: &random)
        _ = keyspace.reclaimExpired(shards: first..<256, limit: 5, now: now)
    }

    /// Holds the whole of both against each other.
    mutating func compare() {
        while keyspace.reclaimExpired(shards: 0..<256, limit: 100, now: now) > 0 {}
        #expect(keyspace.count == model.liveCount(now))
        for (key, held) in model.held {
            if keyspace.value(key, now: now) != held.value { Issue.record("a value differs") }
        }
        for prefix in ["ns3^", "ns1^1^", "ns1^1^a"] {
            let expected = model.held.keys.filter { $0.starts(with: bytes(prefix)) }
            var found: [[UInt8]] = []
            var cursor: UInt64 = 0
            repeat {
                let batch = keyspace.batch(prefix, cursor, limit: 7, now: now)
                found += batch.keys
                cursor = batch.next
            } while cursor != 0
            #expect(found.count == expected.count && Set(found) == Set(expected))
        }
        keyspace.audit()
    }
}

@Suite struct ModelTests {
    // 0: all keys share one hash; 0xC0...01: four shards of two hashes; max: as in service.
    @Test(arguments: [
        (UInt64.max, 8000, 40_000), (0xC000_0000_0000_0001, 300, 12_000), (0, 60, 6000),
    ])
    func randomOperationsGiveWhatADictionaryGives(mask: UInt64, keys: Int, steps: Int) throws {
        try play(mask, keys, steps, rules: [])
    }

    /// The same with rules on namespaces, whose counts the audit holds against what is stored.
    @Test(arguments: [(UInt64.max, 2000, 20_000), (0xC000_0000_0000_0001, 300, 8000)])
    func rulesCountWhatIsStored(mask: UInt64, keys: Int, steps: Int) throws {
        let rules = ["ns^", "ns1^", "ns1^1^", "ns3^"].map { NamespaceRule(prefix: bytes($0)) }
        var timed = rules
        timed[3].defaultTTLSeconds = 1
        timed[1].maxKeys = .max
        timed[2].maxBytes = 1 << 40
        try play(mask, keys, steps, rules: timed)
    }

    private func play(_ mask: UInt64, _ keys: Int, _ steps: Int, rules: [NamespaceRule]) throws {
        var run = Run(
            keyspace: Keyspace(mask: mask, rules),
            random: SeededGenerator(state: 7),
            keyCount: keys,
            defaultTTL: rules.isEmpty ? nil : 1000
        )
        for step in 0..<steps {
            try run.step()
            if step % (steps / 8) == 0 { run.compare() }
        }
        run.compare()
        for key in Array(run.model.held.keys) { run.remove(key) }
        run.compare()
        #expect(run.keyspace.count == 0)
    }

    @Test func aTableGrowsAndShrinksAndGivesMemoryBack() throws {
        let keyspace = Keyspace()
        #expect(keyspace.memory == KeyspaceMemory(keys: 0, volatileKeys: 0, bytes: 0))
        for number in 0..<50_000 { try keyspace.set("key:\(number)", "value \(number)") }
        keyspace.audit()
        let full = keyspace.memory.bytes
        for number in 0..<49_000 { #expect(keyspace.remove("key:\(number)")) }
        keyspace.audit()
        #expect(keyspace.count == 1000)
        #expect(keyspace.memory.bytes * 10 < full)
        for number in 49_000..<50_000 {
            #expect(keyspace.text("key:\(number)") == "value \(number)")
        }
        keyspace.removeAll()
        #expect(keyspace.memory == KeyspaceMemory(keys: 0, volatileKeys: 0, bytes: 0))
    }

    @Test func aValueThatShrinksGivesItsMemoryBack() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", String(repeating: "x", count: 100_000))
        let large = keyspace.memory.bytes
        try keyspace.set("key", "small")
        #expect(keyspace.memory.bytes < large - 99_000)
        #expect(keyspace.text("key") == "small")
        keyspace.audit()
    }
}
