// Feeds bytes to a decoder the way a connection does, in pieces and at moving addresses.
import Core
import Testing

@testable import Wire

/// What came out of a decoder, apart from what was skipped.
enum Step: Equatable, CustomStringConvertible {
    case request([[UInt8]], id: [UInt8])
    case rejected(ErrorCode, String, id: [UInt8])
    /// Before the first step of a batch.
    case opens
    /// Behind the last step of a batch.
    case closes

    static func request(_ words: [String], id: String = "") -> Step {
        .request(words.map { Array($0.utf8) }, id: Array(id.utf8))
    }

    static func rejected(_ code: ErrorCode, _ message: String, id: String = "") -> Step {
        .rejected(code, message, id: Array(id.utf8))
    }

    var description: String {
        switch self {
        case .request(let words, let id):
            "request(\(words.map { String(decoding: $0, as: UTF8.self) })"
                + ", id: \(String(decoding: id, as: UTF8.self)))"
        case .opens: "["
        case .closes: "]"
        case .rejected(let code, let message, let id):
            "rejected(\(code): \(message), id: \(String(decoding: id, as: UTF8.self)))"
        }
    }
}

/// One connection's worth of decoding.
struct Feed {
    var encoding: WireEncoding
    var limits = Limits()
    var isAuthenticated = true
    /// Whether to call the decoder only once the bytes that it asked for are there.
    var honoursNeeded = false
    /// Whether to take what can be taken together in runs, as a server does.
    var readsAhead = true
    /// Whether to repeat the first request's bytes' place in memory or to move them between calls.
    var moves = true

    /// Decodes `input`, of which the first bytes arrive up to each of `cuts` in turn, then the
    /// rest.
    func steps(_ input: [UInt8], cuts: some Sequence<Int> = []) -> [Step] {
        var decoder = RequestDecoder(encoding: encoding)
        var frame = RequestFrame()
        var run = RequestRun()
        let json = LineJSONParser(maxDepth: limits.maxJSONDepth)
        // Copies of the input at other addresses, with bytes around it that are none of its
        // business.
        let junk: [UInt8] = Array("*9\r\n{\"'$\n".utf8)
        let places = (moves ? [0, 3, 9] : [0]).map { Array(junk[0..<$0]) + input + junk }
        var steps: [Step] = []
        var consumed = 0
        var calls = 0
        var wanted = 1
        for visible in Array(cuts) + [input.count] {
            while consumed < visible {
                if honoursNeeded, visible - consumed < wanted { break }
                let prefix = moves ? [0, 3, 9][calls % 3] : 0
                let bytes = places[moves ? calls % 3 : 0]
                let shown = bytes.span.extracting(0..<(prefix + visible))
                let start = prefix + consumed
                calls += 1
                if readsAhead {
                    decoder.decodeRun(
                        shown,
                        from: start,
                        into: &run,
                        catalog: testCatalog,
                        limits: limits,
                        isAuthenticated: isAuthenticated
                    )
                    steps += stepsOf(run, shown.extracting(start..<shown.count))
                    consumed += run.byteCount
                    let isWithin = consumed <= visible
                    #expect(isWithin, "consumed out of bounds")
                    wanted = 1
                    if run.count > 0 { continue }
                }
                let outcome = decoder.decode(
                    shown,
                    from: start,
                    into: &frame,
                    catalog: testCatalog,
                    limits: limits,
                    isAuthenticated: isAuthenticated,
                    json: json
                )
                wanted = 1
                var taken = 0
                let place = frame.place
                #expect(place == .alone || place.contains(.inside))
                if place.contains(.first) { steps.append(.opens) }
                switch outcome {
                case .request(let count):
                    let words = argumentsOf(frame, shown.extracting(start..<shown.count))
                    #expect(!words.isEmpty)
                    steps.append(.request(words, id: bytesOf(frame.identifier.span)))
                    taken = count
                case .skipped(let count):
                    taken = count
                case .emptyBatch(let count):
                    steps += [.opens, .closes]
                    taken = count
                case .rejected(let error, let count):
                    let id = bytesOf(frame.identifier.span)
                    #expect(frame.ranges.isEmpty && frame.scratch.isEmpty && !frame.usesScratch)
                    steps.append(.rejected(error.code, error.message, id: id))
                    if error.code.row.closes { return steps }
                    taken = count
                case .incomplete(let needed):
                    #expect(frame.ranges.isEmpty && frame.scratch.isEmpty && !frame.usesScratch)
                    #expect(needed > visible - consumed, "asks for what is there")
                    wanted = needed
                }
                if place.contains(.last) { steps.append(.closes) }
                let isInside = decoder.isInsideBatch
                #expect(isInside == (place == .inside || place == [.inside, .first]))
                #expect(taken >= 0 && taken <= visible - consumed, "consumed out of bounds")
                if case .incomplete = outcome { break }
                #expect(taken > 0, "no progress")
                if taken <= 0 { return steps }
                consumed += taken
            }
        }
        return steps
    }

    /// Expects the same steps however the bytes arrive.
    func expect(
        _ input: [UInt8],
        _ expected: [Step],
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(steps(input) == expected, "whole", sourceLocation: location)
        var alone = self
        alone.readsAhead = false
        #expect(alone.steps(input) == expected, "one at a time", sourceLocation: location)
        let each = Array(1..<max(2, input.count))
        #expect(steps(input, cuts: each) == expected, "byte by byte", sourceLocation: location)
        var patient = self
        patient.honoursNeeded = true
        #expect(
            patient.steps(input, cuts: each) == expected,
            "as asked for",
            sourceLocation: location
        )
        let stride = max(1, input.count / 300)
        for cut in Swift.stride(from: 1, to: max(1, input.count), by: stride)
        where steps(input, cuts: [cut]) != expected {
            Issue.record("cut at \(cut): \(steps(input, cuts: [cut]))", sourceLocation: location)
        }
        if expected.allSatisfy(\.isOpen) {
            let thrice = expected + expected + expected
            #expect(steps(input + input + input) == thrice, "thrice", sourceLocation: location)
        }
    }

    func expect(
        _ input: String,
        _ expected: Step...,
        location: SourceLocation = #_sourceLocation
    ) {
        expect(Array(input.utf8), expected, location: location)
    }
}

extension Step {
    /// Whether the connection stays open behind it.
    var isOpen: Bool {
        if case .rejected(let code, _, _) = self { return !code.row.closes }
        return true
    }
}

/// The requests of a run over `input`.
private func stepsOf(_ run: borrowing RequestRun, _ input: Span<UInt8>) -> [Step] {
    var steps: [Step] = []
    for index in 0..<run.count {
        let words = argumentsOf(run.request(index, in: input))
        #expect(!words.isEmpty)
        steps.append(.request(words, id: bytesOf(run.identifier(index, in: input))))
    }
    return steps
}

/// The arguments of a filled frame, wherever they lie.
func argumentsOf(_ frame: borrowing RequestFrame, _ input: Span<UInt8>) -> [[UInt8]] {
    if frame.usesScratch {
        return argumentsOf(Request(bytes: frame.scratch.span, ranges: frame.ranges.span))
    }
    return argumentsOf(Request(bytes: input, ranges: frame.ranges.span))
}

private func argumentsOf(_ request: Request) -> [[UInt8]] {
    var words: [[UInt8]] = []
    for index in 0..<request.count { words.append(bytesOf(request[index])) }
    return words
}

/// The bytes of a span, as an array.
func bytesOf(_ span: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<span.count { bytes.append(span[index]) }
    return bytes
}

/// SplitMix64: a small generator that a seed repeats exactly.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
