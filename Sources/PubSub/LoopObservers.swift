// One loop's observers of keys, by their connections' numbers.
internal import Core

/// Who observes what on one loop.
struct LoopObservers {
    struct Item {
        var options: ObserveOptions
        /// The number of the last change that it is not told.
        var since: UInt64
    }

    /// By pattern, then by the connection's number.
    private(set) var patterns: [Topic: [Int: Item]] = [:]
    /// The patterns of each connection.
    private(set) var members: [Int: Set<Topic>] = [:]

    /// Adds what was not there; returns what it takes the place of.
    mutating func insert(_ number: Int, _ pattern: Topic, _ item: Item) -> Item? {
        members[number, default: []].insert(pattern)
        return patterns[pattern, default: [:]].updateValue(item, forKey: number)
    }

    mutating func remove(_ number: Int, _ pattern: Topic) -> Item? {
        guard let index = patterns.index(forKey: pattern),
            let item = patterns.values[index].removeValue(forKey: number)
        else { return nil }
        if patterns.values[index].isEmpty { patterns.remove(at: index) }
        members[number]?.remove(pattern)
        if members[number]?.isEmpty == true { members[number] = nil }
        return item
    }
}

extension LoopSubscriptions {
    /// Has connection `number` be told what happens to keys that `pattern` matches; returns how many
    /// patterns it observes then.
    ///
    /// Where it observes the pattern already, the new options take the place of those before.
    @discardableResult
    public func observe(_ number: Int, _ pattern: Topic, _ options: ObserveOptions) -> Int {
        let since = exchange.enter(observing: pattern, options, loop: loop)
        let item = LoopObservers.Item(options: options, since: since)
        if let before = observers.insert(number, pattern, item) {
            exchange.leave(observing: pattern, before.options, loop: loop)
        }
        return observedCount(of: number)
    }

    /// Ends what `observe` began, if it did; returns how many patterns the connection observes then.
    @discardableResult
    public func unobserve(_ number: Int, _ pattern: Topic) -> Int {
        if let item = observers.remove(number, pattern) {
            exchange.leave(observing: pattern, item.options, loop: loop)
        }
        return observedCount(of: number)
    }

    /// Ends all of connection `number`.
    public func unobserveAll(_ number: Int) {
        for pattern in observers.members[number] ?? [] { unobserve(number, pattern) }
    }

    /// How many patterns connection `number` observes.
    public func observedCount(of number: Int) -> Int { observers.members[number]?.count ?? 0 }

    /// Whether connection `number` observes `pattern`.
    public func isObserving(_ number: Int, _ pattern: Topic) -> Bool {
        observers.members[number]?.contains(pattern) ?? false
    }

    /// The numbers of all connections that observe keys.
    public var observingNumbers: [Int] { Array(observers.members.keys) }

    /// Whether connection `number` still observes what `publication` tells.
    public func isObserving(_ number: Int, _ publication: Publication) -> Bool {
        publication.patterns.contains { isObserving(number, $0) }
    }

    /// Calls `deliver` once for each connection of this loop that observes the change which `publication`
    /// tells: first those that want no values, then those that do.
    ///
    /// Nothing may begin or end to be observed meanwhile.
    public func forEachObserver(
        of publication: Publication,
        _ deliver: (_ number: Int, _ hasValues: Bool) -> Void
    ) {
        var hasValues: [Int: Bool] = [:]
        forEachMatch(of: publication) { number, item, _ in
            hasValues[number] = item.options.hasValues || hasValues[number] == true
        }
        for (number, wants) in hasValues where !wants { deliver(number, false) }
        for (number, wants) in hasValues where wants { deliver(number, true) }
    }

    /// Calls `deliver` for each connection of this loop that observes keys which `publication` tells were
    /// dropped, with the prefixes of what it observes of them.
    public func forEachObserver(
        ofDrop publication: Publication,
        _ deliver: (_ number: Int, _ prefixes: [Topic]) -> Void
    ) {
        var prefixes: [Int: [Topic]] = [:]
        forEachMatch(of: publication) { number, _, pattern in
            let beginning = PatternIndex.beginning(of: pattern)
            let dropped = publication.channel
            let isNarrower = beginning.bytes.count > dropped.bytes.count
            let prefix = isNarrower ? beginning : dropped
            if prefixes[number]?.contains(prefix) != true {
                prefixes[number, default: []].append(prefix)
            }
        }
        for (number, found) in prefixes {
            deliver(number, LoopSubscriptions.withoutCovered(found))
        }
    }

    /// Those of `prefixes` that begin with no other one.
    private static func withoutCovered(_ prefixes: [Topic]) -> [Topic] {
        prefixes.filter { prefix in
            !prefixes.contains { $0 != prefix && prefix.bytes.starts(with: $0.bytes) }
        }
    }

    private func forEachMatch(
        of publication: Publication,
        _ body: (Int, LoopObservers.Item, Topic) -> Void
    ) {
        guard let kind = publication.change?.kind else { return }
        for pattern in publication.patterns {
            for (number, item) in observers.patterns[pattern] ?? [:]
            where item.since < publication.sequence
                && item.options.kinds.contains(KeyChangeKinds(kind))
            {
                body(number, item, pattern)
            }
        }
    }
}
