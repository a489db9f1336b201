// A run described in a file, so that it can be named, kept and compared.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// What a scenario file says: options of the command line by their names, with underscores.
///
/// What it does not say is left to the command line and its defaults. A field that is not known, or of the wrong
/// kind, is an error that names the field and the file.
public struct Scenario: Sendable, Equatable {
    /// What it is for, in a sentence.
    public var description: String?
    /// `clients`.
    public var clients: Int?
    /// `loops`.
    public var loops: Int?
    /// `duration_seconds`.
    public var durationSeconds: Double?
    /// `warm_up_seconds`.
    public var warmUpSeconds: Double?
    /// `requests`.
    public var requests: UInt64?
    /// `rate`.
    public var rate: Double?
    /// `arrivals`.
    public var arrivals: Arrivals?
    /// `pipeline`.
    public var pipeline: Int?
    /// `mix`.
    public var mix: String?
    /// `value_size`.
    public var valueSize: String?
    /// `keys`.
    public var keys: UInt64?
    /// `key_prefix`.
    public var keyPrefix: String?
    /// `distribution`.
    public var distribution: String?
    /// `preload`.
    public var preload: Bool?
    /// `encoding`.
    public var encoding: String?
    /// `reconnect_every`.
    public var reconnectEvery: Int?
    /// `resume`.
    public var resume: Bool?
    /// `ramp`.
    public var ramp: Double?
    /// `max_handshakes`.
    public var maxHandshakes: Int?
    /// `publishers`.
    public var publishers: Int?
    /// `subscribers`.
    public var subscribers: Int?
    /// `channels`.
    public var channels: Int?
    /// `seed`.
    public var seed: UInt64?
    /// `verify`.
    public var verify: Bool?
    /// `verify_keys`.
    public var verifyKeys: Int?
    /// `verify_operations`.
    public var verifyOperations: Int?
    /// `thresholds`.
    public var thresholds: [String]?
    /// `max_lag_ms`.
    public var maxLagMilliseconds: Double?

    /// Makes a scenario that says nothing.
    public init() {}

    /// What a run of the file at `path` is called: the file's name without its folder and its ending.
    public static func name(ofFile path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
    }

    /// Reads the file at `path`.
    public init(file path: String) throws(LoadError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unready("cannot read the scenario \(path)")
        }
        try self.init(json: String(decoding: data, as: UTF8.self), file: path)
    }

    /// Parses `text`, which errors call `file`.
    public init(json text: String, file: String) throws(LoadError) {
        do {
            self = try JSONDecoder().decode(ScenarioText.self, from: Data(text.utf8)).scenario
        } catch let error as ScenarioFault {
            throw .usage("\(file): \(error.description)")
        } catch {
            throw .usage("\(file): this is not a JSON object")
        }
    }
}

/// What is wrong with a file that is JSON.
private struct ScenarioFault: Error, CustomStringConvertible {
    var description: String
}

/// What a field of this type is to be, for a person.
private func kind(_ type: any Decodable.Type) -> String {
    switch type {
    case is Int.Type, is UInt64.Type: "a whole number"
    case is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is [String].Type: "a list of strings"
    case is Arrivals.Type: "\"constant\" or \"poisson\""
    default: "a string"
    }
}

/// A name of a field, whichever it is.
private struct FieldName: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(_ name: String) { stringValue = name }
}

/// The file's JSON object.
private struct ScenarioText: Decodable {
    var scenario = Scenario()

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FieldName.self)
        var known: Set<String> = []
        func take<Value: Decodable>(_ name: String) throws -> Value? {
            known.insert(name)
            do {
                return try fields.decodeIfPresent(Value.self, forKey: FieldName(name))
            } catch {
                throw ScenarioFault(
                    description: "the field '\(name)' is not what it is to be: \(kind(Value.self))"
                )
            }
        }
        scenario.description = try take("description")
        scenario.clients = try take("clients")
        scenario.loops = try take("loops")
        scenario.durationSeconds = try take("duration_seconds")
        scenario.warmUpSeconds = try take("warm_up_seconds")
        scenario.requests = try take("requests")
        scenario.rate = try take("rate")
        scenario.arrivals = try take("arrivals")
        scenario.pipeline = try take("pipeline")
        scenario.mix = try take("mix")
        scenario.valueSize = try take("value_size")
        scenario.keys = try take("keys")
        scenario.keyPrefix = try take("key_prefix")
        scenario.distribution = try take("distribution")
        scenario.preload = try take("preload")
        scenario.encoding = try take("encoding")
        scenario.reconnectEvery = try take("reconnect_every")
        scenario.resume = try take("resume")
        scenario.ramp = try take("ramp")
        scenario.maxHandshakes = try take("max_handshakes")
        scenario.publishers = try take("publishers")
        scenario.subscribers = try take("subscribers")
        scenario.channels = try take("channels")
        scenario.seed = try take("seed")
        scenario.verify = try take("verify")
        scenario.verifyKeys = try take("verify_keys")
        scenario.verifyOperations = try take("verify_operations")
        scenario.thresholds = try take("thresholds")
        scenario.maxLagMilliseconds = try take("max_lag_ms")
        for name in fields.allKeys.map(\.stringValue).sorted() where !known.contains(name) {
            throw ScenarioFault(
                description: "there is no field '\(name)': known are "
                    + known.sorted().joined(separator: ", ")
            )
        }
    }
}

extension Scenario {
    /// What is said here, and where not, what `other` says.
    public func over(_ other: Scenario) -> Scenario {
        var merged = self
        merged.description = description ?? other.description
        merged.clients = clients ?? other.clients
        merged.loops = loops ?? other.loops
        // A number of requests and a duration exclude each other.
        if durationSeconds == nil, requests == nil {
            merged.durationSeconds = other.durationSeconds
            merged.requests = other.requests
        }
        merged.warmUpSeconds = warmUpSeconds ?? other.warmUpSeconds
        merged.rate = rate ?? other.rate
        merged.arrivals = arrivals ?? other.arrivals
        merged.pipeline = pipeline ?? other.pipeline
        merged.mix = mix ?? other.mix
        merged.valueSize = valueSize ?? other.valueSize
        merged.keys = keys ?? other.keys
        merged.keyPrefix = keyPrefix ?? other.keyPrefix
        merged.distribution = distribution ?? other.distribution
        merged.preload = preload ?? other.preload
        merged.encoding = encoding ?? other.encoding
        merged.reconnectEvery = reconnectEvery ?? other.reconnectEvery
        merged.resume = resume ?? other.resume
        merged.ramp = ramp ?? other.ramp
        merged.maxHandshakes = maxHandshakes ?? other.maxHandshakes
        merged.publishers = publishers ?? other.publishers
        merged.subscribers = subscribers ?? other.subscribers
        merged.channels = channels ?? other.channels
        merged.seed = seed ?? other.seed
        merged.verify = verify ?? other.verify
        merged.verifyKeys = verifyKeys ?? other.verifyKeys
        merged.verifyOperations = verifyOperations ?? other.verifyOperations
        merged.thresholds = thresholds ?? other.thresholds
        merged.maxLagMilliseconds = maxLagMilliseconds ?? other.maxLagMilliseconds
        return merged
    }

    /// Makes `options` what the scenario says, where it says something.
    public func apply(to options: inout LoadOptions) throws(LoadError) {
        options.clients = clients ?? options.clients
        options.loops = loops ?? options.loops
        options.durationSeconds = durationSeconds ?? options.durationSeconds
        options.requests = requests ?? options.requests
        options.warmUpSeconds = warmUpSeconds ?? options.warmUpSeconds
        options.rate = rate ?? options.rate
        options.arrivals = arrivals ?? options.arrivals
        options.pipeline = pipeline ?? options.pipeline
        options.keyCount = keys ?? options.keyCount
        options.keyPrefix = keyPrefix ?? options.keyPrefix
        options.preloads = preload ?? options.preloads
        options.reconnectEvery = reconnectEvery ?? options.reconnectEvery
        options.resumes = resume ?? options.resumes
        options.connectionsPerSecond = ramp ?? options.connectionsPerSecond
        options.maxHandshakes = maxHandshakes ?? options.maxHandshakes
        options.seed = seed ?? options.seed
        options.maxLagMilliseconds = maxLagMilliseconds ?? options.maxLagMilliseconds
        if let mix { options.mix = try LoadMix(mix) }
        if let valueSize { options.valueBytes = try LoadOptions.valueBytes(valueSize) }
        if let distribution { options.distribution = try KeyDistribution(distribution) }
        if let encoding { options.encodings = try LoadEncoding.list(encoding) }
        for text in thresholds ?? [] { options.thresholds.append(try Threshold(text)) }
        try applyVerification(to: &options)
        try applyPubSub(to: &options)
    }

    private func applyVerification(to options: inout LoadOptions) throws(LoadError) {
        if verify != true {
            if verifyKeys == nil, verifyOperations == nil { return }
            throw .usage("--verify-keys and --verify-operations need --verify")
        }
        var verification = LoadVerification()
        verification.keys = verifyKeys ?? verification.keys
        verification.operations = verifyOperations ?? verification.operations
        options.verification = verification
    }

    private func applyPubSub(to options: inout LoadOptions) throws(LoadError) {
        if publishers == nil, subscribers == nil {
            if channels != nil { throw .usage("--channels needs --publishers and --subscribers") }
            return
        }
        guard let publishers, let subscribers else {
            throw .usage("--publishers and --subscribers go together")
        }
        options.pubSub = PubSubShape(
            publishers: publishers,
            subscribers: subscribers,
            channels: channels ?? 1
        )
        if clients == nil {
            options.clients = publishers.addingReportingOverflow(subscribers).partialValue
        }
    }
}
