// A script: lines of commands on one bench, and what each must answer.
import Core
import Testing

@testable import Commands

/// One line of a script.
enum Step: Sendable {
    /// A command and its reply.
    case run(String, Answer)
    /// A command whose reply is a list in any order, of these texts, sorted.
    case runSorted(String, [String])
    /// So many milliseconds pass.
    case wait(Int64)
    /// A new connection over the same keys, with the token of that name or none.
    case begin(String?)
}

/// Lines to be run one after the other, from an empty keyspace and as `root`.
struct Script: Sendable, CustomTestStringConvertible {
    var name: String
    /// The rules on namespaces that hold in it.
    var rules: [NamespaceRule]
    var steps: [Step]

    init(_ name: String, rules: [NamespaceRule] = [], _ steps: Step...) {
        self.name = name
        self.rules = rules
        self.steps = steps
    }

    var testDescription: String { name }

    func play() throws {
        let bench = try Bench(namespaces: rules)
        for step in steps {
            switch step {
            case .run(let line, let expected):
                #expect(bench.run(line) == expected, "\(line)")
            case .runSorted(let line, let expected):
                #expect(bench.run(line).sortedTexts == expected, "\(line)")
            case .wait(let milliseconds): bench.wait(milliseconds)
            case .begin(let name): try bench.begin(as: name)
            }
        }
    }

    /// Plays the same lines as a client of `encoding`, which sends bytes and reads bytes.
    ///
    /// A line that the encoding cannot say is run without it, so that those behind it find the same keys.
    func play(through encoding: WireEncoding) throws {
        let bench = try Bench(encoding: encoding, namespaces: rules)
        for step in steps {
            switch step {
            case .run(let line, let expected):
                guard let seen = try bench.converse(Bench.words(line)) else {
                    bench.run(line)
                    continue
                }
                let spoken = bench.session.encoding
                let answer = expected.withProtocol(spoken == .resp3 ? 3 : 2)
                #expect(seen == answer.seen(in: spoken), "\(line)")
                // Between MULTI and EXEC the answer is this word, whatever the command's row says.
                if expected != .status("QUEUED") { expectShape(line, seen, spoken) }
            case .runSorted(let line, let expected):
                let seen = try #require(try bench.converse(Bench.words(line)))
                #expect(seen.sorted == .list(expected.map { .text($0) }), "\(line)")
                expectShape(line, seen, bench.session.encoding)
            case .wait(let milliseconds): bench.wait(milliseconds)
            case .begin(let name): try bench.begin(as: name, encoding: encoding)
            }
        }
    }

    private func expectShape(_ line: String, _ seen: WireValue, _ encoding: WireEncoding) {
        let name = String(line.prefix { $0 != " " })
        guard let index = CommandTable.catalog.index(of: name) else { return }
        let spec = CommandTable.catalog.specs[index]
        if case .error(let word, _) = seen {
            let allowed = (CommandSpec.commonErrors + spec.ownErrors + [.keyNotFound])
                .map { Answer.error($0, "").seen(in: encoding) }
            #expect(allowed.contains(.error(word, "")), "\(line) answers with \(word)")
        } else {
            #expect(seen.fits(spec.reply, encoding), "\(line): \(seen) in \(encoding)")
        }
    }

    /// What its lines run: the command's name, in upper case, and the error it must answer with.
    var runs: [(command: String, error: ErrorCode?)] {
        steps.compactMap { step in
            switch step {
            case .run(_, .status("QUEUED")): nil
            case .run(let line, let expected):
                (String(line.prefix { $0 != " " }).uppercased(), expected.errorCode)
            case .runSorted(let line, _): (String(line.prefix { $0 != " " }).uppercased(), nil)
            case .wait, .begin: nil
            }
        }
    }
}

@Suite struct ScriptTests {
    static let scripts =
        stringScripts + settingScripts + rangeScripts + comparingScripts + keyScripts
        + keyMoveScripts + expiryConditionScripts + quotaScripts + memoryScripts
        + connectionScripts + limitScripts + reportScripts + permissionScripts + transactionScripts
        + administrationScripts + pubSubScripts + observeScripts + resumeScripts

    @Test(arguments: scripts) func answersAsExpected(script: Script) throws {
        try script.play()
    }

    @Test func everyCommandIsRun() {
        let run = Set(Self.scripts.flatMap { $0.runs.map(\.command) })
        for spec in CommandTable.catalog.specs {
            for name in [spec.name] + spec.aliases {
                #expect(run.contains(name), "no script runs \(name)")
            }
            let succeeds = Self.scripts.contains { script in
                script.runs.contains { $0.command == spec.name && $0.error == nil }
            }
            #expect(succeeds, "no script runs \(spec.name) to its end")
        }
    }

    @Test func everyErrorOfEveryRowIsMet() {
        for spec in CommandTable.catalog.specs {
            for code in spec.ownErrors {
                let isMet = Self.scripts.contains { script in
                    script.runs.contains { $0.command == spec.name && $0.error == code }
                }
                #expect(isMet, "no script makes \(spec.name) answer with \(code)")
            }
        }
    }
}

/// The validator itself, on replies that are wrong.
@Suite struct ValidatorTests {
    private func finding(_ line: String, _ answer: Answer, closes: Bool = false) -> String? {
        let arguments = line.split(separator: " ").map { Array($0.utf8) }
        return Run(arguments: arguments, answer: answer, code: answer.errorCode)
            .finding(closes: closes, wasClosing: false)
    }

    @Test func goodRepliesPass() {
        #expect(finding("GET k", .text("v")) == nil)
        #expect(finding("get k", .missingKey) == nil)
        #expect(finding("MGET k", .list([.null, .text("v")])) == nil)
        #expect(finding("NAMESPACES", .map([])) == nil)
        #expect(finding("QUIT", .ok, closes: true) == nil)
        #expect(finding("NOSUCH", .error(.unknownCommand, "unknown")) == nil)
    }

    @Test(arguments: [
        ("GET k", Answer.ok), ("GET k", .list([.text("v")])), ("MGET k", .list([.integer(1)])),
        ("MSET k v", .integer(1)), ("WHO", .text("1")), ("TTL k", .missingKey),
        ("NAMESPACES", .map([.init(name: .text("a"), value: .integer(1))])),
        ("NAMESPACES", .map([.init(name: .integer(1), value: .map([]))])),
        ("NOSUCH", .ok), ("GET k", .overflow), ("INCR k", .syntax),
        ("GET k", .error(.forbidden, "")), ("GET k", .error(.forbidden, "line\nfeed")),
        ("AUTH a", .error(.tooManyFailures, "it does not close")), ("QUIT", .ok),
    ])
    func wrongRepliesDoNot(line: String, answer: Answer) {
        #expect(finding(line, answer) != nil)
    }

    @Test func secretsDoNot() {
        let credential = Credentials.of("root")
        let error = Answer.error(.wrongCredential, "who is \(credential)?")
        #expect(finding("AUTH \(credential)", error) != nil)
        #expect(finding("AUTH root", .wrongCredential) == nil)
    }

    @Test func tapesThatEndTooEarlyAreNone() {
        var reply = Reply()
        reply.list(2)
        reply.ok()
        var reader = TapeReader(reply.tape.span)
        #expect(reader.next() == nil)
    }
}
