// Which observed patterns match a key, without trying them all.
internal import Core

/// The patterns that somebody observes, by what all of their matches begin with.
///
/// A key is looked up once for each different length of those beginnings, and held against the patterns
/// with the beginning that it has: ten thousand patterns such as `users^42^*` cost a few look-ups.
struct PatternIndex {
    /// Who observes one pattern, in numbers.
    struct Interest {
        var total = 0
        var byLoop: [Int32]
        /// How many want values.
        var values = 0
        /// How many want each kind, by its raw value.
        var kinds = [Int32](repeating: 0, count: KeyChangeKind.allCases.count)

        mutating func add(_ change: Int, _ options: ObserveOptions, loop: Int) {
            total += change
            byLoop[loop] += Int32(change)
            if options.hasValues { values += change }
            for kind in KeyChangeKind.allCases
            where options.kinds.contains(KeyChangeKinds(kind)) {
                kinds[Int(kind.rawValue)] += Int32(change)
            }
        }

        func wants(_ kind: KeyChangeKind) -> Bool { kinds[Int(kind.rawValue)] > 0 }
    }

    private var groups: [Topic: [Topic: Interest]] = [:]
    /// How many groups have a beginning of each length.
    private var lengths: [Int: Int] = [:]
    /// Different patterns.
    private(set) var count = 0

    /// What every match of `pattern` begins with.
    static func beginning(of pattern: Topic) -> Topic {
        var prefix = ByteBuffer()
        Glob.appendLiteralPrefix(of: pattern.bytes.span, to: &prefix)
        return Topic(prefix.span)
    }

    func contains(_ pattern: Topic) -> Bool {
        groups[PatternIndex.beginning(of: pattern)]?[pattern] != nil
    }

    mutating func add(_ pattern: Topic, _ options: ObserveOptions, loop: Int, of loops: Int) {
        let beginning = PatternIndex.beginning(of: pattern)
        if groups[beginning] == nil { lengths[beginning.bytes.count, default: 0] += 1 }
        let fresh = Interest(byLoop: Array(repeating: 0, count: loops))
        if groups[beginning]?[pattern] == nil { count += 1 }
        groups[beginning, default: [:]][pattern, default: fresh].add(1, options, loop: loop)
    }

    mutating func remove(_ pattern: Topic, _ options: ObserveOptions, loop: Int) {
        let beginning = PatternIndex.beginning(of: pattern)
        guard let group = groups.index(forKey: beginning),
            let place = groups.values[group].index(forKey: pattern)
        else { return }
        groups.values[group].values[place].add(-1, options, loop: loop)
        if groups.values[group].values[place].total > 0 { return }
        groups.values[group].remove(at: place)
        count -= 1
        if !groups.values[group].isEmpty { return }
        groups.remove(at: group)
        let length = beginning.bytes.count
        if let left = lengths[length] { lengths[length] = left > 1 ? left - 1 : nil }
    }

    /// Calls `body` with each pattern that matches `key`, and who observes it.
    func forEachMatch(of key: Topic, _ body: (Topic, Interest) -> Void) {
        for length in lengths.keys where length <= key.bytes.count {
            let beginning = Topic(key.bytes.span.extracting(first: length))
            guard let group = groups[beginning] else { continue }
            for (pattern, interest) in group
            where Glob.matches(key.bytes.span, pattern: pattern.bytes.span) {
                body(pattern, interest)
            }
        }
    }

    /// Calls `body` with each pattern that may match a key which begins with `prefix`, and who observes it.
    func forEachOverlap(with prefix: Topic, _ body: (Topic, Interest) -> Void) {
        for (beginning, group) in groups
        where beginning.bytes.starts(with: prefix.bytes)
            || prefix.bytes.starts(with: beginning.bytes)
        {
            for (pattern, interest) in group where Self.mayMatch(pattern, beginning, prefix) {
                body(pattern, interest)
            }
        }
    }

    /// Whether `pattern` goes on behind `beginning`, or that begins with `prefix`.
    private static func mayMatch(_ pattern: Topic, _ beginning: Topic, _ prefix: Topic) -> Bool {
        beginning.bytes.starts(with: prefix.bytes)
            || !Glob.matches(beginning.bytes.span, pattern: pattern.bytes.span)
            || pattern.bytes.last == UInt8(ascii: "*")
    }
}
