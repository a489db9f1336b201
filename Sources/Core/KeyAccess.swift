// What a command does with each of its keys, which a token's patterns are held against.

/// Reading, writing, or both.
public struct KeyAccess: OptionSet, Sendable, Equatable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes access of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The answer tells, or another key then holds, what the key held.
    public static let read = KeyAccess(rawValue: 1 << 0)
    /// The key is made, changed or removed.
    public static let write = KeyAccess(rawValue: 1 << 1)
}

extension CommandSpec {
    /// What the command does with its keys, all taken together; nothing if it has none.
    public var keyAccess: KeyAccess {
        var access: KeyAccess = []
        for argument in arguments where argument.isKey { access.formUnion(self.access(argument)) }
        return access
    }

    /// What the command does with the key that is word `position` of a request, the name being word 0.
    ///
    /// The argument's row says it, or else the category: reading for `read`, writing for all others.
    public func keyAccess(at position: Int) -> KeyAccess {
        var start = 1
        for argument in arguments {
            let end = argument.isRepeated ? Int.max : start + argument.width
            if argument.isKey, position >= start, position < end { return access(argument) }
            if argument.isRepeated { break }
            start = end
        }
        return []
    }

    private func access(_ argument: ArgumentSpec) -> KeyAccess {
        argument.access ?? (category == .read ? .read : .write)
    }
}

extension ArgumentSpec {
    /// Whether it is held against the token's patterns.
    var isKey: Bool { kind == .key || kind == .pairs }
}
