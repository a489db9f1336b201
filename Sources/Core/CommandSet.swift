// A set of commands by number: what a token may run.

/// A set of up to 256 commands, by their numbers in the catalog.
public struct CommandSet: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// The most commands that a set, and so the catalog, can hold.
    public static let capacity = 256

    /// Makes the empty set.
    public init() {}

    /// Whether command `index` is in the set; false outside `0 ..< capacity`.
    @inlinable
    @inline(__always)
    public func contains(_ index: Int) -> Bool {
        let bit = UInt64(1) << UInt64(index & 63)
        switch index >> 6 {
        case 0: return words.0 & bit != 0
        case 1: return words.1 & bit != 0
        case 2: return words.2 & bit != 0
        case 3: return words.3 & bit != 0
        default: return false
        }
    }

    /// Puts command `index` in the set, or takes it out.
    public mutating func set(_ index: Int, _ isMember: Bool) {
        precondition(index >= 0 && index < CommandSet.capacity)
        let bit = UInt64(1) << UInt64(index & 63)
        func changed(_ word: UInt64) -> UInt64 { isMember ? word | bit : word & ~bit }
        switch index >> 6 {
        case 0: words.0 = changed(words.0)
        case 1: words.1 = changed(words.1)
        case 2: words.2 = changed(words.2)
        default: words.3 = changed(words.3)
        }
    }

    /// Whether both hold the same commands.
    public static func == (left: CommandSet, right: CommandSet) -> Bool {
        left.words == right.words
    }
}
