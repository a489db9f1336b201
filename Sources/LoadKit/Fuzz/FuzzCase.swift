// One case of the fuzzer: what one connection does, step by step, as a file that a person can read.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// How a case's connection begins.
enum FuzzOpening: String, Codable, CaseIterable, Sendable {
    /// TLS 1.3 as it should be.
    case tls13
    /// TLS 1.2 as it should be.
    case tls12
    /// The ClientHello a byte at a time.
    case helloByByte = "hello_by_byte"
    /// The ClientHello in several packets.
    case helloInPieces = "hello_in_pieces"
    /// The ClientHello in several records.
    case helloInRecords = "hello_in_records"
    /// Half of a ClientHello and the end.
    case halfHello = "half_hello"
    /// A ClientHello with some bits changed.
    case brokenHello = "broken_hello"
    /// A ClientHello whose record says that it is something else.
    case wrongType = "wrong_type"
    /// No TLS: steps are sent as they are.
    case plain

    /// Whether TLS will be set up, so that requests are answered.
    var leadsToTLS: Bool {
        switch self {
        case .tls13, .tls12, .helloByByte, .helloInPieces, .helloInRecords: true
        case .halfHello, .brokenHello, .wrongType, .plain: false
        }
    }
}

/// One thing that a case's connection does.
enum FuzzStep: Equatable, Sendable {
    /// Sends a valid request, whose reply the model knows.
    case ask([[UInt8]], [UInt8])
    /// Waits until all that was asked is answered.
    case await
    /// Sends bytes, in one write.
    case send([UInt8])
    /// Sends bytes one at a time, in a packet each.
    case drip([UInt8])
    /// Does nothing for so long.
    case stall(milliseconds: Int64)
    /// Sends bytes beneath TLS.
    case raw([UInt8])
    /// Asks for another handshake, in TLS 1.2.
    case renegotiate
    /// Changes keys so many times, in TLS 1.3.
    case updateKeys(Int)
    /// Says inside of TLS that nothing more is coming.
    case closeNotify
    /// Says in TCP that nothing more is coming.
    case halfClose
    /// Drops the connection with a reset; nothing follows.
    case reset
}

/// A case. Its form in a file is JSON:
///
/// `schema` is sallyport-fuzz-case and `version` 1; `seed` and `number` say what made it; `encoding` and
/// `opening` how the connection begins; `authenticates` whether it presents the token first; `failure`
/// what it once showed. `steps` are objects with one member each, in order: `ask` (the words of a request;
/// its bytes beside it in `bytes`), `await`, `send`, `drip`, `raw` (bytes), `stall` (milliseconds),
/// `update_keys` (how often), `renegotiate`, `close_notify`, `half_close`, `reset` (true). Bytes are printable
/// ASCII with the escapes \n \r \t \\ and \xHH. `@PREFIX@` stands for eight letters that are other ones each
/// time a case is run, so that its keys are its own, and `@TOKEN@` for the token. The `encoding` websocket begins with
/// the request that makes the connection one, if it `authenticates`; bytes are then frames, in which only keys are
/// replaced, whatever their mask.
struct FuzzCase: Equatable, Sendable {
    static let schema = "sallyport-fuzz-case"
    static let version = 1
    /// What stands for the beginning of keys, as long as what takes its place.
    static let prefix = Array("@PREFIX@".utf8)
    /// What stands for the token.
    static let token = "@TOKEN@"

    var seed: UInt64 = 0
    var number: UInt64 = 0
    var encoding = FuzzEncoding.resp
    var opening = FuzzOpening.tls13
    var authenticates = true
    var steps: [FuzzStep] = []
    /// What it showed, in words.
    var failure: String?

    /// Whether every byte sent is a request whose reply is known, so that all must be answered.
    var isStrict: Bool {
        opening.leadsToTLS
            && steps.allSatisfy { step in
                switch step {
                case .ask, .await, .stall, .closeNotify, .halfClose, .updateKeys: true
                case .send, .drip, .raw, .renegotiate, .reset: false
                }
            }
    }

    /// The bytes that it sends.
    var byteCount: Int {
        steps.reduce(0) { sum, step in
            switch step {
            case .ask(_, let bytes), .send(let bytes), .drip(let bytes), .raw(let bytes):
                sum + bytes.count
            default: sum
            }
        }
    }
}

extension FuzzCase {
    private struct Step: Codable {
        var ask: [String]?
        var bytes: String?
        var await: Bool?
        var send: String?
        var drip: String?
        var raw: String?
        var stall: Int64?
        var renegotiate: Bool?
        var updateKeys: Int?
        var closeNotify: Bool?
        var halfClose: Bool?
        var reset: Bool?
    }

    private struct File: Codable {
        var schema: String
        var version: Int
        var seed: UInt64
        var number: UInt64
        var encoding: FuzzEncoding
        var opening: FuzzOpening
        var authenticates: Bool
        var failure: String?
        var steps: [Step]
    }

    /// The case as the text of a file.
    func json() throws -> String {
        let file = File(
            schema: FuzzCase.schema,
            version: FuzzCase.version,
            seed: seed,
            number: number,
            encoding: encoding,
            opening: opening,
            authenticates: authenticates,
            failure: failure,
            steps: steps.map(FuzzCase.written)
        )
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(file), as: UTF8.self) + "\n"
    }

    /// Reads what `json` made.
    init(json text: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try decoder.decode(File.self, from: Data(text.utf8))
        if file.schema != FuzzCase.schema || file.version != FuzzCase.version {
            throw LoadError.unready("it is no \(FuzzCase.schema) of version \(FuzzCase.version)")
        }
        seed = file.seed
        number = file.number
        encoding = file.encoding
        opening = file.opening
        authenticates = file.authenticates
        failure = file.failure
        steps = try file.steps.map { written in
            guard let step = FuzzCase.step(written) else {
                throw LoadError.unready("a step is none that is known")
            }
            return step
        }
    }

    private static func written(_ step: FuzzStep) -> Step {
        var written = Step()
        switch step {
        case .ask(let words, let bytes):
            written.ask = words.map { Escaped.text($0) }
            written.bytes = Escaped.text(bytes)
        case .await: written.await = true
        case .send(let bytes): written.send = Escaped.text(bytes)
        case .drip(let bytes): written.drip = Escaped.text(bytes)
        case .raw(let bytes): written.raw = Escaped.text(bytes)
        case .stall(let milliseconds): written.stall = milliseconds
        case .renegotiate: written.renegotiate = true
        case .updateKeys(let count): written.updateKeys = count
        case .closeNotify: written.closeNotify = true
        case .halfClose: written.halfClose = true
        case .reset: written.reset = true
        }
        return written
    }

    private static func step(_ written: Step) -> FuzzStep? {
        if let words = written.ask {
            let parsed = words.compactMap { Escaped.bytes($0) }
            guard parsed.count == words.count, let bytes = written.bytes.flatMap(Escaped.bytes)
            else {
                return nil
            }
            return .ask(parsed, bytes)
        }
        if let text = written.send { return Escaped.bytes(text).map { .send($0) } }
        if let text = written.drip { return Escaped.bytes(text).map { .drip($0) } }
        if let text = written.raw { return Escaped.bytes(text).map { .raw($0) } }
        if let milliseconds = written.stall { return .stall(milliseconds: milliseconds) }
        if let count = written.updateKeys { return .updateKeys(count) }
        if written.await == true { return .await }
        if written.renegotiate == true { return .renegotiate }
        if written.closeNotify == true { return .closeNotify }
        if written.halfClose == true { return .halfClose }
        return written.reset == true ? .reset : nil
    }
}
