// A server's commands without a server: one keyspace, some tokens, and a clock of the test's own.
import Access
import Core
import Keyspace
import PubSub
import Synchronization
import Testing
import Wire

@testable import Commands

/// The tokens of every bench, by name, with what they may do.
enum Credentials {
    private static let made: [(entry: TokenEntry, credential: String)] = {
        func make(
            _ name: String,
            _ permissions: [String],
            read: [String] = ["*"],
            write: [String] = ["*"],
            channels: (subscribe: [String], publish: [String]) = ([], []),
            expires: Int64? = nil,
            limit: TokenRateLimit? = nil,
            hasReservedSlot: Bool = false
        ) -> (TokenEntry, String)? {
            guard let issued = try? IssuedToken.make() else { return nil }
            let entry = TokenEntry(
                issued,
                name: name,
                createdAtUnixMilliseconds: 0,
                expiresAtUnixMilliseconds: expires,
                permissions: permissions,
                read: read,
                write: write,
                subscribe: channels.subscribe,
                publish: channels.publish,
                rateLimit: limit,
                hasReservedSlot: hasReservedSlot
            )
            return (entry, issued.credential)
        }
        let tokens = [
            make("root", ["@all"], channels: (["*"], ["*"])),
            make("standard", TokenPermissions.standard),
            make("reader", ["@read"]), make("writer", ["@write"]),
            make("informed", ["@information"]), make("admin", ["@admin"]), make("nobody", []),
            make("getter", ["+GET"]), make("careful", ["@all", "-DEL", "-drop"]),
            make("mixed", ["@all"], read: ["a:*", "users^42^*"], write: ["b:*", "users^*"]),
            make("listener", ["@pubsub"], channels: (["news*", "x", "[ab]"], ["chat"])),
            make("blind", ["@all"], read: [], write: ["*"]),
            make("keeper", ["@all"], hasReservedSlot: true),
            make("short", ["@all"], expires: Bench.start + 1000),
            make(
                "metered",
                ["@all"],
                limit: TokenRateLimit(
                    commandsPerSecond: 10,
                    burst: 5,
                    bytesPerSecond: 1000,
                    connections: 2,
                    categories: [.write: .init(commandsPerSecond: 1, burst: 2)]
                )
            ),
        ]
        return tokens.compactMap { $0 }
    }()

    static let entries = made.map(\.entry)

    /// The credential of the token called `name`.
    static func of(_ name: String) -> String {
        made.first { $0.entry.name == name }?.credential ?? "unknown"
    }
}

/// Commands, and what they run on.
///
/// Every reply is held against its command's row.
final class Bench {
    /// The time at which every bench begins, in Unix milliseconds.
    static let start: Int64 = 1_800_000_000_123

    private let dispatch = Dispatch()
    /// Channels that begin with `kept` keep two messages for ten seconds.
    private static let retention = Retention(
        [RetentionRule(pattern: Array("kept*".utf8), maxMessages: 2, maxSeconds: 10)],
        epoch: "e1"
    )

    /// Where every connection comes from: 192.0.2.1.
    static let peer = PeerAddress(ipv4: 0xC000_0201)

    let limiter: PeerLimiter
    let facts: ServerFacts
    private let context: CommandContext
    private var connections = 0
    private var closesNext = false
    private let kills = Kills()
    /// The numbers of the connections that were asked to close.
    var killed: [Int] { kills.withLock { $0 } }
    var session: Session { context.session }
    var keyspace: Keyspace { context.keyspace }
    var subscriptions: LoopSubscriptions { context.subscriptions }
    /// Stands on a rung of the overload ladder from now on.
    func overload(_ level: OverloadLevel) {
        facts.overload.store(level.rawValue, ordering: .relaxed)
        context.shedsLoad = level >= .lowPriorityRefused
    }
    var authenticatedClients: Int { facts.authenticatedClients.load(ordering: .relaxed) }

    /// Makes a bench with a session of the token called `name`, or with one that has none yet.
    init(
        as name: String? = "root",
        encoding: WireEncoding = .resp2,
        namespaces: [NamespaceRule] = [],
        _ change: (inout PeerLimits) -> Void = { _ in },
        adjust: (inout Limits) -> Void = { _ in }
    ) throws {
        var limits = Limits()
        limits.maxKeyBytes = 32
        limits.maxValueBytes = 64
        limits.maxWatchedKeys = 3
        limits.maxTransactionCommands = 4
        limits.maxTransactionBytes = 100
        limits.maxLCSCells = 512
        limits.maxChannelBytes = 32
        limits.maxSubscriptions = 4
        limits.maxObservedPatterns = 3
        limits.maxObservedPatternsInAll = 5
        limits.maxUndeliveredBytes = 200
        adjust(&limits)
        var peerLimits = PeerLimits(limits)
        peerLimits.tableEntries = 64
        change(&peerLimits)
        limiter = PeerLimiter(peerLimits)
        facts = ServerFacts(identifier: "3f0e7a52-0000-4000-8000-000000000001")
        let tokens = try TokenSet(Credentials.entries, catalog: CommandTable.catalog)
        context = CommandContext(
            keyspace: Keyspace(limits: limits, namespaces: namespaces, seed: 7),
            authority: TokenAuthority(tokens),
            facts: facts,
            limits: limits,
            limiter: limiter,
            subscriptions: LoopSubscriptions(Exchange(retention: Bench.retention)),
            session: Session(identifier: 1, encoding: encoding),
            now: Moment(unixMilliseconds: Bench.start, monotonicMilliseconds: 0)
        )
        try begin(as: name, encoding: encoding)
    }

    /// Goes on as another connection over the same keys.
    ///
    /// The one before stays in the list of clients; with `keeping` its transaction does, too.
    func begin(
        as name: String?,
        encoding: WireEncoding = .resp2,
        keeping: Bool = false
    ) throws {
        if !keeping { session.transaction = nil }
        connections += 1
        let number = connections
        let record = ClientRecord(
            identifier: number,
            address: "test:\(number)",
            madeAt: context.now.unixMilliseconds
        ) { [kills] in kills.withLock { $0.append(number) } }
        facts.clients.add(record)
        context.session = Session(record, encoding: encoding)
        session.peer = Bench.peer
        if let name { try #require(run("AUTH \(Credentials.of(name))") == .ok) }
    }

    /// Goes back to the connection of `session`, which must be open.
    func resume(_ session: Session) { context.session = session }

    func wait(_ milliseconds: Int64) {
        context.now.unixMilliseconds += milliseconds
        context.now.monotonicMilliseconds += milliseconds
    }

    /// Runs the words of `line`; `''` is an empty one, and `<name>` the credential of a token.
    @discardableResult
    func run(_ line: String) -> Answer {
        run(Bench.words(line))
    }

    /// The words of `line`; `''` is an empty one, and `<name>` the credential of a token.
    static func words(_ line: String) -> [[UInt8]] {
        line.split(separator: " ").map { word in
            if word == "''" { return [] }
            if word.hasPrefix("<"), word.hasSuffix(">"), word.count > 2 {
                return Array(Credentials.of(String(word.dropFirst().dropLast())).utf8)
            }
            return Array(word.utf8)
        }
    }

    /// Runs `words` as a client of the session's encoding sends them, and reads the reply as it does.
    ///
    /// Nil, and nothing is run, where the encoding cannot say them.
    func converse(_ words: [[UInt8]]) throws -> WireValue? {
        let carrier = try #require(Carrier.all[session.encoding])
        guard let bytes = carrier.request(words) else { return nil }
        let output = reply(to: bytes)
        let answering = try #require(Carrier.all[session.encoding])
        let shown = String(decoding: output, as: UTF8.self)
        let value: WireValue = try #require(
            answering.reply(output),
            "not one reply in \(session.encoding): \(shown)"
        )
        return value.withoutRetry
    }

    /// The bytes that answer `bytes`, which must be one whole request.
    private func reply(to bytes: [UInt8]) -> [UInt8] {
        var decoder = RequestDecoder(encoding: session.encoding)
        var frame = RequestFrame()
        let outcome = decoder.decode(
            bytes.span,
            from: 0,
            into: &frame,
            catalog: CommandTable.catalog,
            limits: context.limits,
            isAuthenticated: session.rights.isAuthenticated,
            json: LineJSONParser()
        )
        switch outcome {
        case .request(let consumed):
            #expect(consumed == bytes.count)
            run(Bench.arguments(frame, bytes))
        case .rejected(let error, let consumed):
            #expect(consumed == bytes.count)
            context.reply.reset()
            context.reply.error(error)
        case .emptyBatch, .skipped, .incomplete: Issue.record("\(outcome) for \(bytes)")
        }
        var output = ByteBuffer()
        ReplyEncoder.encode(
            context.reply,
            as: session.encoding,
            identifier: frame.identifier.span,
            into: &output
        )
        return output.withBytes { Array($0) }
    }

    /// The arguments of a filled frame.
    static func arguments(_ frame: borrowing RequestFrame, _ input: [UInt8]) -> [[UInt8]] {
        let bytes = frame.usesScratch ? frame.scratch.withBytes { Array($0) } : input
        return (0..<frame.ranges.count).map { index in
            let range = frame.ranges.span[index]
            return Array(bytes[Int(range.start)..<Int(range.end)])
        }
    }

    /// Runs a line that ends its own connection, which its row does not say.
    func runClosing(_ line: String) -> Answer {
        closesNext = true
        defer { closesNext = false }
        return run(line)
    }

    @discardableResult
    func run(_ arguments: [[UInt8]]) -> Answer {
        var ranges: [ArgumentRange] = []
        var bytes: [UInt8] = []
        for argument in arguments {
            ranges.append(ArgumentRange(start: bytes.count, end: bytes.count + argument.count))
            bytes += argument
        }
        let request = Request(bytes: bytes.span, ranges: ranges.span)
        let wasClosing = session.closesAfterReply || closesNext
        let wasQueueing = session.isQueueing
        let code = dispatch.run(request, context)
        var reader = TapeReader.read(context.reply)
        guard let answer = reader.next(), reader.isAtEnd else {
            Issue.record("not exactly one reply to \(arguments)")
            return .null
        }
        // Between MULTI and EXEC the answer is this word, whatever the command.
        if wasQueueing, answer == .status("QUEUED") { return answer }
        let run = Run(arguments: arguments, answer: answer, code: code)
        run.validate(closes: session.closesAfterReply, wasClosing: wasClosing)
        return answer
    }
}

/// The connections that were asked to close.
final class Kills: Sendable {
    private let numbers = Mutex<[Int]>([])

    func withLock<Result: Sendable>(_ body: (inout [Int]) -> Result) -> Result {
        numbers.withLock { numbers in body(&numbers) }
    }
}

/// One command that was run, and what it answered.
struct Run {
    var arguments: [[UInt8]]
    var answer: Answer
    var code: ErrorCode?

    private var name: String {
        String(decoding: arguments.first ?? [], as: UTF8.self)
    }

    private var spec: CommandSpec? {
        CommandTable.catalog.index(of: name).map { CommandTable.catalog.specs[$0] }
    }

    /// What is wrong with the answer: nothing, or one sentence.
    func finding(closes: Bool, wasClosing: Bool) -> String? {
        if answer.errorCode != code { return "\(name) told \(answer) and returned \(code as Any)" }
        let shouldClose = wasClosing || code?.row.closes == true || endsConnection
        if closes != shouldClose { return "\(name) answered \(answer), and closes: \(closes)" }
        if case .error(let code, let message) = answer { return finding(code, message) }
        guard let spec else { return "\(name) is no command and answered \(answer)" }
        return answer.fits(spec.reply) ? nil : "\(name) answered \(answer), not \(spec.reply)"
    }

    private var endsConnection: Bool {
        code == nil && spec?.flags.contains(.closes) == true
    }

    private func finding(_ code: ErrorCode, _ message: String) -> String? {
        let allowed = CommandSpec.commonErrors + (spec?.ownErrors ?? [])
        if !allowed.contains(code) { return "\(name) may not answer with \(code)" }
        let isPrintable = message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if message.isEmpty || !isPrintable { return "\(name) answered with the text '\(message)'" }
        if spec?.flags.contains(.secret) == true,
            let secret = secrets.first(where: message.contains)
        {
            return "\(name) answered with a secret: \(secret)"
        }
        return nil
    }

    /// The secret parts of the credentials among the arguments.
    private var secrets: [String] {
        arguments.filter {
            $0.count == TokenCredential.byteCount && $0.starts(with: Array("sp_".utf8))
        }
        .map { String(decoding: $0.suffix(TokenCredential.secretCount).prefix(8), as: UTF8.self) }
    }

    func validate(closes: Bool, wasClosing: Bool) {
        if let finding = finding(closes: closes, wasClosing: wasClosing) {
            Issue.record("\(finding)")
        }
    }
}
