// THE table of workloads: what is sent, what answers it, and how much of it may be allocated.
import Core

/// One kind of request, sent over and over with a row of keys by turns.
struct Workload: Sendable {
    /// What `--case` calls it.
    var name: String
    /// What is sent with the key of number `index`.
    var words: @Sendable (_ index: Int) -> [String]
    /// What is sent with each key before the row, uncounted.
    var preparation: (@Sendable (_ index: Int) -> [String])?
    /// The reply to each request, by encoding; without one the encoding is not measured.
    var replies: [WireEncoding: String]
    /// The allocations that a request may cost, by encoding; none where nothing is said.
    var allowed: [WireEncoding: Double] = [:]
    /// The memory that the keyspace may take beside the keys that no request names, at which the soonest
    /// expiry goes first; 0 is no limit.
    var spareMemoryBytes = 0

    /// How many requests a row holds, each with a key of its own.
    static let keyCount = 64

    private static func key(_ index: Int) -> String { "user^\(1000 + index)^name" }

    /// The bytes of every value that is as long, a multiple of 16.
    private static func value(_ count: Int) -> String {
        String(repeating: "0123456789abcdef", count: count / 16)
    }

    private static func setting(_ count: Int) -> @Sendable (Int) -> [String] {
        { ["SET", key($0), value(count)] }
    }

    private static func resp(_ reply: String) -> [WireEncoding: String] {
        [.resp2: reply, .resp3: reply]
    }

    /// An integer as the lines have it, which RESP, JSON and text are.
    private static func integer(_ value: Int) -> [WireEncoding: String] {
        [
            .resp2: ":\(value)\r\n", .resp3: ":\(value)\r\n", .text: "\(value)\n",
            .json: #"{"result":"# + "\(value)}\n",
        ]
    }

    private static let isOK: [WireEncoding: String] = [
        .resp2: "+OK\r\n", .resp3: "+OK\r\n", .json: #"{"result":"OK"}"# + "\n", .text: "OK\n",
        .protobuf: "\0\0\0\u{4}\u{1A}\u{2}OK",
    ]

    static let all: [Workload] = [
        Workload(
            name: "get",
            words: { ["GET", key($0)] },
            preparation: setting(16),
            replies: [
                .resp2: "$16\r\n\(value(16))\r\n", .resp3: "$16\r\n\(value(16))\r\n",
                .json: #"{"result":""# + value(16) + "\"}\n", .text: "\(value(16))\n",
                .protobuf: "\0\0\0\u{16}r\u{14}\u{8}\u{1}\u{12}\u{10}\(value(16))",
            ],
            allowed: [.protobuf: 3]
        ),
        Workload(
            name: "get-1024",
            words: { ["GET", key($0)] },
            preparation: setting(1024),
            replies: resp("$1024\r\n\(value(1024))\r\n")
        ),
        Workload(
            name: "get-missing",
            words: { ["GET", key(1000 + $0)] },
            replies: [
                .resp2: "$-1\r\n", .resp3: "_\r\n", .text: "(nil)\n",
                .json: #"{"error":{"code":"key_not_found","message":"no such key"}}"# + "\n",
            ]
        ),
        Workload(
            name: "set",
            words: setting(16),
            preparation: setting(16),
            replies: isOK,
            allowed: [.protobuf: 3]
        ),
        Workload(
            name: "set-1024",
            words: setting(1024),
            preparation: setting(1024),
            replies: resp("+OK\r\n")
        ),
        // A new key is a new block, whatever the encoding.
        Workload(
            name: "set-missing",
            words: setting(16),
            preparation: { ["DEL", key($0)] },
            replies: resp("+OK\r\n"),
            allowed: [.resp2: 1, .resp3: 1]
        ),
        // Before each row its keys go, and others are stored in their place: the row has to evict many of
        // these. Again, the only block is the new key's.
        Workload(
            name: "set-evicting",
            words: setting(2048),
            preparation: { index in
                if index % 2 == 0 { return ["DEL", key(index), key(index + 1)] }
                return ["SETEX", "spare^\(index)", "1000", value(4096)]
            },
            replies: resp("+OK\r\n"),
            allowed: [.resp2: 1, .resp3: 1],
            spareMemoryBytes: 320 << 10
        ),
        Workload(
            name: "del",
            words: { ["DEL", key($0)] },
            preparation: setting(16),
            replies: integer(1)
        ),
        Workload(name: "del-missing", words: { ["DEL", key(1000 + $0)] }, replies: integer(0)),
        Workload(
            name: "incr",
            words: { ["INCR", key($0)] },
            preparation: { ["SET", key($0), "1000000"] },
            replies: integer(1_000_001)
        ),
        Workload(
            name: "mget-10",
            words: { index in ["MGET"] + (0..<10).map { key((index + $0) % keyCount) } },
            preparation: setting(16),
            replies: resp("*10\r\n" + String(repeating: "$16\r\n\(value(16))\r\n", count: 10))
        ),
        Workload(
            name: "mset-10",
            words: { index in
                ["MSET"] + (0..<10).flatMap { [key((index + $0) % keyCount), value(16)] }
            },
            preparation: setting(16),
            replies: resp("+OK\r\n")
        ),
        Workload(name: "ping", words: { _ in ["PING"] }, replies: resp("+PONG\r\n")),
    ]

    /// What cannot be answered without allocating: where it counts nothing, nothing is counted.
    static let control = Workload(
        name: "control",
        words: { _ in ["NOSUCHCOMMAND"] },
        replies: resp("-ERR unknown command 'NOSUCHCOMMAND', with args beginning with: \r\n")
    )
}
