// An argument of a command as a decoder reads it by name: plain words, so that reading it retains nothing.

/// What a decoder must know of an argument: the part of an `ArgumentSpec` that fits in plain words.
public struct ArgumentField: Sendable, BitwiseCopyable {
    /// The field's name.
    public let name: PackedName
    /// The word that goes before it, or is it where it is a flag; empty where there is none.
    public let token: PackedName
    /// What it is.
    public let kind: ArgumentSpec.Kind
    /// Whether it may be left out.
    public let isOptional: Bool
    /// Whether it may come more than once.
    public let isRepeated: Bool

    /// Takes the field from `argument`; nil if its name or token is empty or longer than 16 bytes.
    init?(_ argument: ArgumentSpec) {
        let word = argument.token ?? (argument.kind == .flag ? argument.name.uppercased() : nil)
        guard let name = PackedName(exactly: argument.name.utf8.span) else { return nil }
        var token = PackedName()
        if let word {
            guard let packed = PackedName(exactly: word.utf8.span) else { return nil }
            token = packed
        }
        self.name = name
        self.token = token
        kind = argument.kind
        isOptional = argument.isOptional
        isRepeated = argument.isRepeated
    }
}

extension PackedName {
    /// Packs `name` as it is, upper or lower case; nil if it is empty or longer than 16 bytes.
    public init?(exactly name: Span<UInt8>) {
        let count = name.count
        if count == 0 || count > 16 { return nil }
        self.init()
        self.count = count
        low = PackedName.load(name.bytes, from: 0, min(count, 8))
        if count > 8 { high = PackedName.load(name.bytes, from: 8, count &- 8) }
    }

    /// Whether it is no name at all.
    public var isEmpty: Bool { count == 0 }

    /// Appends its bytes to `output`.
    public func append(to output: inout ByteBuffer) {
        output.withSpareRoom(16) { room in
            room.storeBytes(of: low.littleEndian, as: UInt64.self)
            room.storeBytes(of: high.littleEndian, toByteOffset: 8, as: UInt64.self)
            return count
        }
    }

    /// The name as a string; not for the hot path.
    public var text: String {
        var buffer = ByteBuffer()
        append(to: &buffer)
        return Printable.text(buffer.span)
    }
}
