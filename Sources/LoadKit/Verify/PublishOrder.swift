// Whether each subscriber got each publisher's messages: in order, once, and all of them.

/// One message that a client published.
public struct Publication: Sendable, Hashable, Codable {
    /// Who published it.
    public var publisher: Int
    /// Where.
    public var channel: String
    /// The number of the message: each publisher counts up on each channel.
    public var number: Int64
    /// When it was handed to the socket, in nanoseconds.
    public var call: Int64
    /// When it was answered; nil if it never was.
    public var end: Int64?
    /// Whether it was answered with an error: then nobody got it.
    public var isRefused: Bool

    /// Makes a publication.
    public init(
        publisher: Int,
        channel: String,
        number: Int64,
        call: Int64,
        end: Int64? = nil,
        isRefused: Bool = false
    ) {
        self.publisher = publisher
        self.channel = channel
        self.number = number
        self.call = call
        self.end = end
        self.isRefused = isRefused
    }
}

/// One subscription, from the answer to SUBSCRIBE to its end, and all that it was sent.
public struct Listening: Sendable, Hashable, Codable {
    /// Something that a subscriber was sent.
    public struct Event: Sendable, Hashable, Codable {
        /// The publisher; nil for a notice that messages were lost.
        public var publisher: Int?
        /// The message's number, or how many messages were lost.
        public var number: Int64
        /// When it came, in nanoseconds.
        public var at: Int64

        /// Makes an event.
        public init(publisher: Int?, number: Int64, at: Int64) {
            self.publisher = publisher
            self.number = number
            self.at = at
        }
    }

    /// Who listens.
    public var subscriber: Int
    /// Where.
    public var channel: String
    /// When the subscription was answered, in nanoseconds.
    public var from: Int64
    /// Until when it surely went on: what was answered before must have come; nil where that is not known.
    public var until: Int64?
    /// What came, in order.
    public var events: [Event]

    /// Makes a subscription.
    public init(
        subscriber: Int,
        channel: String,
        from: Int64,
        until: Int64? = nil,
        events: [Event] = []
    ) {
        self.subscriber = subscriber
        self.channel = channel
        self.from = from
        self.until = until
        self.events = events
    }
}

/// Holds what subscribers got against what was published.
enum PublishOrder {
    /// Findings that are told; more are only counted.
    static let maxFindings = 20

    /// What the check came to.
    struct Result: Equatable, Sendable {
        var messages = 0
        var deliveries = 0
        /// Messages that notices owned up to.
        var declaredLost: Int64 = 0
        var wrong = 0
        var findings: [String] = []

        var verdict: HistoryVerdict { wrong == 0 ? .ok : .illegal }

        mutating func add(_ finding: String) {
            wrong += 1
            if findings.count < maxFindings { findings.append(finding) }
        }
    }

    private struct Source: Hashable {
        var publisher: Int
        var channel: String
    }

    /// Checks all subscriptions; `slackNanoseconds` is what the clocks of a delivery may be off.
    static func check(_ publications: [Publication], _ listenings: [Listening]) -> Result {
        var result = Result()
        result.messages = publications.count
        let bySource = Dictionary(grouping: publications) {
            Source(publisher: $0.publisher, channel: $0.channel)
        }
        .mapValues {
            Dictionary($0.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        }
        for listening in listenings {
            check(listening, bySource, &result)
        }
        return result
    }

    private static func check(
        _ listening: Listening,
        _ sources: [Source: [Int64: Publication]],
        _ result: inout Result
    ) {
        var last: [Int: Int64] = [:]
        var got: [Int: Set<Int64>] = [:]
        var credit: Int64 = 0
        for event in listening.events {
            guard let publisher = event.publisher else {
                credit += event.number
                result.declaredLost += event.number
                continue
            }
            result.deliveries += 1
            let name = describe(listening, publisher, event.number)
            let source = Source(publisher: publisher, channel: listening.channel)
            let publication = sources[source]?[event.number]
            if publication == nil { result.add("\(name): nobody published it") }
            if let publication, publication.isRefused { result.add("\(name): it was refused") }
            if let publication, publication.call > event.at {
                result.add("\(name): came before it was published")
            }
            if got[publisher, default: []].insert(event.number).inserted {
                if let last = last[publisher], last > event.number {
                    result.add("\(name): came behind number \(last)")
                }
            } else {
                result.add("\(name): came twice")
            }
            last[publisher] = max(event.number, last[publisher] ?? .min)
        }
        missing(listening, got, sources, &credit, &result)
    }

    /// What should have come: all between the first and the last that came, and all that was answered in time.
    private static func missing(
        _ listening: Listening,
        _ got: [Int: Set<Int64>],
        _ sources: [Source: [Int64: Publication]],
        _ credit: inout Int64,
        _ result: inout Result
    ) {
        for (source, publications) in sources where source.channel == listening.channel {
            let numbers = got[source.publisher] ?? []
            let first = numbers.min() ?? .max
            let last = numbers.max() ?? .min
            for publication in publications.values.sorted(by: { $0.number < $1.number })
            where !numbers.contains(publication.number) {
                guard let end = publication.end, !publication.isRefused else { continue }
                let isBetween = publication.number > first && publication.number < last
                let isInTime =
                    publication.call >= listening.from && end <= listening.until ?? .min
                if !isBetween && !isInTime { continue }
                credit -= 1
                if credit >= 0 { continue }
                let name = describe(listening, source.publisher, publication.number)
                result.add("\(name): never came, and no notice said so")
            }
        }
    }

    private static func describe(
        _ listening: Listening,
        _ publisher: Int,
        _ number: Int64
    ) -> String {
        "subscriber \(listening.subscriber), channel \(listening.channel), "
            + "message \(number) of publisher \(publisher)"
    }
}
