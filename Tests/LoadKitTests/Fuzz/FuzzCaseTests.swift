// Cases: the same seed makes the same, files keep them, valid requests are valid, mutations are bounded.
import Commands
import Core
import Foundation
import Testing
import Wire

@testable import LoadKit

@Suite struct FuzzCaseTests {
    @Test func aSeedMakesTheSameCases() {
        let one = FuzzGenerator(seed: 9)
        let other = FuzzGenerator(seed: 9)
        for number in 0..<300 as Range<UInt64> { #expect(one.make(number) == other.make(number)) }
        #expect(one.make(3) != FuzzGenerator(seed: 10).make(3))
    }

    @Test func filesKeepCases() throws {
        let generator = FuzzGenerator(seed: 4)
        for number in 0..<400 as Range<UInt64> {
            var made = generator.make(number)
            made.failure = number % 2 == 0 ? "health: \"x\"" : nil
            let text = try made.json()
            #expect(try FuzzCase(json: text) == made)
        }
        #expect(throws: (any Error).self) { try FuzzCase(json: "{}") }
        let other = try generator.make(0).json().replacingOccurrences(
            of: FuzzCase.schema,
            with: "other"
        )
        #expect(throws: LoadError.self) { try FuzzCase(json: other) }
    }

    @Test func everyKindOfCaseIsMade() {
        let generator = FuzzGenerator(seed: 5)
        let cases = (0..<2000 as Range<UInt64>).map { generator.make($0) }
        #expect(Set(cases.map(\.encoding)) == Set(FuzzEncoding.allCases))
        #expect(Set(cases.map(\.opening)) == Set(FuzzOpening.allCases))
        var kinds: Set<String> = []
        for step in cases.flatMap(\.steps) {
            kinds.insert(String(String(describing: step).prefix { $0 != "(" }))
        }
        #expect(kinds.count == 11, "\(kinds)")
        #expect(cases.count(where: \.isStrict) > 500)
        // A case takes a bounded time and a bounded room.
        for made in cases {
            #expect(made.byteCount < 4 << 20)
            for case .stall(let milliseconds) in made.steps { #expect(milliseconds <= 50) }
            for case .drip(let bytes) in made.steps { #expect(bytes.count <= 300) }
        }
    }

    /// What a decoder takes out of `bytes`: the words of each request.
    private func decoded(_ bytes: [UInt8], _ encoding: WireEncoding) -> [[[UInt8]]]? {
        var decoder = RequestDecoder(encoding: encoding)
        var frame = RequestFrame()
        let limits = Limits()
        let json = LineJSONParser(maxDepth: limits.maxJSONDepth)
        var requests: [[[UInt8]]] = []
        var at = 0
        while at < bytes.count {
            let outcome = decoder.decode(
                bytes.span,
                from: at,
                into: &frame,
                catalog: CommandTable.catalog,
                limits: limits,
                isAuthenticated: true,
                json: json
            )
            guard case .request(let consumed) = outcome else { return nil }
            let source =
                frame.usesScratch ? frame.scratch.withBytes { Array($0) } : Array(bytes[at...])
            var words: [[UInt8]] = []
            for index in 0..<frame.ranges.count {
                let range = frame.ranges.span[index]
                words.append(Array(source[Int(range.start)..<Int(range.end)]))
            }
            requests.append(words)
            at += consumed
        }
        return requests
    }

    @Test(arguments: [
        (FuzzEncoding.resp, WireEncoding.resp2), (.resp3, .resp3), (.text, .text), (.json, .json),
        (.protobuf, .protobuf),
    ])
    func decodersTakeWhatIsRendered(_ encoding: FuzzEncoding, _ wire: WireEncoding) throws {
        let renderer = RequestRenderer(encoding: encoding, token: nil)
        var grammar = FuzzGrammar(RandomSource(seed: 8), isBinary: true)
        var rendered = 0
        var refused = 0
        for round in 0..<3000 {
            let words = round % 2 == 0 ? grammar.modelledRequest() : grammar.anyRequest()
            guard let bytes = renderer.render(words) else { continue }
            rendered += 1
            let decoded = decoded(bytes, wire)
            // Where JSON wants an integer, what is none is refused with the request.
            if decoded == nil, wire == .json {
                refused += 1
                continue
            }
            let requests = try #require(decoded, "\(Escaped.text(bytes))")
            // JSON writes the words of its own accord: options in the table's order, names in upper case.
            if wire != .json { #expect(requests == [words], "\(Escaped.text(bytes))") }
            #expect(requests.count == 1)
            if wire == .json { #expect(requests[0].count == words.count) }
        }
        #expect(rendered > 2000 && refused < rendered / 4)
    }

    @Test func everyCommandThatMayBeSentIs() {
        var grammar = FuzzGrammar(RandomSource(seed: 8), isBinary: false)
        var names: Set<String> = []
        for _ in 0..<5000 {
            names.insert(String(decoding: grammar.anyRequest()[0], as: UTF8.self).uppercased())
        }
        #expect(names == Set(FuzzGrammar.all.map(\.name)))
        #expect(names.isDisjoint(with: ["FLUSHALL", "CLIENT", "CONFIG", "AUTH", "DROP"]))
        #expect(names.count > 50)
    }

    @Test func mutationsAreBounded() {
        var mutator = FuzzMutator(random: RandomSource(seed: 2))
        let seeds = FuzzSeeds.all.flatMap(\.requests)
        var changed = 0
        for round in 0..<3000 {
            let seed = seeds[round % seeds.count]
            let bytes = mutator.mutated(seed, seeds)
            #expect(bytes.count <= FuzzMutator.maxBytes)
            if bytes != seed { changed += 1 }
        }
        #expect(changed > 2700)
        _ = mutator.mutated([], [])
    }

    @Test func bytesAsText() {
        for byte in UInt8.min...UInt8.max {
            #expect(Escaped.bytes(Escaped.text([byte, 0x41])) == [byte, 0x41])
        }
        #expect(Escaped.text([0, 0x0A, 0x5C, 0xFF]) == "\\x00\\n\\\\\\xff")
        #expect(Escaped.bytes("\\q") == nil && Escaped.bytes("\\x4") == nil)
    }
}

@Suite struct FuzzShrinkerTests {
    @Test func listsBecomeMinimal() {
        let items = Array(0..<200)
        let minimal = FuzzShrinker.minimal(items) { $0.contains(17) && $0.contains(150) }
        #expect(minimal == [17, 150])
        #expect(FuzzShrinker.minimal(items) { _ in true } == [])
        #expect(FuzzShrinker.minimal(items) { $0 == items } == items)
    }

    @Test func casesBecomeMinimal() {
        var subject = FuzzCase()
        subject.opening = .tls12
        subject.steps = [
            .send(Array("harmless".utf8)), .stall(milliseconds: 5),
            .send(Array("some $-5 thing".utf8)), .drip(Array("more".utf8)), .reset,
        ]
        let smallest = FuzzShrinker.shrink(subject) { candidate in
            candidate.steps.contains {
                if case .send(let bytes) = $0 { return bytes.contains(Array("$-".utf8)) }
                return false
            }
        }
        #expect(smallest.steps == [.send(Array("$-".utf8))])
        #expect(smallest.opening == .tls13 && !smallest.authenticates)
    }
}
