// A reply as a client of some encoding sees it, and whether that is what its command promises.
import Core
import Foundation

/// One reply, after an encoding has taken from it what it cannot say.
indirect enum WireValue: Hashable, Sendable {
    /// A word that RESP marks as such.
    case status(String)
    case integer(Int64)
    case bytes([UInt8])
    case null
    case list([WireValue])
    case set([WireValue])
    /// Names and values by turns.
    case map([WireValue])
    case double(String)
    case boolean(Bool)
    case bigNumber(String)
    case verbatim([UInt8])
    /// The kind and the values of what RESP3 marks as a push.
    case push([WireValue])
    /// Replies of which RESP sends one for each argument.
    case several([WireValue])
    /// The encoding's own word for the code, and the message.
    case error(String, String)

    static func text(_ text: String) -> WireValue { .bytes(Array(text.utf8)) }

    /// What the bytes say; nil where it is none.
    var text: String? {
        if case .bytes(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
    }

    /// With the items of a list sorted by their text.
    var sorted: WireValue {
        guard case .list(let items) = self else { return self }
        return .list(items.sorted { ($0.text ?? "") < ($1.text ?? "") })
    }

    /// Whether it is what `shape` looks like in `encoding`.
    func fits(_ shape: ReplyShape, _ encoding: WireEncoding) -> Bool {
        let isRESP = encoding == .resp2 || encoding == .resp3
        switch (shape, self) {
        case (.any, _): return true
        case (.oneOf(let shapes), _): return shapes.contains { fits($0, encoding) }
        case (.anyValue, _): return encoding == .json || isBytes
        case (.bytes, .bytes), (.null, .null): return true
        case (.null, .error("key_not_found", _)): return encoding == .json
        case (.status, .status): return isRESP || encoding == .protobuf
        case (.status, .bytes(let word)):
            return !isRESP && encoding != .protobuf && !word.isEmpty
        case (.integer, .integer): return encoding != .text
        case (.integer, .bytes): return encoding == .text && text.flatMap { Int64($0) } != nil
        case (.verbatim, .verbatim), (.bigNumber, .bigNumber): return encoding == .resp3
        case (.verbatim, .list(let lines)):
            return encoding == .text && lines.allSatisfy(\.isBytes)
        case (.verbatim, .bytes): return encoding != .resp3 && encoding != .text
        case (.bigNumber, .bytes): return encoding != .resp3
        case (.bigNumber, .integer): return encoding == .json
        case (.double, .double), (.boolean, .boolean):
            return encoding == .resp3 || encoding == .json || encoding == .protobuf
        case (.double, .integer): return encoding == .json
        case (.double, .bytes): return encoding != .resp3 && text.flatMap { Double($0) } != nil
        case (.boolean, .integer(let value)): return encoding == .resp2 && (0...1).contains(value)
        case (.boolean, .bytes): return encoding == .text && ["true", "false"].contains(text)
        case (.list(let shape), .list(let items)):
            return items.allSatisfy { $0.fits(shape, encoding) }
        case (.set(let shape), .set(let items)):
            return encoding == .resp3 && items.allSatisfy { $0.fits(shape, encoding) }
        case (.set(let shape), .list(let items)):
            return encoding != .resp3 && items.allSatisfy { $0.fits(shape, encoding) }
        case (.map(let shape), _): return fitsMap(of: shape, encoding)
        case (.subscriptions, _) where !isRESP: return fits(.integer, encoding)
        case (.subscriptions, .several(let items)):
            return items.allSatisfy { $0.isConfirmation(encoding) }
        case (.subscriptions, _): return isConfirmation(encoding)
        default: return false
        }
    }

    /// The two items of a list of two.
    private var couple: [WireValue]? {
        if case .list(let items) = self, items.count == 2 { items } else { nil }
    }

    /// Whether it tells of a subscription that was made or ended, as RESP does.
    func isConfirmation(_ encoding: WireEncoding) -> Bool {
        let items: [WireValue]
        switch (encoding, self) {
        case (.resp2, .list(let list)): items = list
        case (.resp3, .push(let push)): items = push
        default: return false
        }
        guard items.count == 3, case .integer = items[2] else { return false }
        return items[0].text?.hasSuffix("subscribe") == true
    }

    private var isBytes: Bool {
        if case .bytes = self { true } else { false }
    }

    private func fitsMap(of shape: ReplyShape, _ encoding: WireEncoding) -> Bool {
        let flat: [WireValue]
        switch (encoding, self) {
        case (.resp3, .map(let items)), (.json, .map(let items)), (.protobuf, .map(let items)):
            flat = items
        case (.json, .list(let couples)):
            flat = couples.flatMap { $0.couple ?? [.null] }
        case (.text, .list(let items)), (.resp2, .list(let items)): flat = items
        default: return false
        }
        let isName = flat.indices.allSatisfy { $0 % 2 == 1 || flat[$0].isBytes }
        let fits = flat.indices.allSatisfy { $0 % 2 == 0 || flat[$0].fits(shape, encoding) }
        return flat.count % 2 == 0 && isName && fits
    }
}

extension Answer {
    /// What a client of `encoding` must see of it.
    func seen(in encoding: WireEncoding) -> WireValue {
        if encoding == .json, self == .missingKey {
            return .error(ErrorCode.keyNotFound.row.jsonCode, ErrorCode.keyNotFound.row.message)
        }
        return seenWithin(encoding)
    }

    /// What an item of a list looks like; an error among others is an object in JSON.
    private func seenAsItem(_ encoding: WireEncoding) -> WireValue {
        guard encoding == .json, case .error(let code, let message) = self else {
            return seenWithin(encoding)
        }
        let fields = [
            .text("code"), .text(code.row.jsonCode), .text("message"), WireValue.text(message),
        ]
        return .map([.text("error"), .map(fields)])
    }

    private func seenWithin(_ encoding: WireEncoding) -> WireValue {
        let isRESP = encoding == .resp2 || encoding == .resp3
        let isTyped = encoding == .resp3 || encoding == .json || encoding == .protobuf
        switch self {
        case .status(let word):
            return isRESP || encoding == .protobuf ? .status(word) : .text(word)
        case .integer(let value): return encoding == .text ? .text("\(value)") : .integer(value)
        case .bytes(let bytes): return .bytes(bytes)
        case .json(let text):
            return encoding == .json ? JSONReply.value(text) ?? .null : .bytes(text)
        case .null, .missingKey: return .null
        case .verbatim(let bytes):
            if encoding == .text {
                let lines = String(decoding: bytes, as: UTF8.self).split(
                    omittingEmptySubsequences: false,
                    whereSeparator: \.isNewline
                )
                return .list(lines.dropLast().map { .text(String($0)) })
            }
            return encoding == .resp3 ? .verbatim(bytes) : .bytes(bytes)
        case .boolean(let value):
            let word = WireValue.text(value ? "true" : "false")
            return isTyped ? .boolean(value) : isRESP ? .integer(value ? 1 : 0) : word
        case .double(let value):
            let text =
                isRESP ? DecimalDouble.redis(value) : DecimalDouble.shortest(value)
            let isNumber = encoding != .json || value.isFinite
            return isTyped && isNumber ? .double(text) : .text(text)
        case .bigNumber(let digits):
            if encoding == .resp3 { return .bigNumber(digits) }
            let value = Int64(digits) ?? .max
            let isSafe = encoding == .json && value.magnitude < 1 << 53
            return isSafe ? .integer(value) : .text(digits)
        case .list(let items): return .list(items.map { $0.seenAsItem(encoding) })
        case .set(let items):
            let seen = items.map { $0.seenAsItem(encoding) }
            return encoding == .resp3 ? .set(seen) : .list(seen)
        case .map(let pairs): return seen(pairs, encoding)
        case .push(let items):
            let seen = items.map { $0.seenWithin(encoding) }
            return encoding == .resp3 ? .push(seen) : .list(seen)
        case .several(let items):
            // RESP confirms each; the others tell the last number.
            if isRESP, items.count == 1 { return items[0].seenWithin(encoding) }
            if isRESP { return .several(items.map { $0.seenWithin(encoding) }) }
            guard case .push(let last)? = items.last else { return .null }
            return last.last?.seenWithin(encoding) ?? .null
        case .error(let code, let message):
            switch encoding {
            case .resp2, .resp3: return .error(code.row.respWord, message)
            case .text: return .error(code.row.textToken, message)
            case .json, .protobuf: return .error(code.row.jsonCode, message)
            }
        }
    }

    private func seen(_ pairs: [Pair], _ encoding: WireEncoding) -> WireValue {
        let couples = pairs.map { [$0.name.seenWithin(encoding), $0.value.seenWithin(encoding)] }
        if encoding == .json, couples.contains(where: { $0[0].text == nil }) {
            return .list(couples.map { .list($0) })
        }
        let isMap = encoding == .resp3 || encoding == .json || encoding == .protobuf
        return isMap ? .map(couples.flatMap { $0 }) : .list(couples.flatMap { $0 })
    }
}

extension WireValue {
    /// Without the time after which to retry, which text and RESP put behind an error's message.
    var withoutRetry: WireValue {
        guard case .error(let word, let message) = self,
            let end = message.range(of: " retry_after_ms=")
        else { return self }
        return .error(word, String(message[..<end.lowerBound]))
    }
}
