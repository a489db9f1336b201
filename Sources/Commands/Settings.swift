// The settings that CONFIG GET tells and CONFIG SET changes.
internal import Core
internal import Keyspace
internal import Synchronization

/// One setting: its name, its value as text, and how it is changed, where it can be.
struct Setting: Sendable {
    var name: String
    var value: @Sendable (CommandContext) -> String
    /// The values that may be set, and what sets one; nil where it is fixed at the start.
    var kind: Kind?
    var set: @Sendable (CommandContext, Int64) -> Void = { _, _ in }

    /// How a value is written.
    enum Kind: Sendable {
        case integer(ClosedRange<Int64>)
        /// A size, as `512mb`.
        case bytes
        /// One of these words, in letters of any case; the value is its place among them.
        case word([String])
    }
}

enum Settings {
    /// All of them, in the order of their names.
    static let all: [Setting] = (changeable + limits + fixed).sorted { $0.name < $1.name }

    static let help = [
        "CONFIG <subcommand> [<arg> [value] ...]. Subcommands are:",
        "GET <pattern> [<pattern> ...] - settings and their values.",
        "SET <name> <value> [<name> <value> ...] - changes settings until the server ends: "
            + changeable.map(\.name).joined(separator: ", ") + ".",
        "HELP - this.",
    ]

    private static let changeable = [
        Setting(
            name: "maxclients",
            value: { "\($0.facts.maxClients.load(ordering: .relaxed))" },
            kind: .integer(1...1_000_000),
            set: { $0.facts.maxClients.store(Int($1), ordering: .relaxed) }
        ),
        // For connections that are made from then on.
        Setting(
            name: "timeout",
            value: { "\($0.facts.idleTimeoutMilliseconds.load(ordering: .relaxed) / 1000)" },
            kind: .integer(0...31_536_000),
            set: { $0.facts.idleTimeoutMilliseconds.store($1 * 1000, ordering: .relaxed) }
        ),
        Setting(
            name: "maxmemory",
            value: { "\($0.keyspace.maxMemoryBytes)" },
            kind: .bytes,
            set: { $0.keyspace.maxMemoryBytes = Int($1) }
        ),
        Setting(
            name: "maxmemory-policy",
            value: { $0.keyspace.evictionPolicy.name },
            kind: .word(EvictionPolicy.allCases.map(\.name)),
            set: { $0.keyspace.evictionPolicy = EvictionPolicy.allCases[Int($1)] }
        ),
    ]

    /// Every limit by its own name, but for those that can be changed, and what a Redis calls some of them.
    private static let limits =
        LimitTable.rows
        .filter { !["maxClients", "idleTimeoutMilliseconds"].contains($0.name) }
        .map { row in
            Setting(name: row.settingName, value: { "\(row.value(in: $0.limits))" })
        } + renamedLimits

    private static let renamedLimits = [
        limit("proto-max-bulk-len", \.maxValueBytes),
        limit("client-query-buffer-limit", \.maxRequestBytes),
    ]

    /// What clients and tools of a Redis ask for, and what is so here.
    private static let fixed = [
        Setting(name: "appendonly", value: { _ in "no" }),
        Setting(name: "databases", value: { _ in "1" }),
        Setting(name: "save", value: { _ in "" }),
    ]

    private static func limit(
        _ name: String,
        _ path: any KeyPath<Limits, Int> & Sendable
    ) -> Setting {
        Setting(name: name, value: { "\($0.limits[keyPath: path])" })
    }

    /// Changes settings: all that `request` names, or none.
    ///
    /// Source: Redis 7.0, CONFIG SET.
    static func set(_ request: borrowing Request, _ context: CommandContext) throws(ServerError) {
        if request.count % 2 != 0 { throw .wrongArity("config|set") }
        var changes: [(setting: Setting, value: Int64)] = []
        for index in stride(from: 2, to: request.count, by: 2) {
            let name = Printable.text(request[index], maxBytes: 64).lowercased()
            guard let setting = all.first(where: { $0.name == name }) else {
                throw ServerError(
                    .invalidRequest,
                    "Unknown option or number of arguments for CONFIG SET - '\(name)'"
                )
            }
            if changes.contains(where: { $0.setting.name == name }) {
                throw failure(name, "duplicate parameter")
            }
            guard let kind = setting.kind else {
                throw failure(name, "can't set immutable config")
            }
            changes.append((setting, try value(request[index + 1], kind, name)))
        }
        for change in changes { change.setting.set(context, change.value) }
    }

    private static func value(
        _ argument: Span<UInt8>,
        _ kind: Setting.Kind,
        _ name: String
    ) throws(ServerError) -> Int64 {
        switch kind {
        case .integer(let range):
            guard let value = DecimalInteger.parse(argument) else {
                throw failure(name, "argument couldn't be parsed into an integer")
            }
            if range.contains(value) { return value }
            throw failure(
                name,
                "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive"
            )
        case .bytes:
            if let bytes = ByteSize.parse(Printable.text(argument, maxBytes: 64)) {
                return Int64(bytes)
            }
            throw failure(name, "argument must be a memory value")
        case .word(let words):
            let word = Printable.text(argument, maxBytes: 64).lowercased()
            if let place = words.firstIndex(of: word) { return Int64(place) }
            let list = words.joined(separator: ", ")
            throw failure(name, "argument(s) must be one of the following: \(list)")
        }
    }

    private static func failure(_ name: String, _ reason: String) -> ServerError {
        ServerError(
            .invalidRequest,
            "CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
        )
    }
}
