// What `--retain` may say.
import Core
import Testing

@Suite struct RetentionRuleTests {
    @Test func rulesAreRead() throws {
        let news = Array("news.*".utf8)
        #expect(
            try RetentionRule(parsing: "news.*=1000,60s")
                == RetentionRule(pattern: news, maxMessages: 1000, maxSeconds: 60)
        )
        #expect(
            try RetentionRule(parsing: "news.*=5") == RetentionRule(pattern: news, maxMessages: 5)
        )
        #expect(
            try RetentionRule(parsing: "news.*=9s") == RetentionRule(pattern: news, maxSeconds: 9)
        )
        #expect(try RetentionRule(parsing: "a=b=5").pattern == Array("a=b".utf8))
    }

    @Test(arguments: [
        "news", "=5", "news=", "news=0", "news=-1", "news=5,", "news=5,6", "news=5s,6s", "news=x",
        "news=s", "news=5m", "news=1000000001s", "news=99999999999",
    ])
    func othersAreNot(text: String) {
        #expect(throws: RuleError.self) { try RetentionRule(parsing: text) }
    }
}
