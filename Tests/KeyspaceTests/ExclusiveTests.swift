// Several operations as one, with other threads at work on the same keys.
import Core
import Foundation
import Synchronization
import Testing

@testable import Keyspace

struct ExclusiveTests {
    private let names = ["alpha", "beta", "gamma"]

    @Test("the view and the keyspace hold the same keys")
    func sameKeys() throws {
        let keyspace = Keyspace(limits: Limits(), seed: 1)
        var selection = KeySelection()
        for name in names { selection.insert(name, of: keyspace) }
        keyspace.exclusively(selection) { view in
            for name in names { _ = try? view.set(name, "1") as Bool }
            let isRemoved = view.remove(names[2])
            #expect(isRemoved)
        }
        #expect(keyspace.count == 2)
        let isThere = keyspace.text(names[0]) == "1"
        #expect(isThere)
    }

    @Test("everything can be held at once, and the view's operations over all shards work")
    func everything() throws {
        let keyspace = Keyspace(limits: Limits(), seed: 1)
        _ = try keyspace.set(names[0], "1") as Bool
        var selection = KeySelection()
        selection.insertAll()
        keyspace.exclusively(selection) { view in
            #expect(view.count == 1)
            view.removeAll()
            #expect(view.count == 0)
        }
        #expect(keyspace.count == 0)
        // The locks are free again.
        _ = try keyspace.set(names[0], "1") as Bool
    }

    /// Threads move amounts between keys in several operations; readers must never see money on its way.
    @Test("nobody sees the middle of a transaction")
    func isolation() throws {
        let keyspace = Keyspace(limits: Limits(), seed: 1)
        let names = names
        for name in names { try keyspace.increment(name, by: 1000) }
        var selection = KeySelection()
        for name in names { selection.insert(name, of: keyspace) }
        let all = selection
        let wrong = Mutex<[Int64]>([])
        let isOver = Atomic<Bool>(false)
        let writers = DispatchGroup()
        for writer in 0..<2 {
            DispatchQueue.global().async(group: writers) {
                for step in 0..<3000 {
                    let amount = Int64((step + writer) % 7)
                    keyspace.exclusively(all) { view in
                        _ = try? view.increment(names[step % 3], by: -amount)
                        _ = try? view.increment(names[(step + 1) % 3], by: amount)
                    }
                }
            }
        }
        let readers = DispatchGroup()
        DispatchQueue.global().async(group: readers) {
            while !isOver.load(ordering: .relaxed) {
                var sum: Int64 = 0
                keyspace.exclusively(all) { view in
                    for name in names {
                        sum += (try? view.increment(name, by: 0)) ?? 0
                    }
                }
                if sum != 3000 { wrong.withLock { $0.append(sum) } }
            }
        }
        writers.wait()
        isOver.store(true, ordering: .relaxed)
        readers.wait()
        #expect(wrong.withLock { $0 } == [])
    }
}

extension KeySelection {
    fileprivate mutating func insert(_ key: String, of keyspace: Keyspace) {
        let key = bytes(key)
        insert(key.span, of: keyspace)
    }
}

struct FirstVersionTests {
    @Test("a server that starts later gives higher versions")
    func versionsGoOnRising() throws {
        let first: Int64 = 1_800_000_000_000
        let earlier = Keyspace(limits: Limits(), lastVersion: Keyspace.firstVersion(now: first))
        for _ in 0..<1000 { _ = try earlier.set("k", "v") as Bool }
        let later = Keyspace(
            limits: Limits(),
            lastVersion: Keyspace.firstVersion(now: first + 1000)
        )
        _ = try later.set("k", "v") as Bool
        let key = bytes("k")
        let old = earlier.version(key.span, now: 1) ?? .max
        let new = later.version(key.span, now: 1) ?? 0
        #expect(new > old)
        // The last second of 2241, whose versions JavaScript still holds exactly.
        #expect(Keyspace.firstVersion(now: 8_583_839_999_000) < 1 << 53)
    }
}
