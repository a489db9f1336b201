// Cases from a seed: the same number of the same seed is the same case.

/// Makes cases.
struct FuzzGenerator: Sendable {
    let seed: UInt64

    /// What a case is mostly about.
    enum Theme: CaseIterable {
        /// Valid requests that the model knows.
        case conversation
        /// Valid requests of any command.
        case grammar
        /// Requests that were changed.
        case mutation
        /// Seeds of other kinds, changed or not: HTTP heads, transactions, subscriptions, batches.
        case other
        /// What happens in TLS and before it.
        case tls
    }

    /// The case of `number`.
    func make(_ number: UInt64) -> FuzzCase {
        var random = RandomSource(seed: seed, stream: number)
        var made = FuzzCase()
        made.seed = seed
        made.number = number
        let all = FuzzEncoding.allCases
        made.encoding = all[Int(random.next(below: UInt64(all.count)))]
        let theme = theme(random.next(below: 100))
        made.opening = theme == .tls ? opening(&random) : usualOpening(&random)
        made.authenticates = random.next(below: 8) > 0
        switch theme {
        case .conversation: made.steps = asks(&random, made.encoding, isModelled: true)
        case .grammar: made.steps = asks(&random, made.encoding, isModelled: false)
        case .mutation: made.steps = mutations(&random, made.encoding)
        case .other: made.steps = others(&random, &made)
        case .tls: made.steps = abuses(&random, made)
        }
        if !made.opening.leadsToTLS { made.authenticates = false }
        // What is not authenticated is refused, which the model does not know.
        if theme == .conversation || theme == .grammar { made.authenticates = true }
        made.steps += ending(&random)
        return made
    }

    private func theme(_ number: UInt64) -> Theme {
        switch number {
        case ..<30: .conversation
        case ..<45: .grammar
        case ..<75: .mutation
        case ..<85: .other
        default: .tls
        }
    }

    private func usualOpening(_ random: inout RandomSource) -> FuzzOpening {
        switch random.next(below: 20) {
        case 0, 1, 2: .tls12
        case 3: .helloInPieces
        default: .tls13
        }
    }

    private func opening(_ random: inout RandomSource) -> FuzzOpening {
        let all = FuzzOpening.allCases
        return all[Int(random.next(below: UInt64(all.count)))]
    }

    /// How a case ends: mostly in silence, which the executor breaks.
    private func ending(_ random: inout RandomSource) -> [FuzzStep] {
        switch random.next(below: 12) {
        case 0: [.reset]
        case 1: [.halfClose]
        case 2: [.closeNotify]
        default: []
        }
    }

    private func renderer(_ encoding: FuzzEncoding) -> RequestRenderer {
        RequestRenderer(encoding: encoding, token: FuzzCase.token)
    }

    private func grammar(_ random: inout RandomSource, _ encoding: FuzzEncoding) -> FuzzGrammar {
        let isBinary = encoding != .text || random.next(below: 2) == 0
        return FuzzGrammar(RandomSource(seed: random.next()), isBinary: isBinary)
    }

    private func asks(
        _ random: inout RandomSource,
        _ encoding: FuzzEncoding,
        isModelled: Bool
    ) -> [FuzzStep] {
        var grammar = grammar(&random, encoding)
        let renderer = renderer(encoding)
        var steps: [FuzzStep] = []
        for _ in 0..<(1 + Int(random.next(below: 24))) {
            let words = isModelled ? grammar.modelledRequest() : grammar.anyRequest()
            guard let bytes = renderer.render(words) else { continue }
            steps.append(.ask(words, bytes))
            switch random.next(below: 10) {
            case 0: steps.append(.await)
            case 1: steps.append(.stall(milliseconds: 1 + Int64(random.next(below: 10))))
            default: break
            }
        }
        return steps
    }

    /// Valid requests as bytes, in `encoding`.
    private func requests(
        _ random: inout RandomSource,
        _ encoding: FuzzEncoding,
        count: Int
    ) -> [[UInt8]] {
        var grammar = grammar(&random, encoding)
        let renderer = renderer(encoding)
        return (0..<count).compactMap { index in
            renderer.render(index % 2 == 0 ? grammar.modelledRequest() : grammar.anyRequest())
        }
    }

    private func mutations(_ random: inout RandomSource, _ encoding: FuzzEncoding) -> [FuzzStep] {
        let own = requests(&random, encoding, count: 4)
        // An encoding that changes in the middle of a connection.
        let all = FuzzEncoding.allCases
        let foreign = requests(&random, all[Int(random.next(below: UInt64(all.count)))], count: 2)
        return sends(&random, own, own + foreign)
    }

    private func sends(
        _ random: inout RandomSource,
        _ seeds: [[UInt8]],
        _ splices: [[UInt8]]
    ) -> [FuzzStep] {
        var mutator = FuzzMutator(random: RandomSource(seed: random.next()))
        var steps: [FuzzStep] = []
        for seed in seeds {
            let bytes = random.next(below: 4) == 0 ? seed : mutator.mutated(seed, splices)
            switch random.next(below: 12) {
            case 0 where bytes.count <= 300: steps.append(.drip(bytes))
            case 1:
                steps.append(.send(bytes))
                steps.append(.stall(milliseconds: 1 + Int64(random.next(below: 20))))
            default: steps.append(.send(bytes))
            }
        }
        return steps
    }

    private func others(_ random: inout RandomSource, _ made: inout FuzzCase) -> [FuzzStep] {
        let seeds = FuzzSeeds.all
        let seed = seeds[Int(random.next(below: UInt64(seeds.count)))]
        made.encoding = seed.encoding
        let bytes = seed.requests.map { Array($0.utf8) }
        return sends(
            &random,
            bytes,
            bytes + FuzzSeeds.all.flatMap { $0.requests.map { Array($0.utf8) } }
        )
    }

    private func abuses(_ random: inout RandomSource, _ made: FuzzCase) -> [FuzzStep] {
        let requests = requests(&random, made.encoding, count: 2)
        if !made.opening.leadsToTLS {
            return made.opening == .plain ? requests.map { .send($0) } : []
        }
        var steps = requests.map { FuzzStep.send($0) }
        let at = Int(random.next(below: UInt64(steps.count + 1)))
        switch random.next(below: 6) {
        case 0: steps.insert(.renegotiate, at: at)
        case 1: steps.insert(.updateKeys(1 + Int(random.next(below: 40))), at: at)
        case 2:
            // A record of garbage in the middle of the stream.
            let types: [UInt8] = [20, 21, 22, 23, 24, 99]
            let type = types[Int(random.next(below: 6))]
            let count = Int(random.next(below: 200))
            let content = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            steps.insert(.raw([type, 3, 3, 0, UInt8(truncatingIfNeeded: count)] + content), at: at)
        case 3:
            let count = 1 + Int(random.next(below: 600))
            steps.insert(
                .raw((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }),
                at: at
            )
        case 4: steps.insert(.raw([23, 3, 3, 0x40, 0]), at: at)
        default: steps.insert(.raw([21, 3, 3, 0, 2, 1, 0]), at: at)
        }
        return steps
    }
}

/// Requests that no row of the command table describes.
enum FuzzSeeds {
    /// Requests in an encoding.
    struct Seed: Sendable {
        var encoding: FuzzEncoding
        var requests: [String]
    }

    private static let authorization = "Authorization: Bearer \(FuzzCase.token)\r\n"

    static let all: [Seed] = [
        Seed(
            encoding: .resp,
            requests: ["MULTI\r\n", "INCR @PREFIX@n\r\n", "GET\r\n", "EXEC\r\n"]
        ),
        Seed(encoding: .resp, requests: ["WATCH @PREFIX@k\r\nMULTI\r\nDISCARD\r\nUNWATCH\r\n"]),
        Seed(encoding: .resp, requests: ["*0\r\n*-1\r\nset @PREFIX@a \"b\\x41\" 'c'\r\n"]),
        Seed(
            encoding: .text,
            requests: ["SUBSCRIBE @PREFIX@c\n", "PUBLISH @PREFIX@c hello\n", "UNSUBSCRIBE\n"]
        ),
        Seed(
            encoding: .resp3,
            requests: ["PSUBSCRIBE @PREFIX@*\r\n", "PUBLISH @PREFIX@c hello\r\n"]
        ),
        Seed(
            encoding: .text,
            requests: ["ECHO  a \"b  \n", "set @PREFIX@k \"a \\x41\\n\" 'b'\r\n", "\n\n"]
        ),
        Seed(
            encoding: .json,
            requests: [
                "[{\"action\":\"PING\",\"id\":1},{\"action\":\"DEL\",\"key\":[\"@PREFIX@a\"]},[],7]\n",
                "{\"id\":\"x\",\"action\":\"ECHO\",\"value\":[1,{\"a\":\"\\u00e9\"},1e999,null]}\n",
            ]
        ),
        Seed(
            encoding: .json,
            requests: [
                "{\"namespace\":\"@PREFIX@\",\"action\":\"MSET\",\"values\":{\"a\":\"1\"}}\n\n{}\n"
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "PUT /v1/kv/@PREFIX@k?ttl=100 HTTP/1.1\r\nHost: x\r\n\(authorization)"
                    + "Content-Length: 3\r\n\r\nabc",
                "GET /v1/kv/@PREFIX@k HTTP/1.1\r\nHost: x\r\n\(authorization)\r\n",
                "DELETE /v1/kv/@PREFIX@k HTTP/1.1\r\nHost: x\r\n\(authorization)\r\n",
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "PUT /v1/kv/@PREFIX@c HTTP/1.1\r\nHost: x\r\n\(authorization)"
                    + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "POST /v1/command HTTP/1.1\r\nHost: x\r\n\(authorization)Content-Length: 22\r\n\r\n"
                    + "[{\"action\":\"PING\"},{}]",
                "HEAD / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
            ]
        ),
        Seed(
            encoding: .protobuf,
            requests: [
                "\0\0\0\u{2}B\0\0\0\0\u{5}J\u{3}\n\u{1}k\0\0\0\u{4}\u{8}\u{1}2\0",
                "\0\0\0\u{8}Z\u{6}\n\u{1}a\n\u{1}b\0\0\0\0",
            ]
        ),
    ]
}
