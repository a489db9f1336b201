// A short history as a drawing: who asked what, when, and what was answered.

/// Draws intervals, a line for each client and, where its requests overlap, for each of them.
///
/// From left to right is the order of calls and ends, not how long anything took; the list below the
/// drawing says that.
enum HistoryDiagram {
    /// Columns above which only the list is shown.
    static let maxColumns = 220

    private struct Row {
        var label: String
        var cells: [(start: Int, end: Int?, text: String)] = []
        /// The column behind the last interval.
        var end = 0
    }

    /// The drawing of `history`; `total` is how many operations the key had in all.
    static func text(_ history: KeyHistory, total: Int? = nil) -> String {
        let operations = history.operations.sorted { ($0.call, $0.latest) < ($1.call, $1.latest) }
        let of = total.map { ", of \($0) in all" } ?? ""
        var lines = ["key \(history.key): \(operations.count) operations\(of)"]
        lines.append(
            history.beginsUnknown
                ? "at the beginning: not known what the key holds" : "at the beginning: no such key"
        )
        let drawing = drawing(operations)
        if let drawing { lines += [""] + drawing }
        lines += [""] + list(operations)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The columns of calls and ends: far enough apart for what stands between them.
    private static func columns(
        _ operations: [HistoryOperation]
    ) -> (calls: [Int], ends: [Int?], width: Int) {
        var events: [(time: Int64, isEnd: Bool, index: Int)] = []
        for (index, operation) in operations.enumerated() {
            events.append((operation.call, false, index))
            if let end = operation.end { events.append((end, true, index)) }
        }
        events.sort {
            ($0.time, $0.isEnd ? 1 : 0, $0.index) < ($1.time, $1.isEnd ? 1 : 0, $1.index)
        }
        var calls = [Int](repeating: 0, count: operations.count)
        var ends = [Int?](repeating: nil, count: operations.count)
        var column = -1
        for event in events {
            column += 1
            if event.isEnd {
                column = max(column, calls[event.index] + label(operations[event.index]).count + 5)
                ends[event.index] = column
            } else {
                calls[event.index] = column
            }
        }
        for index in operations.indices where ends[index] == nil {
            column = max(column, calls[index] + label(operations[index]).count + 5)
        }
        return (calls, ends, column + 1)
    }

    private static func drawing(_ operations: [HistoryOperation]) -> [String]? {
        let (calls, ends, width) = columns(operations)
        if width > maxColumns { return nil }
        var rows: [Row] = []
        for (index, operation) in operations.enumerated() {
            let name = "client \(operation.client)"
            var place = rows.firstIndex { $0.label == name && $0.end <= calls[index] }
            if place == nil {
                // Beside the other lines of the same client.
                let last = rows.lastIndex { $0.label == name }
                place = last.map { $0 + 1 } ?? rows.count
                rows.insert(Row(label: name), at: place ?? 0)
            }
            guard let place else { continue }
            rows[place].cells.append((calls[index], ends[index], label(operation)))
            rows[place].end = (ends[index] ?? width) + 1
        }
        let margin = (rows.map(\.label.count).max() ?? 0) + 2
        return rows.map { row in
            var line = Figures.left(row.label, margin)
            for cell in row.cells {
                line = Figures.left(line, margin + cell.start)
                line += interval(
                    cell.text,
                    (cell.end ?? width) - cell.start,
                    isOpen: cell.end == nil
                )
            }
            return line
        }
    }

    private static func interval(_ text: String, _ length: Int, isOpen: Bool) -> String {
        let room = max(0, length - 3 - text.count)
        let before = String(repeating: "-", count: max(1, room / 2))
        let after = String(repeating: "-", count: max(1, room - room / 2))
        return "|\(before) \(text) \(after)" + (isOpen ? ">" : "|")
    }

    private static func list(_ operations: [HistoryOperation]) -> [String] {
        let begin = operations.first?.call ?? 0
        let labels = operations.map(label)
        let width = labels.map(\.count).max() ?? 0
        return zip(operations, labels).map { operation, label in
            let call = Figures.fixed(Double(operation.call - begin) / 1e6, 3)
            let end = operation.end.map { Figures.fixed(Double($0 - begin) / 1e6, 3) + " ms" }
            let client = Figures.left("client \(operation.client)", 12)
            let when = "\(Figures.right(call, 12)) ms to \(end ?? "no answer")"
            let note = operation.isOptional ? "  (may have been done before)" : ""
            return "  \(client)\(Figures.left(label, width))\(when)\(note)"
        }
    }

    /// An operation and its outcome in few words.
    static func label(_ operation: HistoryOperation) -> String {
        "\(words(operation.action)) -> \(words(operation.outcome))"
    }

    private static func words(_ action: HistoryAction) -> String {
        switch action {
        case .get: "GET"
        case .set(let value, nil): "SET \(value)"
        case .set(let value, let ttl?): "SET \(value) PX \(ttl)"
        case .delete: "DEL"
        case .compareAndSet(let expected, let new): "CAS \(expected) \(new)"
        case .increment(1): "INCR"
        case .increment(let step): "INCRBY \(step)"
        case .expire(let ttl): "PEXPIRE \(ttl)"
        }
    }

    private static func words(_ outcome: HistoryOutcome) -> String {
        switch outcome {
        case .unknown: "?"
        case .done: "OK"
        case .value(let value): value
        case .missing: "(nil)"
        case .number(let number): "\(number)"
        case .refused(let code): "error \(code)"
        }
    }
}
