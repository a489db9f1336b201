// `budget`: holds what each kind of request allocates to the numbers in the table.
import ArgumentParser
import Core
import Foundation

@main
struct Budget: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budget",
        abstract: "Counts what requests allocate and holds it to a committed number.",
        discussion: """
            Decoding, dispatch and encoding run as they do in a loop of the server, without a socket. \
            Exits with 1 where a request allocates more than the table of workloads allows, or where \
            allocations are not counted.
            """
    )

    @Option(name: .customLong("case"), help: "Only the workload of this name.")
    var workload: String?

    @Option(help: "Only this encoding: resp2, resp3, json, text or protobuf.")
    var encoding: String?

    @Option(help: "How many requests of each workload, rounded up to a multiple of 64.")
    var requests = 100_000

    func run() throws {
        if let finding = try counted({ try Control.finding() }) {
            throw Failure("the counting is wrong: \(finding)")
        }
        let cases = Case.all.filter { item in
            (workload ?? item.workload.name) == item.workload.name
                && (encoding ?? item.encodingName) == item.encodingName
        }
        if cases.isEmpty { throw ValidationError("there is no such case") }
        Output.write(Output.heading)
        var complaints: [String] = []
        for item in cases {
            var bench = try Bench(item.workload, item.encoding)
            let tally = try counted { try bench.measure(requests) }
            Output.write(Output.line(item, tally))
            if let complaint = Output.complaint(item, tally) { complaints.append(complaint) }
        }
        if !complaints.isEmpty { throw Failure(complaints.joined(separator: "\n")) }
    }

    /// The result of `body`; what it cannot measure is said in words.
    private func counted<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch MeasurementError.notCounted {
            throw Failure(
                "nothing is counted: the allocator is not jemalloc, or keeps no statistics"
            )
        } catch MeasurementError.wrongReplies(let replies) {
            throw Failure("what is measured went wrong: \(replies)")
        }
    }
}

/// What ends the program with 1, in words.
struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// One workload in one encoding.
struct Case {
    var workload: Workload
    var encoding: WireEncoding
    var encodingName: String

    var allowed: Double { workload.allowed[encoding] ?? 0 }

    private static let encodings: [(name: String, encoding: WireEncoding)] = [
        ("resp2", .resp2), ("resp3", .resp3), ("json", .json), ("text", .text),
        ("protobuf", .protobuf),
    ]

    static let all: [Case] = encodings.flatMap { name, encoding in
        Workload.all.filter { $0.replies[encoding] != nil }
            .map { Case(workload: $0, encoding: encoding, encodingName: name) }
    }
}

/// What is printed.
enum Output {
    static let heading =
        row("encoding", "case", "requests", "allocations each", "allowed", "bytes each")

    static func line(_ item: Case, _ tally: Tally) -> String {
        row(
            item.encodingName,
            item.workload.name,
            String(tally.requests),
            figure(tally.callsPerRequest),
            figure(item.allowed),
            figure(tally.bytesPerRequest)
        )
    }

    /// What to say of a request that allocates more than the table allows; nil of others.
    static func complaint(_ item: Case, _ tally: Tally) -> String? {
        if !tally.exceeds(item.allowed) { return nil }
        let (calls, bytes) = (tally.callsPerRequest, tally.bytesPerRequest)
        return "\(item.encodingName) \(item.workload.name): \(figure(calls)) allocations and "
            + "\(figure(bytes)) bytes a request, and \(figure(item.allowed)) allocations are allowed"
    }

    static func write(_ line: String) {
        // Where nobody reads the output any more, there is nobody to tell.
        try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
    }

    private static func figure(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(format: "%.4f", value)
    }

    private static func row(_ first: String, _ second: String, _ rest: String...) -> String {
        let names =
            first.padding(toLength: 10, withPad: " ", startingAt: 0)
            + second.padding(toLength: 12, withPad: " ", startingAt: 0)
        return rest.reduce(names) { line, text in
            line + String(repeating: " ", count: max(1, 18 - text.count)) + text
        }
    }
}
