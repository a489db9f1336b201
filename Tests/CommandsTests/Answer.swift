// A reply as a value: what the tape says, and whether it fits the shape that its command promises.
import Core

/// One reply.
indirect enum Answer: Hashable, Sendable {
    case status(String)
    case integer(Int64)
    case bytes([UInt8])
    case null
    case missingKey
    case list([Answer])
    case map([Pair])
    case json([UInt8])
    case double(Double)
    case boolean(Bool)
    case bigNumber(String)
    case verbatim([UInt8])
    case set([Answer])
    /// The kind and the values, without the names between them.
    case push([Answer])
    case several([Answer])
    case error(ErrorCode, String)

    struct Pair: Hashable, Sendable {
        var name: Answer
        var value: Answer
    }

    static let ok = Answer.status("OK")
    static let syntax = Answer.error(.syntax, "syntax error")
    static let notAnInteger = Answer.error(.notAnInteger, "value is not an integer or out of range")
    static let notANumber = Answer.error(.notANumber, "value is not a valid float")
    static let overflow = Answer.error(.overflow, "increment or decrement would overflow")
    static let noKey = Answer.error(.forbidden, "No permissions to access a key")
    static let noToken = Answer.error(.unauthenticated, "Authentication required.")
    static let wrongCredential = Answer.error(
        .wrongCredential,
        "invalid username-password pair or user is disabled."
    )

    static func text(_ text: String) -> Answer { .bytes(Array(text.utf8)) }

    static func texts(_ texts: String...) -> Answer { .list(texts.map { .text($0) }) }

    static func arity(_ name: String) -> Answer {
        .error(.wrongArity, "wrong number of arguments for '\(name)' command")
    }

    static func invalidExpiry(_ name: String) -> Answer {
        .error(.invalidExpiry, "invalid expire time in '\(name)' command")
    }

    static func noCommand(_ token: String, _ name: String) -> Answer {
        .error(.forbidden, "User \(token) has no permissions to run the '\(name)' command")
    }
}

extension Answer {
    /// The code of an error; nil for what is none.
    var errorCode: ErrorCode? {
        if case .error(let code, _) = self { code } else { nil }
    }

    /// What a bytes, status or JSON item says.
    var text: String? {
        switch self {
        case .bytes(let bytes), .json(let bytes), .verbatim(let bytes):
            String(decoding: bytes, as: UTF8.self)
        case .status(let word): word
        default: nil
        }
    }

    var items: [Answer] {
        switch self {
        case .list(let items), .set(let items): items
        default: []
        }
    }

    /// The texts of a list's items, sorted.
    var sortedTexts: [String] { items.compactMap(\.text).sorted() }

    /// The value that a map holds for `name`.
    subscript(name: String) -> Answer? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.name == .text(name) }?.value
    }

    /// With the number of the protocol that HELLO tells, which is not the same in every encoding.
    func withProtocol(_ version: Int64) -> Answer {
        guard case .map(let pairs) = self else { return self }
        return .map(
            pairs.map { pair in
                let isProtocol = pair.name == .text("proto")
                return Pair(name: pair.name, value: isProtocol ? .integer(version) : pair.value)
            }
        )
    }

    /// What SUBSCRIBE and its like answer for one channel or pattern.
    static func confirmed(_ kind: String, _ topic: String?, _ count: Int64) -> Answer {
        .push([.text(kind), topic.map { .text($0) } ?? .null, .integer(count)])
    }

    /// Whether it tells that a subscription was made or ended.
    var isConfirmation: Bool {
        guard case .push(let items) = self, items.count == 3, case .integer = items[2] else {
            return false
        }
        return items[0].text?.hasSuffix("subscribe") == true
    }

    /// Whether it is what `shape` promises.
    func fits(_ shape: ReplyShape) -> Bool {
        switch (shape, self) {
        case (.any, _): true
        case (.oneOf(let shapes), _): shapes.contains { fits($0) }
        case (.status, .status), (.integer, .integer), (.bytes, .bytes): true
        case (.anyValue, .bytes), (.anyValue, .json), (.double, .double): true
        case (.boolean, .boolean), (.bigNumber, .bigNumber), (.verbatim, .verbatim): true
        case (.null, .null), (.null, .missingKey): true
        case (.list(let shape), .list(let items)): items.allSatisfy { $0.fits(shape) }
        case (.subscriptions, .several(let items)): items.allSatisfy(\.isConfirmation)
        case (.subscriptions, .integer): true
        case (.set(let shape), .set(let items)):
            Set(items).count == items.count && items.allSatisfy { $0.fits(shape) }
        case (.map(let shape), .map(let pairs)):
            pairs.allSatisfy { $0.name.text != nil && $0.value.fits(shape) }
        default: false
        }
    }
}

extension Answer: CustomStringConvertible {
    var description: String {
        switch self {
        case .status(let word), .bigNumber(let word): word
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .set(let items): "\(items) in any order"
        case .bytes(let bytes), .json(let bytes), .verbatim(let bytes):
            "\"\(String(decoding: bytes, as: UTF8.self))\""
        case .null: "nil"
        case .missingKey: "no such key"
        case .list(let items): "\(items)"
        case .push(let items): "> \(items)"
        case .several(let items): "several: \(items)"
        case .map(let pairs): "{\(pairs.map { "\($0.name): \($0.value)" }.joined(separator: ", "))}"
        case .error(let code, let message): "\(code): \(message)"
        }
    }
}

/// Reads a tape into answers.
struct TapeReader {
    private struct Item {
        var kind: ReplyItem
        var payload: [UInt8]
        var integer: Int64
        var double: Double { Double(bitPattern: UInt64(bitPattern: integer)) }
        var count: Int
        var code: ErrorCode
    }

    private var items: [Item] = []
    private var position = 0

    /// Takes the items of `tape`.
    init(_ tape: Span<UInt8>) {
        var reader = ReplyReader(tape)
        while reader.next() {
            items.append(
                Item(
                    kind: reader.item,
                    payload: reader.payload.withUnsafeBufferPointer { Array($0) },
                    integer: reader.integer,
                    count: reader.count,
                    code: reader.errorCode
                )
            )
        }
    }

    /// The reader of `reply`.
    static func read(_ reply: borrowing Reply) -> TapeReader { TapeReader(reply.tape.span) }

    /// Whether everything has been read.
    var isAtEnd: Bool { position == items.count }

    /// The next reply with all that belongs to it; nil where the tape ends too early.
    mutating func next() -> Answer? {
        guard position < items.count else { return nil }
        let item = items[position]
        position += 1
        switch item.kind {
        case .status: return .status(String(decoding: item.payload, as: UTF8.self))
        case .integer: return .integer(item.integer)
        case .bytes: return .bytes(item.payload)
        case .json: return .json(item.payload)
        case .null: return .null
        case .missingKey: return .missingKey
        case .list: return next(item.count).map { .list($0) }
        case .map: return nextMap(item.count)
        case .error:
            guard case .bytes(let message) = next() else { return nil }
            return .error(item.code, String(decoding: message, as: UTF8.self))
        case .double: return .double(item.double)
        case .boolean: return .boolean(item.integer != 0)
        case .bigNumber: return .bigNumber(String(decoding: item.payload, as: UTF8.self))
        case .verbatim: return .verbatim(item.payload)
        case .set: return next(item.count).map { .set($0) }
        case .attribute: return next(2 * item.count).flatMap { _ in next() }
        case .push: return nextPush(item.count)
        case .several: return next(item.count).map { .several($0) }
        }
    }

    private mutating func next(_ count: Int) -> [Answer]? {
        var answers: [Answer] = []
        for _ in 0..<count {
            guard let answer = next() else { return nil }
            answers.append(answer)
        }
        return answers
    }

    private mutating func nextPush(_ count: Int) -> Answer? {
        guard let items = next(count) else { return nil }
        return .push(
            items.enumerated().filter { $0.offset == 0 || $0.offset % 2 == 0 }.map(\.element)
        )
    }

    private mutating func nextMap(_ count: Int) -> Answer? {
        guard let answers = next(2 * count) else { return nil }
        return .map(
            stride(from: 0, to: answers.count, by: 2).map {
                Answer.Pair(name: answers[$0], value: answers[$0 + 1])
            }
        )
    }
}
