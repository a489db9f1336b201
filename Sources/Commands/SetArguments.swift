// The options of SET and GETEX, in any order.
internal import Core
internal import Keyspace

/// The options of SET: all of them are read before any number among them is.
///
/// Source: Redis 7.0, SET; Valkey 8.1 for IFEQ.
struct SetArguments {
    var options = SetOptions()
    var answersPrevious = false
    var answersVersion = false
    /// The argument that the value must equal; 0 where there is none.
    var expected = 0
    /// The argument that holds the version; 0 where there is none.
    private var version = 0

    init(_ request: borrowing Request, now: Int64) throws(ServerError) {
        var expiry = ExpiryOption()
        var index = 3
        while index < request.count {
            let word = request[index]
            if word.isWord("NX") {
                try restrict(to: .ifMissing)
            } else if word.isWord("XX") {
                try restrict(to: .ifExists)
            } else if word.isWord("GET") {
                answersPrevious = true
            } else if word.isWord("GETV") {
                answersVersion = true
            } else if word.isWord("KEEPTTL") {
                try expiry.takeWord()
            } else {
                index += 1
                guard index < request.count else { throw .syntax }
                if word.isWord("IFEQ") {
                    try restrict(to: .always)
                    expected = index
                } else if word.isWord("IFVERSION") {
                    try restrict(to: .always)
                    version = index
                } else {
                    guard let unit = ExpiryUnit(word) else { throw .syntax }
                    try expiry.take(unit, at: index)
                }
            }
            index += 1
        }
        if answersPrevious, answersVersion { throw .syntax }
        let ifWord = SetOptions.Expiry.keep
        options.expiry = try expiry.read(request, now: now, "set", none: .none, ifWord: ifWord)
        if version > 0 { options.condition = try SetArguments.condition(request, version) }
    }

    /// Whether the answer, or that there is one, tells what the key holds.
    var readsValue: Bool { answersPrevious || expected > 0 || version > 0 }

    /// Takes a condition; those that go with no other come as `.always`.
    private mutating func restrict(to condition: SetOptions.Condition) throws(ServerError) {
        let isRepeated = condition != .always && options.condition == condition
        if expected > 0 || version > 0 || (options.condition != .always && !isRepeated) {
            throw .syntax
        }
        options.condition = condition
    }

    /// The version that argument `index` holds, as a condition; 0 is that of a missing key.
    private static func condition(
        _ request: borrowing Request,
        _ index: Int
    ) throws(ServerError) -> SetOptions.Condition {
        let version = try versionArgument(request, index)
        return version == 0 ? .ifMissing : .ifVersion(version)
    }
}

/// The version that argument `index` holds; throws `not_an_integer` where it is none.
func versionArgument(
    _ request: borrowing Request,
    _ index: Int
) throws(ServerError) -> UInt64 {
    guard let version = UInt64(exactly: try integerArgument(request, index)) else {
        throw .notAnInteger
    }
    return version
}

/// What a command's options say of an expiry; the number is read last, as Redis does.
///
/// Of one unit given twice the last counts; two units, or a unit and a word, contradict each other.
struct ExpiryOption {
    private var unit: ExpiryUnit?
    /// The argument that holds the number.
    private var index = 0
    private var hasWord = false

    /// Takes a unit, whose number is argument `index`.
    mutating func take(_ unit: ExpiryUnit, at index: Int) throws(ServerError) {
        if hasWord || (self.unit != nil && self.unit != unit) { throw .syntax }
        self.unit = unit
        self.index = index
    }

    /// Takes the word that needs no number: KEEPTTL or PERSIST.
    mutating func takeWord() throws(ServerError) {
        if unit != nil { throw .syntax }
        hasWord = true
    }

    /// What becomes of the expiry: `none` if nothing was said.
    func read(
        _ request: borrowing Request,
        now: Int64,
        _ command: String,
        none: SetOptions.Expiry,
        ifWord: SetOptions.Expiry
    ) throws(ServerError) -> SetOptions.Expiry {
        guard let unit else { return hasWord ? ifWord : none }
        let amount = try integerArgument(request, index)
        return .at(unixMs: try unit.deadline(amount, now: now, command: command))
    }
}
