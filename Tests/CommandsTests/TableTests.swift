// The command table itself, and what HELP and COMMAND make of it.
import Core
import Testing

@testable import Commands

private let specs = CommandTable.catalog.specs

@Suite struct TableTests {
    @Test func namesAreShortAndUnique() {
        let names = specs.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        #expect(specs.count <= CommandSet.capacity)
        #expect(specs.count == CommandTable.commands.count)
        for name in names {
            #expect((1...16).contains(name.utf8.count), "\(name)")
            #expect(name.utf8.allSatisfy { (65...90).contains($0) }, "\(name)")
        }
    }

    /// `openssl s_client` keeps lines that begin with these letters to itself.
    @Test func noCommandIsOutOfReachBySClient() {
        let taken = { (name: String) in name.first.map { "QRKk".contains($0) } ?? true }
        for spec in specs where taken(spec.name) {
            #expect(spec.aliases.contains { !taken($0) }, "\(spec.name)")
        }
    }

    @Test func argumentsAreConsistent() {
        for spec in specs {
            let names = spec.arguments.map(\.name)
            #expect(Set(names).count == names.count, "\(spec.name)")
            for name in names {
                #expect(name == name.lowercased() && !name.isEmpty, "\(spec.name)")
                // They are JSON's own fields.
                #expect(!["action", "id", "namespace"].contains(name), "\(spec.name) \(name)")
            }
            for argument in spec.arguments.dropLast() {
                #expect(!argument.isRepeated, "only \(spec.name)'s last argument may be repeated")
            }
            for argument in spec.arguments where argument.token != nil {
                #expect(argument.isOptional, "\(spec.name) \(argument.name)")
                #expect(argument.token == argument.token?.uppercased())
            }
            for argument in spec.arguments where argument.kind == .flag {
                #expect(argument.token != nil, "\(spec.name) \(argument.name)")
            }
            if spec.flags.contains(.restOfLine) { #expect(spec.arguments.count == 1) }
        }
    }

    @Test func arityIsConsistent() {
        for spec in specs {
            #expect(spec.minimumCount >= 1)
            if let maximum = spec.maximumCount { #expect(maximum >= spec.minimumCount) }
            let isExact = spec.maximumCount == spec.minimumCount
            #expect(spec.redisArity == (isExact ? spec.minimumCount : -spec.minimumCount))
            let keys = spec.keyPositions
            let keyIsOptional = spec.arguments.contains { $0.kind == .key && $0.isOptional }
            let fewest = spec.minimumCount + (keyIsOptional ? 1 : 0)
            if keys.first > 0 { #expect(keys.first < fewest, "\(spec.name)") }
        }
    }

    @Test func categoriesFitWhatCommandsDo() {
        for spec in specs {
            let isOpen = spec.category == .open
            let isTransaction = spec.group == .transactions && spec.keyPositions.first == 0
            #expect(isOpen == (spec.flags.contains(.withoutToken) || isTransaction), "\(spec.name)")
            if spec.keyPositions.first > 0 {
                #expect([.read, .write].contains(spec.category), "\(spec.name)")
            }
            if spec.flags.contains(.growsMemory) { #expect(spec.category == .write) }
            let lengths: [ErrorCode] = [.keyTooLong, .valueTooLarge]
            let stores = spec.errors.contains { lengths.contains($0) }
            #expect(stores == spec.flags.contains(.growsMemory), "\(spec.name)")
            #expect(Set(spec.errors).count == spec.errors.count, "\(spec.name)")
        }
    }

    @Test func wordsAreSentences() {
        for spec in specs {
            #expect(spec.summary.hasSuffix("."), "\(spec.name)")
            #expect(spec.summary.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(spec.name)")
            #expect(spec.complexity.hasPrefix("O("), "\(spec.name)")
            #expect(spec.since.split(separator: ".").compactMap { Int($0) }.count == 3)
        }
    }
}

@Suite struct HelpTests {
    private func lines(_ line: String) throws -> [String] {
        let bench = try Bench(as: nil)
        return bench.run(line).items.compactMap(\.text)
    }

    @Test func everythingIsPrintable() throws {
        let pages = try [lines("HELP")] + specs.map { try lines("HELP \($0.name)") }
        for page in pages {
            #expect(page.count > 2)
            for line in page {
                #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(line)")
                #expect(line.utf8.count <= 200, "\(line)")
            }
        }
    }

    @Test func everyCommandHasALineAndAPage() throws {
        let overview = try lines("HELP")
        for spec in specs {
            let isListed = overview.filter { $0.hasPrefix(HelpText.usage(spec) + " - ") }
            #expect(isListed == ["\(HelpText.usage(spec)) - \(spec.summary)"])
            let page = try lines("HELP \(spec.name.lowercased())")
            #expect(page.prefix(2) == [HelpText.usage(spec), spec.summary])
            for alias in spec.aliases {
                #expect(try lines("HELP \(alias)") == page)
                #expect(page.contains { $0.hasPrefix("Also called: ") && $0.contains(alias) })
            }
        }
        #expect(overview.contains { $0.contains("-quiet") })
    }

    @Test(arguments: [
        ("PING", "PING [message]"), ("GET", "GET key"), ("QUIT", "QUIT"),
        ("MGET", "MGET key [key ...]"), ("MSET", "MSET key value [key value ...]"),
        ("SCAN", "SCAN cursor [MATCH match] [COUNT count] [TYPE type]"),
        ("AUTH", "AUTH [name] token"),
        (
            "SET",
            "SET key value [NX] [XX] [IFEQ ifeq] [IFVERSION ifversion] [GET] [GETV] [EX ex]"
                + " [PX px] [EXAT exat] [PXAT pxat] [KEEPTTL]"
        ),
    ])
    func usageIsWhatOneTypes(name: String, usage: String) throws {
        #expect(try lines("HELP \(name)").first == usage)
    }
}

@Suite struct CommandInfoTests {
    private func items(_ line: String) throws -> [Answer] { try Bench().run(line).items }

    private let get = Answer.list([
        .text("get"), .integer(2), .set([.status("readonly"), .status("fast")]), .integer(1),
        .integer(1), .integer(1), .set([.status("@read")]), .set([]), .set([]), .set([]),
    ])

    @Test func listsEveryCommand() throws {
        let names = specs.map { Answer.text($0.name.lowercased()) }
        #expect(try items("COMMAND LIST") == names)
        #expect(try Bench().run("COMMAND COUNT") == .integer(Int64(specs.count)))
        #expect(try items("COMMAND").map { $0.items.first } == names)
        #expect(try items("COMMAND INFO") == items("COMMAND"))
        #expect(try items("command list") == names)
    }

    @Test func describesCommandsAsRedisDoes() throws {
        #expect(try items("COMMAND INFO get nosuch GET") == [get, .null, get])
        let mset = try #require(try items("COMMAND INFO mset").first)
        #expect(
            Array(mset.items[1..<6]) == [
                .integer(-3), .set([.status("write"), .status("denyoom")]), .integer(1),
                .integer(-1),
                .integer(2),
            ]
        )
        let ping = try #require(try items("COMMAND INFO ping").first)
        #expect(
            Array(ping.items[1..<6]) == [
                .integer(-1), .set([.status("no_auth"), .status("fast")]), .integer(0), .integer(0),
                .integer(0),
            ]
        )
        let keys = try #require(try items("COMMAND INFO list").first)
        #expect(
            Array(keys.items.prefix(3)) == [.text("keys"), .integer(2), .set([.status("admin")])]
        )
        for entry in try items("COMMAND") { #expect(entry.items.count == 10) }
    }

    @Test func documentsCommandsAsRedisDoes() throws {
        let docs = try Bench().run("COMMAND DOCS")
        for spec in specs {
            let entry = try #require(docs[spec.name.lowercased()])
            #expect(entry["summary"] == .text(spec.summary))
            #expect(entry["since"] == .text(spec.since))
            #expect(entry["group"] == .text(spec.group.rawValue))
            #expect(entry["complexity"] == .text(spec.complexity))
            #expect((entry["arguments"]?.items.count ?? 0) == spec.arguments.count)
        }
        let set = try #require(try Bench().run("COMMAND DOCS nosuch set")["set"]?["arguments"])
        let expiry = try #require(set.items.first { $0["name"] == .text("ex") })
        #expect(expiry["type"] == .text("integer"))
        #expect(expiry["token"] == .text("EX"))
        #expect(expiry["flags"] == .set([.status("optional")]))
        #expect(set.items.first?["type"] == .text("key"))
    }
}
