// The limit on memory: counted rightly, never exceeded by more than it may be, whoever writes at once.

import Core
import Synchronization
import Testing

@testable import Keyspace

extension Evictor {
    /// Whether there is, or was made, room for `bytes`.
    func hasRoom(for bytes: Int, now: Int64 = 1) -> Bool {
        do {
            try makeRoom(for: bytes, now: now)
            return true
        } catch {
            #expect(error.code == .outOfMemory)
            return false
        }
    }
}

@Suite struct MemoryLimitTests {
    private func fill(_ keyspace: Keyspace, _ count: Int, valueCount: Int = 100) throws {
        let value = String(repeating: "v", count: valueCount)
        for number in 0..<count { try keyspace.set("key:\(number)", value) }
    }

    @Test func whatIsCountedIsNeverBelowWhatIsThere() throws {
        let keyspace = Keyspace()
        #expect(keyspace.countedBytes == 0)
        try fill(keyspace, 5000)
        let spare = keyspace.countedBytes - keyspace.memory.bytes
        #expect(spare >= 0 && spare <= 256 << 10)
        for number in 0..<5000 { keyspace.remove("key:\(number)") }
        keyspace.audit()
        try fill(keyspace, 100)
        keyspace.removeAll()
        #expect(keyspace.countedBytes == 0)
        keyspace.audit()
    }

    @Test func withoutALimitThereIsAlwaysRoom() throws {
        let keyspace = Keyspace()
        try fill(keyspace, 10)
        #expect(!keyspace.hasMemoryLimit)
        #expect(Evictor(keyspace, seed: 1).hasRoom(for: .max))
        #expect(keyspace.memoryRefusals == 0)
    }

    @Test func withoutEvictionWritesAreRefusedOnceItIsFull() throws {
        let keyspace = Keyspace(maxMemoryBytes: 1 << 20, .noEviction)
        let evictor = Evictor(keyspace, seed: 1)
        var stored = 0
        while evictor.hasRoom(for: 200) {
            try keyspace.set("key:\(stored)", String(repeating: "v", count: 100))
            stored += 1
        }
        #expect(keyspace.countedBytes <= 1 << 20 && keyspace.countedBytes > (1 << 20) - 400)
        #expect(keyspace.count == stored && keyspace.evictedKeys == 0)
        #expect(keyspace.memoryRefusals == 1)
        // Enough that every shard tells of it, whatever the allocator makes of a size.
        for number in 0..<stored / 2 { keyspace.remove("key:\(number)") }
        #expect(evictor.hasRoom(for: 200))
        keyspace.audit()
    }

    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noEviction })
    func everyPolicyKeepsToTheLimit(policy: EvictionPolicy) throws {
        let keyspace = Keyspace(maxMemoryBytes: 1 << 20, policy)
        let evictor = Evictor(keyspace, seed: 1)
        var random = SeededGenerator(state: 5)
        for number in 0..<20_000 {
            let value = String(repeating: "v", count: Int.random(in: 0..<300, using: &random))
            try evictor.makeRoom(for: value.utf8.count + 64, now: Int64(number))
            let expiry = SetOptions.Expiry.at(
                unixMs: .random(in: 1 << 40..<1 << 41, using: &random)
            )
            try keyspace.set("key:\(number)", value, .always, expiry, now: Int64(number))
            if keyspace.countedBytes > (1 << 20) + 4096 {
                Issue.record("above by more than it may")
            }
        }
        #expect(keyspace.evictedKeys == 20_000 - keyspace.count)
        #expect(keyspace.count > 1000)
        keyspace.audit()
    }

    @Test func aLimitThatIsLoweredIsReachedPieceByPiece() throws {
        let keyspace = Keyspace()
        let evictor = Evictor(keyspace, seed: 1)
        try fill(keyspace, 10_000)
        keyspace.maxMemoryBytes = 1 << 19
        keyspace.evictionPolicy = .allKeysRandom
        #expect(keyspace.count == 10_000)
        evictor.evictExcess(limit: 1000, now: 1)
        #expect(keyspace.count == 9000 && keyspace.countedBytes > 1 << 19)
        for _ in 0..<10 { evictor.evictExcess(limit: 1000, now: 1) }
        #expect(keyspace.countedBytes <= 1 << 19 && keyspace.count > 1000)
        let left = keyspace.count
        evictor.evictExcess(limit: 1000, now: 1)
        #expect(keyspace.count == left && keyspace.memoryRefusals == 0)
        keyspace.audit()
    }

    @Test func oneRequestEvictsSoManyKeysAtMost() throws {
        var limits = Limits()
        limits.maxEvictedKeys = 100
        limits.evictionPolicy = .allKeysLRU
        let keyspace = Keyspace(limits: limits)
        try fill(keyspace, 2000)
        keyspace.maxMemoryBytes = keyspace.countedBytes
        let evictor = Evictor(keyspace, seed: 1)
        #expect(!evictor.hasRoom(for: 50_000))
        #expect(keyspace.count == 1900 && keyspace.memoryRefusals == 1)
        // Asked again, it goes on where it stopped.
        var attempts = 1
        while !evictor.hasRoom(for: 50_000) { attempts += 1 }
        #expect(attempts >= 2 && attempts <= 3)
        keyspace.audit()
    }

    /// Tables that held many keys and hold none must not take the place of new ones.
    @Test func whatEmptyShardsHoldIsGivenBack() throws {
        for policy in [EvictionPolicy.allKeysLRU, .allKeysRandom, .volatileTTL] {
            let keyspace = Keyspace()
            for number in 0..<20_000 {
                try keyspace.set("ns^\(number)", "v", .always, .at(unixMs: 1000 + Int64(number)))
            }
            keyspace.evictionPolicy = policy
            keyspace.maxMemoryBytes = 100
            let evictor = Evictor(keyspace, seed: 1)
            while keyspace.count > 0 { evictor.evictExcess(limit: 10_000, now: 1) }
            #expect(keyspace.countedBytes == 0 && keyspace.memory.bytes == 0, "\(policy)")
            #expect(evictor.hasRoom(for: 100))
            try fill(keyspace, 500)
            for number in 0..<500 { keyspace.remove("key:\(number)") }
            #expect(keyspace.countedBytes > 100)
            #expect(evictor.hasRoom(for: 100), "\(policy)")
            keyspace.audit()
        }
    }

    /// Soonest first means expired ones first; the other policies begin with those of the shards that they
    /// look at.
    @Test(arguments: [EvictionPolicy.volatileTTL, .allKeysLRU, .allKeysRandom])
    func expiredKeysGoFirstAndAreNotCountedAsEvicted(policy: EvictionPolicy) throws {
        let keyspace = Keyspace()
        for number in 0..<1000 {
            try keyspace.set("gone:\(number)", "v", .always, .at(unixMs: 10), now: 1)
            try keyspace.set("kept:\(number)", "v", now: 1)
        }
        keyspace.maxMemoryBytes = keyspace.countedBytes
        let evictor = Evictor(keyspace, seed: 1)
        keyspace.evictionPolicy = policy
        #expect(evictor.hasRoom(for: 20_000, now: 20))
        let gone = (0..<1000).filter { keyspace.text("gone:\($0)", now: 1) == nil }.count
        let lost = (0..<1000).filter { keyspace.text("kept:\($0)", now: 1) == nil }.count
        #expect(gone > 100 && keyspace.count == 2000 - gone - lost)
        #expect(lost == keyspace.evictedKeys && lost <= (policy == .volatileTTL ? 0 : gone / 2))
        keyspace.audit()
    }

    /// Threads write, remove and expire keys at the limit, which is lowered and raised meanwhile.
    @Test(arguments: [EvictionPolicy.allKeysLRU, .volatileTTL, .noEviction])
    func writersNeverExceedTheLimit(policy: EvictionPolicy) async throws {
        // What one request of a thread adds: a block of twice what it brings, and a table once more.
        let excess = 6 * (16 << 10)
        let limit = 2 << 20
        let keyspace = Keyspace(maxMemoryBytes: limit, policy)
        let most = Atomic(0)
        let refusals = Atomic(0)
        for round in 0..<3 {
            await onThreads(6) { thread in
                let evictor = Evictor(keyspace, seed: UInt64(thread))
                var random = SeededGenerator(state: UInt64(round * 10 + thread))
                for _ in 0..<4000 {
                    disturb(keyspace, evictor, &random, refusals)
                    most.max(keyspace.countedBytes, ordering: .relaxed)
                }
            }
            let held = keyspace.memory.bytes
            #expect(held <= keyspace.countedBytes && held <= limit + excess)
            keyspace.audit()
        }
        let highest = most.load(ordering: .relaxed)
        #expect(highest <= limit + excess, "\(highest - limit) bytes above")
        #expect(highest > limit - (64 << 10), "the limit was never reached")
        #expect((keyspace.evictedKeys > 1000) == (policy != .noEviction))
        #expect(refusals.load(ordering: .relaxed) == keyspace.memoryRefusals)
    }
}

/// One random request, which is refused where there is no room for it.
private func disturb(
    _ keyspace: Keyspace,
    _ evictor: Evictor,
    _ random: inout SeededGenerator,
    _ refusals: borrowing Atomic<Int>
) {
    func name() -> String {
        let number = Int.random(in: 0..<20_000, using: &random)
        return (number % 2 == 0 ? "ns^" : "") + "\(number)"
    }
    let value = String(repeating: "v", count: Int.random(in: 0..<2000, using: &random))
    let expiry = Int64.random(in: 100..<1 << 40, using: &random)
    let kind = Int.random(in: 0..<20, using: &random)
    do throws(ServerError) {
        switch kind {
        case 0: keyspace.remove(name())
        case 1: _ = keyspace.value(bytes(name()))
        case 2: _ = keyspace.expire(bytes(name()).span, at: expiry, now: 1)
        case 3:
            if Int.random(in: 0..<1000, using: &random) == 0 { keyspace.removeAll() }
        default:
            try evictor.makeRoom(for: 2 * value.utf8.count + 256, now: 1)
            try write(keyspace, kind, (name(), name()), value, expiry)
        }
    } catch {
        if error.code != .outOfMemory { Issue.record("\(error)") }
        refusals.add(1, ordering: .relaxed)
    }
}

private func write(
    _ keyspace: Keyspace,
    _ kind: Int,
    _ names: (String, String),
    _ value: String,
    _ expiry: Int64
) throws(ServerError) {
    let (key, other) = (bytes(names.0), bytes(names.1))
    let bytes = bytes(value)
    let suffix = Array(bytes.prefix(100))
    switch kind {
    case 4: _ = try keyspace.append(key.span, suffix.span, now: 1)
    case 5: _ = try keyspace.rename(key.span, to: other.span, now: 1)
    case 6: _ = try keyspace.copyValue(of: key.span, to: other.span, now: 1)
    case 7..<10: _ = try keyspace.set(key.span, bytes.span, now: 1)
    default:
        let options = SetOptions(condition: .always, expiry: .at(unixMs: expiry))
        _ = try keyspace.set(key.span, bytes.span, options, now: 1)
    }
}
