// Finding commands by name, and what a spec says of its arguments.
import Core
import Testing

struct CommandCatalogTests {
    static func spec(
        _ name: String,
        aliases: [String] = [],
        _ arguments: [ArgumentSpec] = []
    ) -> CommandSpec {
        CommandSpec(
            name,
            aliases: aliases,
            group: .string,
            arguments: arguments,
            category: .read,
            summary: "Does.",
            reply: .any
        )
    }

    static let catalog = CommandCatalog([
        spec("GET"), spec("KEYS", aliases: ["LIST"]), spec("ABCDEFGHIJKLMNOP"), spec("GE"),
        spec("GETS"), spec("QUIT", aliases: ["EXIT", "BYE"]),
    ])

    @Test(
        "names and aliases in any case",
        arguments: [
            ("GET", 0), ("get", 0), ("gEt", 0), ("KEYS", 1), ("list", 1), ("abcdefghijklmnop", 2),
            ("ge", 3), ("GETS", 4), ("exit", 5), ("Bye", 5), ("quit", 5),
        ]
    )
    func finds(_ name: String, _ index: Int) {
        #expect(Self.catalog.index(of: name) == index)
    }

    @Test(
        "what is no command is not found",
        arguments: [
            "", "G", "GETX", "GET ", " GET", "GET\0", "\0", "abcdefghijklmnopq", "ABCDEFGHIJKLMNO",
            "g\u{e5}t", "GE\u{14}", "{ET", "ge4",
        ]
    )
    func misses(_ name: String) {
        #expect(Self.catalog.index(of: name) == nil)
    }

    @Test("the last command is no shortcut to another")
    func last() {
        var last = FoundCommand()
        let names = [
            "GET", "GET", "get", "GE", "GETS", "GET", "G", "", "GET", "ABCDEFGHIJKLMNOP",
            "abcdefghijklmnop", "ABCDEFGH", "QUIT", "QUI", "QUITE", "EXIT", "QUIT", "LIST", "GET\0",
        ]
        for first in names {
            for second in names {
                for name in [first, second] {
                    let bytes = Array(name.utf8)
                    let found = Self.catalog.index(of: bytes.span, after: &last)
                    #expect(found == Self.catalog.index(of: name), "\(name) behind \(first)")
                }
            }
        }
    }

    @Test("every name of a full table is found, and nothing else")
    func full() {
        let specs = (0..<256).map { Self.spec("C\($0)", aliases: ["ALIAS\($0)"]) }
        let catalog = CommandCatalog(specs)
        for index in 0..<256 {
            #expect(catalog.index(of: "c\(index)") == index)
            #expect(catalog.index(of: "alias\(index)") == index)
        }
        for index in 256..<1000 { #expect(catalog.index(of: "C\(index)") == nil) }
        #expect(CommandCatalog([]).index(of: "GET") == nil)
    }

    @Test("arity and key positions follow from the arguments")
    func arity() {
        let set = Self.spec(
            "SET",
            [
                ArgumentSpec("key", .key), ArgumentSpec("value", .bytes),
                ArgumentSpec("nx", .flag, token: "NX", optional: true),
                ArgumentSpec("ttl", .integer, token: "EX", optional: true),
            ]
        )
        #expect(set.minimumCount == 3 && set.maximumCount == 6 && set.redisArity == -3)
        #expect(set.keyPositions == KeyPositions(first: 1, last: 1, step: 1))
        let get = Self.spec("GET", [ArgumentSpec("key", .key)])
        #expect(get.redisArity == 2 && get.keyPositions == KeyPositions(first: 1, last: 1, step: 1))
        let del = Self.spec("DEL", [ArgumentSpec("key", .key, repeated: true)])
        #expect(
            del.maximumCount == nil && del.redisArity == -2
                && del.keyPositions == KeyPositions(first: 1, last: -1, step: 1)
        )
        let mset = Self.spec("MSET", [ArgumentSpec("values", .pairs, repeated: true)])
        #expect(
            mset.redisArity == -3 && mset.keyPositions == KeyPositions(first: 1, last: -1, step: 2)
        )
        let keys = [ArgumentSpec("key1", .key), ArgumentSpec("key2", .key)]
        let flag = ArgumentSpec("len", .flag, token: "LEN", optional: true)
        #expect(
            Self.spec("LCS", keys + [flag]).keyPositions == KeyPositions(first: 1, last: 2, step: 1)
        )
        let ping = Self.spec("PING", [ArgumentSpec("message", .bytes, optional: true)])
        #expect(ping.minimumCount == 1 && ping.maximumCount == 2 && ping.redisArity == -1)
        #expect(ping.keyPositions == KeyPositions(first: 0, last: 0, step: 0))
    }

    @Test("what becomes of a key follows from the category, or from its argument")
    func access() {
        let key = ArgumentSpec("key", .key)
        let kept = ArgumentSpec("from", .key, access: [.read, .write])
        let copy = Self.spec("COPY", [key, ArgumentSpec("to", .key, access: .write)])
        #expect(copy.keyPositions == KeyPositions(first: 1, last: 2, step: 1))
        #expect(copy.keyAccess == [.read, .write])
        #expect((0...3).map(copy.keyAccess) == [[], .read, .write, []])
        let move = Self.spec("MOVE", [kept, key, ArgumentSpec("word", .bytes)])
        #expect(move.keyAccess(at: 1) == [.read, .write])
        #expect(move.keyAccess(at: 3) == [])
        let pairs = Self.spec("MSET", [ArgumentSpec("pairs", .pairs, repeated: true)])
        #expect(pairs.keyAccess(at: 1) == .read && pairs.keyAccess(at: 7) == .read)
        #expect(Self.spec("PING", [ArgumentSpec("message", .bytes)]).keyAccess == [])
    }

    @Test("decoders read the arguments of each command, and of no other")
    func fields() {
        let arguments = [
            ArgumentSpec("key", .key), ArgumentSpec("nx", .flag, optional: true),
            ArgumentSpec("withmatchlength", .integer, token: "EX", repeated: true),
        ]
        let catalog = CommandCatalog([
            Self.spec("A", arguments), Self.spec("B"), Self.spec("C", [arguments[0]]),
        ])
        let counts = (0..<3).map { catalog.fields(of: $0).count }
        #expect(counts == [3, 0, 1])
        let last = catalog.fields(of: 2)[0].name.text
        #expect(last == "key")
        for (index, token) in ["", "NX", "EX"].enumerated() {
            let field = catalog.fields(of: 0)[index]
            #expect(field.name.text == arguments[index].name && field.token.text == token)
            #expect(field.kind == arguments[index].kind)
            #expect(field.isOptional == arguments[index].isOptional)
            #expect(field.isRepeated == arguments[index].isRepeated)
            #expect(field.token.isEmpty == (token == ""))
        }
    }

    private func packed(_ bytes: [UInt8]) -> PackedName? { PackedName(exactly: bytes.span) }

    @Test("names are the same byte for byte, and no longer than 16", arguments: 1...16)
    func packedNames(count: Int) {
        let bytes = (0..<count).map { UInt8(ascii: "a") + UInt8($0) }
        let name = packed(bytes)
        #expect(name?.text == String(decoding: bytes, as: UTF8.self))
        #expect(packed(Array(bytes.dropLast())) != name)
        #expect(packed(bytes + [0]) != name)
        for index in 0..<count {
            var other = bytes
            other[index] -= 0x20
            #expect(packed(other) != name, "byte \(index)")
        }
        #expect(packed([]) == nil)
        #expect(packed([UInt8](repeating: 0x61, count: 17)) == nil)
    }

    @Test("a set holds what was put in it")
    func sets() {
        var set = CommandSet()
        for index in stride(from: 0, to: 256, by: 7) { set.set(index, true) }
        for index in 0..<256 { #expect(set.contains(index) == (index % 7 == 0)) }
        #expect(!set.contains(-1) && !set.contains(256) && !set.contains(Int.max))
        var other = set
        #expect(other == set)
        other.set(63, false)
        #expect(other != set && !other.contains(63) && other.contains(70))
    }
}
