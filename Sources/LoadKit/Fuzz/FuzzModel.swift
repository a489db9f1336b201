// What a few commands must answer, by a dictionary: nothing of the server is used.
internal import Core

/// What a request must be answered with.
enum FuzzExpectation: Equatable, Sendable {
    /// One reply, whatever it says.
    case anything
    /// This.
    case exactly(WireReply)
    /// An error, whatever it says.
    case error

    /// Whether `reply` is as expected; errors of an overloaded server always are.
    func matches(_ reply: WireReply, _ encoding: FuzzEncoding) -> Bool {
        switch self {
        case .anything: true
        case .error:
            if case .error = reply { true } else { false }
        case .exactly(let expected): FuzzExpectation.same(expected, reply, encoding)
        }
    }

    private static func same(
        _ expected: WireReply,
        _ reply: WireReply,
        _ encoding: FuzzEncoding
    ) -> Bool {
        switch (expected, reply) {
        case (.list(let expected), .list(let items)):
            return expected.count == items.count
                && zip(expected, items).allSatisfy { same($0, $1, encoding) }
        // JSON has no words beside its strings, and text has nothing but words.
        case (.status(let word), .bytes(let bytes)) where encoding.isWithoutStatus:
            return word == bytes
        case (.integer, .bytes) where encoding == .text: return expected.flat == reply.flat
        default: return expected == reply
        }
    }

    /// For a person.
    var text: String {
        switch self {
        case .anything: "one reply"
        case .error: "an error"
        case .exactly(let reply): reply.text
        }
    }
}

extension FuzzEncoding {
    fileprivate var isWithoutStatus: Bool {
        self == .text || self == .json || self == .http || self == .websocket
    }
}

/// The keys of one case, as they should be.
struct FuzzModel: Sendable {
    /// What is known of a key.
    private enum Entry: Equatable {
        case value([UInt8])
        case missing
        /// Something was done to it that the model does not know.
        case unknown
    }

    static let maxKeyBytes = 1024

    private var entries: [[UInt8]: Entry] = [:]
    /// Whether nothing is known of any key that is not in `entries`.
    private var isLost = false

    /// What `words` must be answered with; the keys are then as they are behind it.
    mutating func expect(_ words: [[UInt8]]) -> FuzzExpectation {
        guard let first = words.first else { return .anything }
        let name = String(decoding: first, as: UTF8.self).uppercased()
        let arguments = Array(words.dropFirst())
        if let known = plain(name, arguments) ?? keyed(name, arguments) { return known }
        forget(name)
        return .anything
    }

    /// Something was refused that may have been anything: nothing is known any more.
    mutating func forgetAll() {
        isLost = true
        entries = [:]
    }

    private mutating func forget(_ name: String) {
        let category = RequestRenderer.spec(Array(name.utf8))?.category
        if category == .write || category == .admin || category == nil { forgetAll() }
    }

    private func plain(_ name: String, _ arguments: [[UInt8]]) -> FuzzExpectation? {
        switch (name, arguments.count) {
        case ("PING", 0): return .exactly(.status(Array("PONG".utf8)))
        case ("PING", 1), ("ECHO", 1): return .exactly(.bytes(arguments[0]))
        case ("WHY", 0): return .exactly(.integer(42))
        case ("ADD", 2):
            guard let left = FuzzModel.integer(arguments[0]),
                let right = FuzzModel.integer(arguments[1])
            else { return .error }
            let (sum, isTooLarge) = left.addingReportingOverflow(right)
            return isTooLarge ? .error : .exactly(.integer(sum))
        default: return nil
        }
    }

    private mutating func keyed(_ name: String, _ arguments: [[UInt8]]) -> FuzzExpectation? {
        let isList = ["DEL", "UNLINK", "EXISTS", "TOUCH", "MGET"].contains(name)
        let keys =
            isList ? arguments : name == "MSET" ? evens(arguments) : Array(arguments.prefix(1))
        if keys.isEmpty || !keys.allSatisfy({ (1...FuzzModel.maxKeyBytes).contains($0.count) }) {
            return nil
        }
        if isList { return list(name, keys) }
        if name == "MSET" { return setMany(arguments) }
        return single(name, keys[0], Array(arguments.dropFirst()))
    }

    private func evens(_ words: [[UInt8]]) -> [[UInt8]] {
        stride(from: 0, to: words.count, by: 2).map { words[$0] }
    }

    private func entry(_ key: [UInt8]) -> Entry { entries[key] ?? (isLost ? .unknown : .missing) }

    private mutating func list(_ name: String, _ keys: [[UInt8]]) -> FuzzExpectation {
        if name == "MGET" {
            let found = keys.map { entry($0) }
            if found.contains(.unknown) { return .anything }
            return .exactly(
                .list(
                    found.map { entry in
                        if case .value(let value) = entry { return .bytes(value) }
                        return .null
                    }
                )
            )
        }
        var count: Int64 = 0
        var isUnknown = false
        for key in keys {
            let found = entry(key)
            if found == .unknown { isUnknown = true }
            if case .value = found { count += 1 }
            if name == "DEL" || name == "UNLINK" { entries[key] = .missing }
        }
        return isUnknown ? .anything : .exactly(.integer(count))
    }

    private mutating func setMany(_ words: [[UInt8]]) -> FuzzExpectation? {
        if words.count % 2 != 0 { return .error }
        for index in stride(from: 0, to: words.count, by: 2) {
            entries[words[index]] = .value(words[index + 1])
        }
        return FuzzModel.ok
    }

    private static let ok = FuzzExpectation.exactly(.status(Array("OK".utf8)))

    private static func found(_ value: [UInt8]?) -> FuzzExpectation {
        .exactly(value.map { .bytes($0) } ?? .null)
    }

    private mutating func single(
        _ name: String,
        _ key: [UInt8],
        _ rest: [[UInt8]]
    ) -> FuzzExpectation? {
        let found = entry(key)
        if found == .unknown {
            if name == "SET", rest.count == 1 {
                entries[key] = .value(rest[0])
                return FuzzModel.ok
            }
            return RequestRenderer.spec(Array(name.utf8)) == nil ? nil : .anything
        }
        var value: [UInt8]?
        if case .value(let bytes) = found { value = bytes }
        let answer = answer(name, rest, &value)
        if answer != nil { entries[key] = value.map { .value($0) } ?? .missing }
        return answer
    }

    private func answer(
        _ name: String,
        _ rest: [[UInt8]],
        _ value: inout [UInt8]?
    ) -> FuzzExpectation? {
        let old = value
        switch (name, rest.count) {
        case ("GET", 0): return FuzzModel.found(old)
        case ("STRLEN", 0): return .exactly(.integer(Int64(old?.count ?? 0)))
        case ("TTL", 0), ("PTTL", 0): return .exactly(.integer(old == nil ? -2 : -1))
        case ("PERSIST", 0): return .exactly(.integer(0))
        case ("SET", 1):
            value = rest[0]
            return FuzzModel.ok
        case ("SET", 2): return setWithFlag(rest, &value)
        case ("SETNX", 1):
            value = old ?? rest[0]
            return .exactly(.integer(old == nil ? 1 : 0))
        case ("GETSET", 1):
            value = rest[0]
            return FuzzModel.found(old)
        case ("GETDEL", 0):
            value = nil
            return FuzzModel.found(old)
        case ("APPEND", 1):
            value = (old ?? []) + rest[0]
            return .exactly(.integer(Int64(value?.count ?? 0)))
        case ("GETRANGE", 2), ("SUBSTR", 2): return range(old ?? [], rest[0], rest[1])
        case ("INCR", 0): return add(1, &value)
        case ("DECR", 0): return add(-1, &value)
        case ("INCRBY", 1): return FuzzModel.integer(rest[0]).map { add($0, &value) } ?? .error
        case ("DECRBY", 1):
            guard let number = FuzzModel.integer(rest[0]), number != .min else { return .error }
            return add(-number, &value)
        case ("CAS", 2):
            if old == rest[0] { value = rest[1] }
            return old == rest[0] ? FuzzModel.ok : FuzzModel.found(old)
        case ("DELIFEQ", 1):
            if old == rest[0] { value = nil }
            return .exactly(.integer(old == rest[0] ? 1 : 0))
        default: return nil
        }
    }

    private func setWithFlag(_ rest: [[UInt8]], _ value: inout [UInt8]?) -> FuzzExpectation? {
        let old = value
        switch String(decoding: rest[1], as: UTF8.self).uppercased() {
        case "NX":
            value = old ?? rest[0]
            return old == nil ? FuzzModel.ok : .exactly(.null)
        case "XX":
            if old != nil { value = rest[0] }
            return old == nil ? .exactly(.null) : FuzzModel.ok
        case "GET":
            value = rest[0]
            return FuzzModel.found(old)
        case "KEEPTTL":
            value = rest[0]
            return FuzzModel.ok
        default: return nil
        }
    }

    private func add(_ number: Int64, _ value: inout [UInt8]?) -> FuzzExpectation {
        guard let old = value.map({ FuzzModel.integer($0) }) ?? 0 else { return .error }
        let (sum, isTooLarge) = old.addingReportingOverflow(number)
        if isTooLarge { return .error }
        value = Array(String(sum).utf8)
        return .exactly(.integer(sum))
    }

    /// Bytes `start` to `end`, the last included; below zero they count from the end.
    private func range(_ value: [UInt8], _ start: [UInt8], _ end: [UInt8]) -> FuzzExpectation {
        guard let first = FuzzModel.integer(start), let last = FuzzModel.integer(end) else {
            return .error
        }
        let count = Int64(value.count)
        if first < 0, last < 0, first > last { return .exactly(.bytes([])) }
        let from = max(0, first < 0 ? count.addingClamped(first) : first)
        let to = min(count - 1, max(0, last < 0 ? count.addingClamped(last) : last))
        if count == 0 || from > to { return .exactly(.bytes([])) }
        return .exactly(.bytes(Array(value[Int(from)...Int(to)])))
    }

    /// An integer as Redis reads one: no sign but a minus, no leading zeros, nothing around it.
    static func integer(_ bytes: [UInt8]) -> Int64? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let number = Int64(text), String(number) == text else { return nil }
        return number
    }
}

extension Int64 {
    /// The sum with a number of the other sign.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .min : .max) : sum
    }
}
