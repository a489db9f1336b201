// Valid requests of any command, from the command table.
internal import Commands
internal import Core

/// Makes words of requests.
struct FuzzGrammar {
    /// Commands that change the server for others, or this connection's encoding or rights.
    ///
    /// Without a model of their own; they are not sent.
    static let excluded: Set<String> = [
        "AUTH", "HELLO", "QUIT", "RESET", "CLIENT", "CONFIG", "SWAPDB", "DEBUG", "FLUSHALL",
        "FLUSHDB",
        "DROP", "SELECT", "EXPLAIN",
    ]
    /// Commands that the model knows best.
    static let modelled = [
        "GET", "SET", "SET", "DEL", "INCR", "INCRBY", "DECR", "DECRBY", "APPEND", "EXISTS",
        "STRLEN",
        "MGET", "MSET", "GETRANGE", "SETNX", "GETSET", "GETDEL", "CAS", "DELIFEQ", "PING", "ECHO",
        "ADD",
        "WHY", "TTL", "PERSIST", "UNLINK",
    ]
    /// Keys that a case works on.
    static let keys = 6

    /// Commands with exactly one reply, which change nobody's but the case's own keys.
    static let all: [CommandSpec] = CommandTable.catalog.specs.filter { spec in
        !excluded.contains(spec.name) && spec.category != .pubsub && spec.group != .transactions
            && !spec.flags.contains(.closes)
    }

    var random: RandomSource
    /// Whether values may hold any bytes, or only printable ASCII.
    var isBinary: Bool

    init(_ random: RandomSource, isBinary: Bool) {
        self.random = random
        self.isBinary = isBinary
    }

    mutating func below(_ bound: Int) -> Int { Int(random.next(below: UInt64(max(1, bound)))) }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

    /// A request whose reply the model knows, mostly.
    mutating func modelledRequest() -> [[UInt8]] {
        let name = pick(FuzzGrammar.modelled)
        guard let spec = RequestRenderer.spec(Array(name.utf8)) else {
            return ["PING"].map { Array($0.utf8) }
        }
        if name == "SET" {
            let flags = ["NX", "XX", "GET", "KEEPTTL"]
            let words = [Array("SET".utf8), key(), value()]
            return below(3) == 0 ? words + [Array(pick(flags).utf8)] : words
        }
        // A number now and then, so that there is something to count.
        if name == "APPEND", below(2) == 0 {
            return [Array("SET".utf8), key(), integer(small: true)]
        }
        return request(spec, isPlain: true)
    }

    /// A request of any command that may be sent.
    mutating func anyRequest() -> [[UInt8]] { request(pick(FuzzGrammar.all), isPlain: false) }

    /// A request of a command; a plain one without optional arguments.
    mutating func request(_ spec: CommandSpec, isPlain: Bool) -> [[UInt8]] {
        var words = [cased(spec.name)]
        for argument in spec.arguments {
            if argument.isOptional, isPlain || below(3) > 0 { continue }
            if let token = argument.token { words.append(cased(token)) }
            if argument.kind == .flag { continue }
            let times = argument.isRepeated ? 1 + below(4) : 1
            for _ in 0..<times { words += self.argument(argument, isPlain: isPlain) }
        }
        return words
    }

    private mutating func cased(_ name: String) -> [UInt8] {
        below(4) == 0 ? Array(name.lowercased().utf8) : Array(name.utf8)
    }

    private mutating func argument(_ spec: ArgumentSpec, isPlain: Bool) -> [[UInt8]] {
        switch spec.kind {
        case .key: [key()]
        case .bytes, .anyValue: [value()]
        case .integer: [integer(small: isPlain && below(3) > 0)]
        case .pairs: [key(), value()]
        case .pattern: [FuzzCase.prefix + Array(pick(["*", "k?", "[a-z]*", "^", "k[", "\\"]).utf8)]
        case .flag: []
        }
    }

    mutating func key() -> [UInt8] {
        // Within and without a namespace.
        FuzzCase.prefix + Array("\(pick(["", "", "^a^"]))k\(below(FuzzGrammar.keys))".utf8)
    }

    mutating func value() -> [UInt8] {
        switch below(12) {
        case 0: return []
        case 1: return integer(small: false)
        case 2, 3: return integer(small: true)
        case 4:
            return Array(
                pick(["OK", "(nil)", "ERR no", "*2", "> x", "null", "{}", "\\", "'a b'", "-1"]).utf8
            )
        case 5: return bytes(pick([127, 128, 129, 1023, 4096, 16_384, 20_000]))
        default: return bytes(1 + below(20))
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in
            isBinary
                ? UInt8(truncatingIfNeeded: random.next()) : UInt8(0x21 + random.next(below: 0x5E))
        }
    }

    mutating func integer(small: Bool) -> [UInt8] {
        if small { return Array(String(below(2000) - 1000).utf8) }
        let odd = [
            "9223372036854775807", "-9223372036854775808", "9223372036854775808", "0", "-0", "+1",
            "01",
            "1.5", "1e3", "", " 1", "0x10", "4294967296", "-1", "2147483647",
            "99999999999999999999999",
        ]
        return Array(pick(odd).utf8)
    }
}
