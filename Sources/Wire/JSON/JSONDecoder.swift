// Requests as JSON objects, one a line, or several in an array on one line.
internal import CSimdjson
public import Core

extension RequestDecoder {
    /// Takes one line, or one request of a line that is a batch, out of `rest`.
    mutating func decodeJSON(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ catalog: CommandCatalog,
        _ limits: Limits,
        _ isAuthenticated: Bool,
        _ json: LineJSONParser
    ) -> DecodeOutcome {
        if batchRemaining > 0 {
            return nextOfBatch(rest, from: 0, .inside, &frame, catalog, isAuthenticated, json)
        }
        let limit = isAuthenticated ? limits.maxRequestBytes : limits.maxLineBytes
        switch nextLine(rest, limit: limit) {
        case .incomplete(let needed):
            return .incomplete(needed: needed)
        case .skipped(let consumed):
            return .skipped(consumed: consumed)
        case .tooLong(let consumed):
            let name = isAuthenticated ? "maxRequestBytes" : "maxLineBytes (before AUTH)"
            return .rejected(.lineTooLong("\(name)=\(limit)"), consumed: consumed)
        case .line(let count, let consumed):
            let line = rest.extracting(0..<count)
            let start = firstUnblank(line)
            if start == count { return .skipped(consumed: consumed) }
            if line[start] == UInt8(ascii: "[") {
                if let outcome = openBatch(line, consumed, limits, isAuthenticated, json) {
                    return outcome
                }
                let place: BatchPlace = [.inside, .first]
                return nextOfBatch(
                    rest,
                    from: start + 1,
                    place,
                    &frame,
                    catalog,
                    isAuthenticated,
                    json
                )
            }
            if let error = json.fill(
                &frame,
                from: line,
                catalog: catalog,
                isAuthenticated: isAuthenticated
            ) {
                return .rejected(error, consumed: consumed)
            }
            return .request(consumed: consumed)
        }
    }

    private func firstUnblank(_ line: Span<UInt8>) -> Int {
        for index in 0..<line.count where line[index] != 0x20 && line[index] != 0x09 {
            return index
        }
        return line.count
    }
}

extension LineJSONParser {
    /// Fills `frame`, which must be empty, with the request that the JSON object `text` holds.
    ///
    /// Arguments are in `frame.scratch`, in the order of the command's row. `frame.identifier` is
    /// filled wherever an `id` was found, so that an error can carry it; it is JSON text. The
    /// fields `action` and `id` are every command's; so is `namespace`, unless an argument has that
    /// name. With an `action` the object is a request of that command and must have no such field. Without `isAuthenticated`, only commands that need no token are told from others.
    /// Errors: `malformedJSON`, `invalidRequest`, `unknownCommand`, `unauthenticated`.
    public func fill(
        _ frame: inout RequestFrame,
        from text: Span<UInt8>,
        catalog: CommandCatalog,
        isAuthenticated: Bool = true,
        action: StaticString? = nil
    ) -> ServerError? {
        defer { shrink() }
        do throws(ServerError) {
            let root = try parse(text)
            guard csj_kind_of(root) == CSJ_OBJECT else {
                throw ServerError(.invalidRequest, "a request must be a JSON object")
            }
            try fill(&frame, root, text, catalog, isAuthenticated, action)
            return nil
        } catch {
            frame.removeArguments()
            return error
        }
    }

    /// Fills `frame` from the object `root`.
    private func fill(
        _ frame: inout RequestFrame,
        _ root: csj_value,
        _ text: Span<UInt8>,
        _ catalog: CommandCatalog,
        _ isAuthenticated: Bool,
        _ known: StaticString?
    ) throws(ServerError) {
        let reserved = try readReserved(root)
        if let identifier = reserved.id { try writeIdentifier(identifier, &frame) }
        if let known {
            if reserved.action != nil { throw .invalidRequest("field 'action' is not for here") }
            let name = "\(known)"
            return try fill(&frame, root, text, catalog, isAuthenticated, reserved, name.utf8.span)
        }
        guard let action = reserved.action else { throw .missing("action") }
        guard csj_kind_of(action) == CSJ_STRING else { throw .wrongType("action", "a string") }
        try fill(&frame, root, text, catalog, isAuthenticated, reserved, string(action))
    }

    /// Fills `frame` from the object `root`, a request of the command called `name`.
    private func fill(
        _ frame: inout RequestFrame,
        _ root: csj_value,
        _ text: Span<UInt8>,
        _ catalog: CommandCatalog,
        _ isAuthenticated: Bool,
        _ reserved: Reserved,
        _ name: Span<UInt8>
    ) throws(ServerError) {
        let found = catalog.index(of: name)
        if !isAuthenticated {
            // A peer without a token learns nothing of which commands and fields there are.
            guard let found, catalog.specs[found].flags.contains(.withoutToken) else {
                throw ServerError(.unauthenticated)
            }
        }
        guard let index = found else {
            throw ServerError(.unknownCommand, "unknown command '\(Printable.text(name))'")
        }
        frame.usesScratch = true
        frame.appendScratchArgument(name)
        let command = JSONCommand(index, in: catalog)
        try assign(root, to: command, catalog)
        let prefix = try namespacePrefix(reserved.namespace, command, catalog)
        try writeArguments(command, prefix, text, &frame)
    }

    /// The fields that every request may have.
    private struct Reserved {
        var action: csj_value?
        var id: csj_value?
        var namespace: csj_value?
    }

    /// Finds the reserved fields; the first of each, so that an error about a second carries its
    /// `id`.
    private func readReserved(_ root: csj_value) throws(ServerError) -> Reserved {
        var reserved = Reserved()
        var walk = csj_fields(root)
        var key = csj_text()
        var value = csj_value()
        while csj_next_field(&walk, &key, &value) {
            let name = span(key)
            if name.equals("action") {
                if reserved.action == nil { reserved.action = value }
            } else if name.equals("id") {
                if reserved.id == nil { reserved.id = value }
            } else if name.equals("namespace"), reserved.namespace == nil {
                reserved.namespace = value
            }
        }
        return reserved
    }

    /// Writes the JSON text of `id` to the frame, to be sent back as it is.
    private func writeIdentifier(
        _ value: csj_value,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        switch csj_kind_of(value) {
        case CSJ_STRING:
            JSONText.append(string: string(value), to: &frame.identifier)
        case CSJ_INTEGER:
            frame.identifier.append(decimal: csj_integer(value))
        case CSJ_UNSIGNED:
            frame.identifier.append(string: String(csj_unsigned(value)))
        default:
            throw .wrongType("id", "a string or an integer")
        }
    }

    /// The bytes to put before each key; nil without a `namespace`.
    private func namespacePrefix(
        _ value: csj_value?,
        _ command: borrowing JSONCommand,
        _ catalog: CommandCatalog
    ) throws(ServerError) -> csj_text? {
        guard let value, command.index(of: "namespace".utf8.span) == nil else { return nil }
        guard command.hasKey else {
            throw .invalidRequest("field 'namespace' is not one of \(command.fieldList(catalog))")
        }
        guard csj_kind_of(value) == CSJ_STRING else { throw .wrongType("namespace", "a string") }
        let text = csj_string(value)
        if text.count == 0 { throw .invalidRequest("field 'namespace' is empty") }
        return text
    }
}

extension ServerError {
    /// The object is JSON and not a request.
    static func invalidRequest(_ message: String) -> ServerError {
        ServerError(.invalidRequest, message)
    }

    /// A required field is not there.
    static func missing(_ field: String) -> ServerError {
        .invalidRequest("field '\(field)' is missing")
    }

    /// A field's value is not what the command takes.
    static func wrongType(_ field: String, _ expected: String) -> ServerError {
        .invalidRequest("field '\(field)' must be \(expected)")
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes are those of `name`.
    ///
    /// A name of one character is like no bytes at all, since it is not stored as bytes.
    @inline(__always)
    func equals(_ name: StaticString) -> Bool {
        guard name.hasPointerRepresentation, name.utf8CodeUnitCount == count else { return false }
        for index in 0..<count where self[index] != name.utf8Start[index] { return false }
        return true
    }
}
