// Finding a command by the name a peer wrote.

/// The specs of all commands, found by name or alias without regard to case.
public struct CommandCatalog: Sendable {
    /// The specs, in the order of the table; a command's index in it is its number everywhere.
    public let specs: [CommandSpec]
    // An open-addressing table over packed names: `slots[hash & mask]`.
    private let slots: [Slot]
    private let mask: Int
    // The arguments of all commands in turn; those of command `i` begin at `fieldStarts[i]`.
    private let fields: [ArgumentField]
    private let fieldStarts: [Int]

    private struct Slot: BitwiseCopyable {
        var name = PackedName()
        /// The command's number; -1 where the slot is empty.
        var index = -1
    }

    /// Makes the catalog of `specs`; traps if two share a name or one, or that of an argument, is longer
    /// than 16 bytes, which is a mistake in the table and found by its test.
    public init(_ specs: [CommandSpec]) {
        let pairs = specs.enumerated().flatMap { index, spec in
            ([spec.name] + spec.aliases).map { ($0, index) }
        }
        var size = 16
        while size < pairs.count * 4 { size *= 2 }
        var slots = [Slot](repeating: Slot(), count: size)
        for (name, index) in pairs {
            let bytes = Array(name.utf8)
            guard let packed = PackedName(bytes.span) else {
                preconditionFailure("command name too long: \(name)")
            }
            var slot = packed.hash & (size - 1)
            while slots[slot].index >= 0 {
                precondition(slots[slot].name != packed, "two commands are called \(name)")
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = Slot(name: packed, index: index)
        }
        var fields: [ArgumentField] = []
        var fieldStarts = [0]
        for spec in specs {
            for argument in spec.arguments {
                guard let field = ArgumentField(argument) else {
                    preconditionFailure("argument name too long: \(spec.name) \(argument.name)")
                }
                fields.append(field)
            }
            fieldStarts.append(fields.count)
        }
        self.fields = fields
        self.fieldStarts = fieldStarts
        self.specs = specs
        self.slots = slots
        mask = size - 1
    }

    /// The number of the command called `name`, upper or lower case; nil if there is none.
    public func index(of name: Span<UInt8>) -> Int? {
        guard let packed = PackedName(name) else { return nil }
        var slot = packed.hash & mask
        while true {
            let found = slots[slot]
            if found.index < 0 { return nil }
            if found.name == packed { return found.index }
            slot = (slot + 1) & mask
        }
    }

    /// As `index(of:)`, and at once where the name is written as that of the `last` command was.
    @inlinable
    @inline(__always)
    public func index(of name: Span<UInt8>, after last: inout FoundCommand) -> Int? {
        if last.isWritten(name) { return last.index }
        return find(name, &last)
    }

    @usableFromInline
    @inline(never)
    func find(_ name: Span<UInt8>, _ last: inout FoundCommand) -> Int? {
        guard let index = index(of: name) else { return nil }
        last = FoundCommand(name, index)
        return index
    }

    /// The arguments of the command of number `index`, as decoders that know them by name read them.
    @_lifetime(borrow self)
    public func fields(of index: Int) -> Span<ArgumentField> {
        fields.span.extracting(fieldStarts[index]..<fieldStarts[index + 1])
    }

    /// The number of the command called `name`; nil if there is none.
    ///
    /// Not for the hot path.
    public func index(of name: String) -> Int? {
        let bytes = Array(name.utf8)
        return index(of: bytes.span)
    }
}

/// A name of up to 16 bytes in two words and its length; a command's is upper-cased.
public struct PackedName: Equatable, Sendable, BitwiseCopyable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var count = 0

    init() {}

    /// Packs `name`; nil if it is empty or longer than 16 bytes.
    @inline(__always)
    init?(_ name: Span<UInt8>) {
        count = name.count
        if count == 0 || count > 16 { return nil }
        let bytes = name.bytes
        if count > 8 {
            low = PackedName.upper(PackedName.load(bytes, from: 0, 8))
            high = PackedName.upper(PackedName.load(bytes, from: 8, count &- 8))
        } else {
            low = PackedName.upper(PackedName.load(bytes, from: 0, count))
        }
    }

    /// The 1 to 8 bytes from `start` on, the first in the lowest bits: two loads that overlap.
    @inlinable
    @inline(__always)
    static func load(_ bytes: RawSpan, from start: Int, _ count: Int) -> UInt64 {
        if count >= 4 {
            let shift = UInt64(truncatingIfNeeded: (count &- 4) &* 8)
            let first = bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self)
            let last = bytes.unsafeLoadUnaligned(
                fromByteOffset: start &+ count &- 4,
                as: UInt32.self
            )
            return UInt64(first.littleEndian) | UInt64(last.littleEndian) &<< shift
        }
        let middle = count &>> 1
        let last = count &- 1
        func byte(_ index: Int) -> UInt64 {
            UInt64(bytes.unsafeLoad(fromByteOffset: start &+ index, as: UInt8.self))
                &<< UInt64(truncatingIfNeeded: index &* 8)
        }
        return byte(0) | byte(middle) | byte(last)
    }

    /// Eight bytes with `a` to `z` turned to upper case, all at once.
    @inline(__always)
    private static func upper(_ word: UInt64) -> UInt64 {
        let each: UInt64 = 0x0101_0101_0101_0101
        let seven = word & (each &* 0x7F)
        let fromA = seven &+ each &* (0x80 - 0x61)
        let beyondZ = seven &+ each &* (0x7F - 0x7A)
        let isLower = (fromA ^ beyondZ) & ~word & (each &* 0x80)
        return word ^ isLower &>> 2
    }

    @inline(__always)
    var hash: Int {
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xA076_1D64_78BD_642F
        return Int(truncatingIfNeeded: mixed &>> 40)
    }
}

/// The command that was found last: a client's requests are often of the same.
public struct FoundCommand: BitwiseCopyable {
    /// The name as it was written, of up to 8 bytes, the first in the lowest bits.
    @usableFromInline
    var name: UInt64 = 0
    /// The bytes of the name; -1 where there is none.
    @usableFromInline
    var count = -1
    @usableFromInline
    var index = -1

    /// Makes what nothing was found before.
    public init() {}

    /// Notes that `name` was found; one that is longer is forgotten.
    init(_ name: Span<UInt8>, _ index: Int) {
        if name.isEmpty || name.count > 8 { return }
        self.name = PackedName.load(name.bytes, from: 0, name.count)
        count = name.count
        self.index = index
    }

    /// Whether `name` is written exactly as the last one was.
    @inlinable
    @inline(__always)
    func isWritten(_ name: Span<UInt8>) -> Bool {
        name.count == count && PackedName.load(name.bytes, from: 0, name.count) == self.name
    }
}
