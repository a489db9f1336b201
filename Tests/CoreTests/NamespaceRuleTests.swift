// Rules on namespaces as an operator writes them, and what is said of those that are wrong.
import Core
import Testing

struct NamespaceRuleTests {
    @Test(
        "what is right",
        arguments: [
            ("users^:keys=1000", NamespaceRule(prefix: Array("users^".utf8), maxKeys: 1000)),
            (
                "users^:keys=1000,bytes=1048576,ttl=3600",
                NamespaceRule(
                    prefix: Array("users^".utf8),
                    maxKeys: 1000,
                    maxBytes: 1_048_576,
                    defaultTTLSeconds: 3600
                )
            ),
            (
                "a^b:c^:ttl=1000000000,bytes=1",
                NamespaceRule(
                    prefix: Array("a^b:c^".utf8),
                    maxBytes: 1,
                    defaultTTLSeconds: 1_000_000_000
                )
            ),
            ("é^:keys=1", NamespaceRule(prefix: Array("é^".utf8), maxKeys: 1)),
        ]
    )
    func right(text: String, rule: NamespaceRule) throws {
        #expect(try NamespaceRule(parsing: text) == rule)
    }

    @Test(
        "what is wrong",
        arguments: [
            ("", "has no limits: write PREFIX^:keys=N,bytes=N,ttl=SECONDS"),
            ("users^", "has no limits: write PREFIX^:keys=N,bytes=N,ttl=SECONDS"),
            ("users:keys=1", "names no prefix that ends in '^', as 'users^'"),
            ("^:keys=1", "names no prefix that ends in '^', as 'users^'"),
            (":keys=1", "names no prefix that ends in '^', as 'users^'"),
            ("u^:", "says '': there are keys=N, bytes=N and ttl=SECONDS"),
            ("u^:keys=1,", "says '': there are keys=N, bytes=N and ttl=SECONDS"),
            ("u^:size=1", "says 'size=1': there are keys=N, bytes=N and ttl=SECONDS"),
            ("u^:keys", "says 'keys', which needs a whole number of at least 1"),
            ("u^:keys=", "says 'keys=', which needs a whole number of at least 1"),
            ("u^:keys=0", "says 'keys=0', which needs a whole number of at least 1"),
            ("u^:bytes=-1", "says 'bytes=-1', which needs a whole number of at least 1"),
            ("u^:ttl=1h", "says 'ttl=1h', which needs a whole number of at least 1"),
            ("u^:keys=1,keys=2", "says 'keys=2' after saying so already"),
            ("u^:ttl=1000000001", "says 'ttl=1000000001', and ttl is at most 1000000000"),
        ]
    )
    func wrong(text: String, sentence: String) {
        let error = #expect(throws: RuleError.self) {
            try NamespaceRule(parsing: text)
        }
        #expect(error?.description == sentence)
    }
}
