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
        var dresser = FrameDresser(RandomSource(seed: random.next()))
        var steps: [FuzzStep] = []
        for _ in 0..<(1 + Int(random.next(below: 24))) {
            let words = isModelled ? grammar.modelledRequest() : grammar.anyRequest()
            let bytes =
                encoding == .websocket
                ? renderer.json(words).map { dresser.message($0) } : renderer.render(words)
            guard let bytes else { continue }
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
        if encoding == .websocket, random.next(below: 2) == 0 { return violations(&random) }
        return sends(&random, own, own + foreign)
    }

    /// Messages of which one, mostly the last that is looked at, is none.
    private func violations(_ random: inout RandomSource) -> [FuzzStep] {
        var dresser = FrameDresser(RandomSource(seed: random.next()))
        let payloads = requests(&random, .json, count: 3).map { Array($0.dropLast()) }
        let place = Int(random.next(below: 3))
        return payloads.enumerated().map { index, payload in
            let bytes = index == place ? dresser.violation(payload) : dresser.message(payload)
            return bytes.count <= 300 && random.next(below: 4) == 0 ? .drip(bytes) : .send(bytes)
        }
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
        return sends(&random, seed.requests, seed.requests + FuzzSeeds.all.flatMap(\.requests))
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
