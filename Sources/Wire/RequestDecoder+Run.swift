// Taking the usual requests out of what has arrived, several at a time.
public import Core

extension RequestDecoder {
    /// Takes the requests out of `input` from `start` on that are there as a whole and with nothing unusual about
    /// them, into `run`, which is emptied first.
    ///
    /// Those are RESP's arrays, and, for whoever `isAuthenticated`, JSON's flat objects. None are taken where what comes
    /// first is incomplete, refused or odd, or the encoding another: `decode`, which knows all cases, then looks at it
    /// from the beginning, and finds in the others the same requests that this finds. What `limits` grant depends on
    /// `isAuthenticated`, so a run ends for whoever executes it where that changes.
    public mutating func decodeRun(
        _ input: Span<UInt8>,
        from start: Int,
        into run: inout RequestRun,
        catalog: CommandCatalog,
        limits: Limits,
        isAuthenticated: Bool
    ) {
        run.removeAll()
        guard start >= 0, start < input.count else { return }
        let rest = input.extracting(start..<input.count)
        switch encoding {
        case .resp2, .resp3:
            if multibulk.remaining > 0 { return }
            RequestDecoder.takeArrays(rest, &run, limits, isAuthenticated)
        case .json:
            if !isAuthenticated || batchRemaining > 0 || isDiscarding { return }
            // A line that came in pieces would be looked at from its beginning with each of them.
            if searched > 0 { return }
            RequestDecoder.takeLines(rest, &run, catalog, limits)
        case .text, .protobuf: return
        }
        if run.count > 0 { searched = 0 }
    }

    @inline(__always)
    private static func takeArrays(
        _ rest: Span<UInt8>,
        _ run: inout RequestRun,
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) {
        let maxArguments =
            isAuthenticated ? limits.maxArguments : limits.maxUnauthenticatedArguments
        let maxLength =
            isAuthenticated
            ? limits.maxBulkBytes : min(limits.maxBulkBytes, limits.maxUnauthenticatedArgumentBytes)
        let maxBytes = limits.maxRequestBytes
        rest.withUnsafeBufferPointer { rest in
            while run.count < RequestRun.capacity, run.byteCount < rest.count {
                let first = run.arguments.count
                let consumed = WholeArray(rest, from: run.byteCount, maxBytes: maxBytes)
                    .read(into: &run.arguments, maxArguments: maxArguments, maxLength: maxLength)
                if consumed == 0 { return run.arguments.truncate(to: first) }
                run.append(argumentsFrom: first, bytes: consumed)
            }
        }
    }

    /// By itself, so that RESP does not pay for its frame.
    @inline(never)
    private static func takeLines(
        _ rest: Span<UInt8>,
        _ run: inout RequestRun,
        _ catalog: CommandCatalog,
        _ limits: Limits
    ) {
        let maxBytes = limits.maxRequestBytes
        rest.withUnsafeBufferPointer { rest in
            while run.count < RequestRun.capacity, run.byteCount < rest.count {
                let first = run.arguments.count
                var line = PlainJSONLine(rest, from: run.byteCount, maxBytes: maxBytes)
                let consumed = line.read(into: &run.arguments, catalog)
                if consumed == 0 { return run.arguments.truncate(to: first) }
                run.append(
                    argumentsFrom: first,
                    bytes: consumed,
                    identifier: line.identifier
                )
            }
        }
    }
}
