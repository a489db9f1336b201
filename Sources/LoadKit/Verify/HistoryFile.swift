// Histories in files: one JSON object a line, so that a person can read and a tool can filter them.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The form of a history in a file.
///
/// The first line is `{"schema":"sallyport-history","version":1,"is_cut":false}`. Then come, in any order:
///
/// - an operation: `{"key":"k","client":3,"call":12,"end":15,"op":"set","value":"v1","ttl_ms":500,"out":"done"}`;
///   `op` is get, set, del, cas, incr or expire, with `value`, `expected`, `by` and `ttl_ms` where they apply;
///   `out` is done, missing, value (with `seen`), number (with `number`) or refused (with `code`), and is left
///   out, as `end` is, where no answer came;
/// - a key about which nothing is known at the beginning: `{"key":"k","begins_unknown":true}`;
/// - `{"publication":{...}}` and `{"listening":{...}}`, with the fields of these types.
///
/// Times are nanoseconds of one monotonic clock.
enum HistoryFile {
    static let schema = "sallyport-history"
    static let version = 1

    /// One line; which fields there are says what it is.
    private struct Line: Codable {
        var schema: String?
        var version: Int?
        var isCut: Bool?
        var key: String?
        var beginsUnknown: Bool?
        var client: Int?
        var call: Int64?
        var end: Int64?
        var op: String?
        var value: String?
        var expected: String?
        var by: Int64?
        var ttlMs: Int64?
        var out: String?
        var seen: String?
        var number: Int64?
        var code: String?
        var publication: Publication?
        var listening: Listening?
    }

    /// The file of `history`.
    static func text(_ history: History) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        var lines: [Line] = []
        var head = Line()
        head.schema = schema
        head.version = version
        head.isCut = history.isCut
        lines.append(head)
        for key in history.keys {
            if key.beginsUnknown {
                var line = Line()
                line.key = key.key
                line.beginsUnknown = true
                lines.append(line)
            }
            lines += key.operations.map { line(key.key, $0) }
        }
        for publication in history.publications {
            var line = Line()
            line.publication = publication
            lines.append(line)
        }
        for listening in history.listenings {
            var line = Line()
            line.listening = listening
            lines.append(line)
        }
        var text = ""
        for line in lines {
            text += String(decoding: try encoder.encode(line), as: UTF8.self) + "\n"
        }
        return text
    }

    /// Reads what `text` made; the error names the line.
    static func parse(_ text: String) throws(LoadError) -> History {
        var history = History()
        var keys: [String: KeyHistory] = [:]
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for (index, part) in text.split(separator: "\n").enumerated() {
            guard let line = try? decoder.decode(Line.self, from: Data(part.utf8)) else {
                throw .unready("line \(index + 1) of the history is not one of its JSON objects")
            }
            if index == 0 {
                guard line.schema == schema, line.version == version else {
                    throw .unready("the file is no \(schema) of version \(version)")
                }
                history.isCut = line.isCut ?? false
                continue
            }
            if let publication = line.publication { history.publications.append(publication) }
            if let listening = line.listening { history.listenings.append(listening) }
            guard let key = line.key else { continue }
            if line.beginsUnknown == true {
                keys[key, default: KeyHistory(key: key)].beginsUnknown = true
                keys[key]?.mayVanish = true
                continue
            }
            guard let operation = operation(line) else {
                throw .unready("line \(index + 1) of the history is no operation")
            }
            keys[key, default: KeyHistory(key: key)].operations.append(operation)
        }
        history.keys = keys.values.sorted { $0.key < $1.key }
        return history
    }

    private static func line(_ key: String, _ operation: HistoryOperation) -> Line {
        var line = Line()
        line.key = key
        line.client = operation.client
        line.call = operation.call
        line.end = operation.end
        line.ttlMs = operation.action.ttlMilliseconds
        switch operation.action {
        case .get: line.op = "get"
        case .delete: line.op = "del"
        case .expire: line.op = "expire"
        case .set(let value, _):
            line.op = "set"
            line.value = value
        case .compareAndSet(let expected, let value):
            line.op = "cas"
            line.expected = expected
            line.value = value
        case .increment(let step):
            line.op = "incr"
            line.by = step
        }
        switch operation.outcome {
        case .unknown: break
        case .done: line.out = "done"
        case .missing: line.out = "missing"
        case .value(let value):
            line.out = "value"
            line.seen = value
        case .number(let number):
            line.out = "number"
            line.number = number
        case .refused(let code):
            line.out = "refused"
            line.code = code
        }
        return line
    }

    private static func operation(_ line: Line) -> HistoryOperation? {
        guard let client = line.client, let call = line.call, let action = action(line),
            let outcome = outcome(line)
        else { return nil }
        return HistoryOperation(client: client, call: call, end: line.end, action, outcome)
    }

    private static func action(_ line: Line) -> HistoryAction? {
        switch line.op {
        case "get": .get
        case "del": .delete
        case "expire": line.ttlMs.map { .expire(ttlMilliseconds: $0) }
        case "set": line.value.map { .set($0, ttlMilliseconds: line.ttlMs) }
        case "cas":
            line.expected.flatMap { expected in
                line.value.map { .compareAndSet(expected: expected, $0) }
            }
        case "incr": line.by.map { .increment($0) }
        default: nil
        }
    }

    private static func outcome(_ line: Line) -> HistoryOutcome? {
        switch line.out {
        case nil: .unknown
        case "done": .done
        case "missing": .missing
        case "value": line.seen.map { .value($0) }
        case "number": line.number.map { .number($0) }
        case "refused": .refused(line.code ?? "")
        default: nil
        }
    }
}
