// Finding a command by the name a peer wrote.

/// The specs of all commands, found by name or alias without regard to case.
public struct CommandCatalog: Sendable {
    /// The specs, in the order of the table; a command's index in it is its number everywhere.
    public let specs: [CommandSpec]
    // An open-addressing table over packed names: `slots[hash & mask]`, 0xFFFF where empty.
    private let names: [PackedName]
    private let indices: [UInt16]
    private let mask: Int

    /// Makes the catalog of `specs`; traps if two share a name or one is longer than 16 bytes,
    /// which is a mistake in the table and found by its test.
    public init(_ specs: [CommandSpec]) {
        let pairs = specs.enumerated().flatMap { index, spec in
            ([spec.name] + spec.aliases).map { ($0, UInt16(index)) }
        }
        var size = 16
        while size < pairs.count * 4 { size *= 2 }
        var names = [PackedName](repeating: PackedName(), count: size)
        var indices = [UInt16](repeating: .max, count: size)
        for (name, index) in pairs {
            let bytes = Array(name.utf8)
            guard let packed = PackedName(bytes.span) else {
                preconditionFailure("command name too long: \(name)")
            }
            var slot = packed.hash & (size - 1)
            while indices[slot] != .max {
                precondition(names[slot] != packed, "two commands are called \(name)")
                slot = (slot + 1) & (size - 1)
            }
            names[slot] = packed
            indices[slot] = index
        }
        self.specs = specs
        self.names = names
        self.indices = indices
        mask = size - 1
    }

    /// The number of the command called `name`, upper or lower case; nil if there is none.
    public func index(of name: Span<UInt8>) -> Int? {
        guard let packed = PackedName(name) else { return nil }
        var slot = packed.hash & mask
        while indices[slot] != .max {
            if names[slot] == packed { return Int(indices[slot]) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The number of the command called `name`; nil if there is none.
    ///
    /// Not for the hot path.
    public func index(of name: String) -> Int? {
        let bytes = Array(name.utf8)
        return index(of: bytes.span)
    }
}

/// A command's name of up to 16 bytes, upper-cased, in two words.
private struct PackedName: Equatable, BitwiseCopyable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    init() {}

    /// Packs `name`; nil if it is empty, longer than 16 bytes, or holds a NUL, which pads names.
    init?(_ name: Span<UInt8>) {
        let count = name.count
        if count == 0 || count > 16 { return nil }
        for index in 0..<count {
            var byte = name[index]
            if byte == 0 { return nil }
            if byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") { byte &-= 32 }
            if index < 8 {
                low |= UInt64(byte) << UInt64(index * 8)
            } else {
                high |= UInt64(byte) << UInt64((index - 8) * 8)
            }
        }
    }

    var hash: Int {
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xA076_1D64_78BD_642F
        return Int(truncatingIfNeeded: mixed >> 40)
    }
}
