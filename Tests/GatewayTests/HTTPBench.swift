// HTTP connections without a server: one gateway, one keyspace, some tokens, and a clock of the test's own.
import Access
import Commands
import Core
import Foundation
import Keyspace
import Testing

@testable import Gateway

/// The tokens of every bench, by name.
enum Tokens {
    private static let made: [(entry: TokenEntry, credential: String)] = {
        func make(
            _ name: String,
            _ permissions: [String],
            limit: TokenRateLimit? = nil
        ) -> (TokenEntry, String)? {
            guard let issued = try? IssuedToken.make() else { return nil }
            let entry = TokenEntry(
                issued,
                name: name,
                createdAtUnixMilliseconds: 0,
                expiresAtUnixMilliseconds: nil,
                permissions: permissions,
                read: ["*"],
                write: ["*"],
                subscribe: name == "root" ? ["*"] : [],
                publish: name == "root" ? ["*"] : [],
                rateLimit: limit
            )
            return (entry, issued.credential)
        }
        let limit = TokenRateLimit(commandsPerSecond: 1, burst: 3)
        return [
            make("root", ["@all"]), make("reader", ["@read"]),
            make("metered", ["@all"], limit: limit),
        ].compactMap { $0 }
    }()

    static let entries = made.map(\.entry)

    static func of(_ name: String) -> String {
        made.first { $0.entry.name == name }?.credential ?? "unknown"
    }
}

/// A server's HTTP without the server.
final class HTTPBench {
    let context: CommandContext
    let gateway: Gateway
    private var identifier = 0

    init(
        origins: [String] = [],
        loops: [LoopState] = [LoopState(connections: 1, latenessMilliseconds: 0)],
        servesDashboard: Bool = true,
        adjust: (inout Limits) -> Void = { _ in }
    ) throws {
        var limits = Limits()
        limits.maxValueBytes = 1 << 20
        adjust(&limits)
        let tokens = try TokenSet(Tokens.entries, catalog: CommandTable.catalog)
        context = CommandContext(
            keyspace: Keyspace(limits: limits, namespaces: [], seed: 7),
            authority: TokenAuthority(tokens),
            facts: ServerFacts(identifier: "3f0e7a52-0000-4000-8000-000000000001"),
            limits: limits,
            limiter: PeerLimiter(PeerLimits(limits)),
            session: Session(identifier: 0, encoding: .json),
            now: Moment(unixMilliseconds: 1_800_000_000_000, monotonicMilliseconds: 0)
        )
        context.facts.watchLoops { _ in loops }
        gateway = Gateway(
            context,
            allowedOrigins: origins,
            servesDashboard: servesDashboard
        )
    }

    func connect() -> HTTPPeer {
        identifier += 1
        return HTTPPeer(self, Session(identifier: identifier, encoding: .json))
    }

    /// What is answered to `text` on a connection of its own.
    func ask(_ text: String) throws -> HTTPAnswer {
        try #require(connect().send(text).first)
    }
}

/// One client's end of an HTTP connection.
final class HTTPPeer {
    private let bench: HTTPBench
    let session: Session
    let connection = HTTPConnection()
    private var inbound: [UInt8] = []
    /// What the server has written.
    private(set) var output: [UInt8] = []
    private(set) var isClosed = false
    private(set) var answered = 0

    init(_ bench: HTTPBench, _ session: Session) {
        self.bench = bench
        self.session = session
        session.peer = PeerAddress(ipv4: 0xC000_0201)
    }

    /// Sends `text`, in pieces of `size` bytes, and reads the answers.
    @discardableResult
    func send(_ text: String, by size: Int = .max, heads: [Bool] = []) -> [HTTPAnswer] {
        send(Array(text.utf8), by: size, heads: heads)
    }

    @discardableResult
    func send(_ bytes: [UInt8], by size: Int = .max, heads: [Bool] = []) -> [HTTPAnswer] {
        let start = output.count
        var rest = bytes[...]
        while !rest.isEmpty, !isClosed {
            let piece = rest.prefix(size)
            rest = rest.dropFirst(piece.count)
            take(piece)
        }
        return HTTPAnswer.parse(output[start...], heads: heads)
    }

    private func take(_ piece: ArraySlice<UInt8>) {
        inbound += piece
        bench.context.session = session
        var progress = HTTPProgress.full
        while progress == .full {
            var position = 0
            var written = ByteBuffer()
            progress = connection.serve(
                inbound.span,
                from: &position,
                bench.gateway,
                bench.context,
                answered: &answered,
                into: &written
            )
            inbound.removeFirst(position)
            written.withBytes { output += $0 }
        }
        if progress == .closing { isClosed = true }
        bench.gateway.reset()
        #expect(bench.gateway.isEmpty)
    }
}

/// A response as a client sees it.
struct HTTPAnswer: Equatable {
    var status = 0
    var fields: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The error's code in the body.
    var code: String? {
        let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return (object?["error"] as? [String: Any])?["code"] as? String
    }

    /// The responses in `bytes`; `heads` tells which of them answer HEAD.
    static func parse(_ bytes: ArraySlice<UInt8>, heads: [Bool] = []) -> [HTTPAnswer] {
        var answers: [HTTPAnswer] = []
        var rest = bytes
        while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
                .components(separatedBy: "\r\n")
            var answer = HTTPAnswer()
            answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                answer.fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            rest = rest[end.upperBound...]
            let isHead = answers.count < heads.count && heads[answers.count]
            let length = isHead ? 0 : Int(answer.fields["content-length"] ?? "0") ?? 0
            answer.body = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            answers.append(answer)
        }
        return answers
    }
}

/// The text of a request.
func request(
    _ method: String,
    _ target: String,
    as token: String? = "root",
    _ fields: [String] = [],
    body: String? = nil
) -> String {
    var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"]
    if let token { lines.append("Authorization: Bearer \(Tokens.of(token))") }
    lines += fields
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
}

/// The text of a request that sends JSON commands.
func commands(_ body: String, as token: String? = "root") -> String {
    request("POST", "/v1/command", as: token, ["Content-Type: application/json"], body: body)
}
