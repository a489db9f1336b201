// Batches: an array of requests on one line, handed out one request at a time.
//
// The line is parsed as a whole first, so that malformed JSON is one error and runs nothing. Then each
// request is parsed by itself, when its turn comes: between two of them the decoder remembers only how
// many are left, and replies leave as they would for requests on lines of their own.
public import Core

extension RequestDecoder {
    /// Whether replies are being written into an array that is not closed yet.
    ///
    /// Until it is, nothing else may be sent: no push fits into the middle of a line.
    public var isInsideBatch: Bool { batchRemaining > 0 }

    /// Closes the array of replies that is open, if one is, because no more requests will be run.
    public mutating func endBatch(into output: inout ByteBuffer) {
        if batchRemaining == 0 { return }
        batchRemaining = 0
        output.append("]\n")
    }

    /// Begins the batch that `line` holds; an outcome if there is none to begin.
    mutating func openBatch(
        _ line: Span<UInt8>,
        _ consumed: Int,
        _ limits: Limits,
        _ isAuthenticated: Bool,
        _ json: LineJSONParser
    ) -> DecodeOutcome? {
        let count: Int
        do throws(ServerError) {
            count = try json.elementCount(line)
        } catch {
            return .rejected(error, consumed: consumed)
        }
        if count == 0 { return .emptyBatch(consumed: consumed) }
        let limit =
            isAuthenticated ? limits.maxBatchCommands : limits.maxUnauthenticatedBatchCommands
        if count > limit {
            let name = isAuthenticated ? "maxBatchCommands" : "maxUnauthenticatedBatchCommands"
            let error = ServerError(.tooLong, "batch of \(count) requests: \(name) allows \(limit)")
            return .rejected(error, consumed: consumed)
        }
        batchRemaining = UInt32(clamping: count)
        return nil
    }

    /// Takes the request at `start`, and the comma behind it or the rest of the line.
    ///
    /// The line is known to be well formed and to be all there.
    mutating func nextOfBatch(
        _ rest: Span<UInt8>,
        from start: Int,
        _ place: BatchPlace,
        _ frame: inout RequestFrame,
        _ catalog: CommandCatalog,
        _ isAuthenticated: Bool,
        _ json: LineJSONParser
    ) -> DecodeOutcome {
        batchRemaining -= 1
        frame.place = place
        let extent = JSONExtent.ofElement(rest, from: start)
        var consumed = min(extent.next, rest.count)
        if batchRemaining == 0 {
            frame.place.insert(.last)
            let end = rest.firstOffset(of: UInt8(ascii: "\n"), from: consumed, to: rest.count)
            consumed = min(end + 1, rest.count)
        }
        let error = json.fill(
            &frame,
            from: rest.extracting(extent.value),
            catalog: catalog,
            isAuthenticated: isAuthenticated
        )
        return error.map { .rejected($0, consumed: consumed) } ?? .request(consumed: consumed)
    }
}
