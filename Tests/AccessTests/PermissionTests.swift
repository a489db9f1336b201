// Permissions into command sets, patterns into answers about keys.
import Access
import Core
import Testing

@Suite struct PermissionTests {
    private func compiled(_ permissions: [String]) throws -> [String] {
        names(try TokenPermissions.compile(permissions, catalog: catalog))
    }

    @Test func openCommandsNeedNone() throws {
        #expect(try compiled([]) == ["PING"])
        #expect(try compiled(["@all", "-PING"]).contains("PING"))
    }

    @Test func categoriesAndCommandsAddUp() throws {
        #expect(try compiled(["@read"]) == ["PING", "GET", "MGET"])
        #expect(try compiled(["@read", "+SET"]) == ["PING", "GET", "MGET", "SET"])
        #expect(try compiled(["+remove"]) == ["PING", "DEL"])
        #expect(
            try compiled(TokenPermissions.standard)
                == ["PING", "GET", "MGET", "SET", "DEL", "INFO"]
        )
        #expect(try compiled(TokenPermissions.development).count == catalog.specs.count)
    }

    @Test func orderCounts() throws {
        #expect(try compiled(["@write", "-SET"]) == ["PING", "DEL"])
        #expect(try compiled(["-SET", "@write"]) == ["PING", "SET", "DEL"])
        #expect(try compiled(["@ALL", "-flush", "-Info", "+INFO"]).contains("FLUSH") == false)
        #expect(try compiled(["@ALL", "-flush", "-Info", "+INFO"]).contains("INFO"))
    }

    @Test(arguments: [
        (
            "@raed",
            "there is no category \"@raed\": there are @open, @information, @read, @write, @admin"
                + ", @pubsub and @all"
        ),
        ("+GTE", "no command is called \"GTE\""),
        ("-", "no command is called \"\""),
        (
            "GET",
            "\"GET\" is not a permission: write @category, +COMMAND, -COMMAND or @all"
        ),
        ("", "\"\" is not a permission: write @category, +COMMAND, -COMMAND or @all"),
    ])
    func unknownOnesAreNamed(permission: String, message: String) {
        let error = #expect(throws: PermissionError.self) { try compiled(["@read", permission]) }
        #expect(error?.description == message)
    }
}

@Suite struct KeyPatternTests {
    private func token(read: [String], write: [String]) throws -> Token {
        try Token(.make(.make(), read: read, write: write), catalog: catalog)
    }

    private func reads(_ token: Token, _ key: String) -> Bool {
        let key = bytes(key)
        return token.mayRead(key.span)
    }

    private func writes(_ token: Token, _ key: String) -> Bool {
        let key = bytes(key)
        return token.mayWrite(key.span)
    }

    @Test func namespacesAreGrantedAsSubtrees() throws {
        let token = try token(read: ["users^*", "public"], write: ["users^42^*"])
        #expect(reads(token, "users^42^name") && reads(token, "users^") && reads(token, "public"))
        #expect(!reads(token, "users") && !reads(token, "xusers^1") && !reads(token, "public^a"))
        #expect(writes(token, "users^42^name"))
        #expect(!writes(token, "users^43^name") && !writes(token, "public"))
        #expect(!token.readsEverything && !token.writesEverything)
    }

    @Test func aStarReachesEveryKey() throws {
        let token = try token(read: ["users^*", "*"], write: ["**"])
        #expect(token.readsEverything && reads(token, "any\0thing") && reads(token, ""))
        #expect(!token.writesEverything && writes(token, "anything"))
    }

    @Test func noPatternReachesNothing() throws {
        let token = try token(read: [], write: ["?"])
        #expect(!reads(token, "a") && !reads(token, "") && !token.readsEverything)
        #expect(writes(token, "a") && !writes(token, "ab"))
    }
}
