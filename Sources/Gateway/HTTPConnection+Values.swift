// GET, PUT and DELETE of one value, with its version as the entity tag.
internal import Commands
internal import Core
internal import NIOHTTP1
internal import Wire

/// What a request's conditions say (RFC 9110 section 13.1).
private enum Condition: Equatable {
    case none
    /// `If-Match: *`.
    case exists
    /// `If-Match` with the entity tag of a version.
    case version(Int64)
    /// `If-Match` with what is no entity tag of ours, so nothing has it.
    case never
    /// `If-None-Match: *`.
    case missing
    /// `If-None-Match` with an entity tag.
    case differs(Substring)

    init(_ head: HTTPHead) throws(ServerError) {
        switch (head.value("if-match"), head.value("if-none-match")) {
        case (nil, nil): self = .none
        case (let match?, nil): self = try Condition.match(match)
        case (nil, "*"): self = .missing
        case (nil, let tag?): self = .differs(try Condition.single(tag))
        case (_?, _?):
            throw ServerError(.invalidRequest, "If-Match and If-None-Match contradict each other")
        }
    }

    private static func match(_ text: Substring) throws(ServerError) -> Condition {
        if text == "*" { return .exists }
        let tag = try single(text)
        // Versions begin at 1; a weak tag matches nothing here.
        guard tag.hasPrefix("\""), let version = Int64(tag.dropFirst().dropLast()), version > 0,
            "\"\(version)\"" == tag
        else { return .never }
        return .version(version)
    }

    /// One entity tag; a list of them has no command.
    private static func single(_ text: Substring) throws(ServerError) -> Substring {
        let isTag = text.hasSuffix("\"") && (text.hasPrefix("\"") || text.hasPrefix("W/\""))
        let isOne = text.utf8.count { $0 == UInt8(ascii: "\"") } == 2
        if isTag, isOne { return text }
        throw ServerError(.invalidRequest, "a condition takes one entity tag, or *")
    }
}

extension HTTPConnection {
    /// Serves a request for the value of `key`.
    func serveValue(
        _ key: [UInt8],
        _ request: PendingRequest,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) throws(ServerError) {
        let condition = try Condition(request.head)
        let seconds = try HTTPConnection.timeToLive(request)
        switch request.head.method {
        case .PUT: try put(key, request, condition, seconds, gateway, context, &output)
        case .DELETE: try delete(key, request, condition, gateway, context, &output)
        default: try get(key, request, condition, gateway, context, &output)
        }
    }

    private func get(
        _ key: [UInt8],
        _ request: PendingRequest,
        _ condition: Condition,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) throws(ServerError) {
        var response = request.response
        let code = gateway.run("GETV", key: key, context)
        if code != nil || context.reply.isMissingKey {
            if code == nil, condition.needsValue { throw ServerError(.preconditionFailed) }
            return answerWithError(response, gateway, context, &output)
        }
        let version = HTTPConnection.version(context.reply)
        let tag = HTTPConnection.tag(version)
        switch condition {
        case .never: throw ServerError(.preconditionFailed)
        case .version(let wanted) where wanted != version: throw ServerError(.preconditionFailed)
        case .missing: response.status = 304
        case .differs(let other) where other == tag || other == "W/" + tag: response.status = 304
        default: break
        }
        response.contentType = "application/octet-stream"
        response.fields.append(("ETag", tag))
        HTTPConnection.write(decideOnEnd(response, context), valueOf: context.reply, &output)
        context.reply.reset()
        gateway.reset()
    }

    /// Writes the response with the value on the tape.
    private static func write(
        _ response: HTTPResponse,
        valueOf reply: borrowing Reply,
        _ output: inout ByteBuffer
    ) {
        var reader = ReplyReader(reply.tape.span)
        _ = reader.next() && reader.next()
        response.write(reader.payload, into: &output)
    }

    /// The version behind the value on the tape.
    private static func version(_ reply: borrowing Reply) -> Int64 {
        var reader = ReplyReader(reply.tape.span)
        for _ in 0..<3 where !reader.next() { return 0 }
        return reader.integer
    }

    private func put(
        _ key: [UInt8],
        _ request: PendingRequest,
        _ condition: Condition,
        _ seconds: Substring?,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) throws(ServerError) {
        var words = ["GETV"]
        switch condition {
        case .none: break
        case .exists: words.append("XX")
        case .version(let version): words += ["IFVERSION", "\(version)"]
        case .missing: words.append("NX")
        case .never: throw ServerError(.preconditionFailed)
        case .differs: throw ServerError(.invalidRequest, "If-None-Match takes * here")
        }
        if let seconds { words += ["EX", String(seconds)] }
        if request.parser.withBody({ gateway.set(key, $0, words, context) }) != nil {
            return answerWithError(request.response, gateway, context, &output)
        }
        if context.reply.isNull { throw ServerError(.preconditionFailed) }
        // What was stored is what came, byte for byte, so its tag may be told (RFC 9110 section 9.3.4).
        let tag = HTTPConnection.tag(context.reply.integer)
        answerNoContent(request, [("ETag", tag)], gateway, context, &output)
    }

    private func delete(
        _ key: [UInt8],
        _ request: PendingRequest,
        _ condition: Condition,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) throws(ServerError) {
        let code: ErrorCode?
        switch condition {
        case .none, .exists: code = gateway.run("DEL", key: key, context)
        case .version(let version):
            code = gateway.run("DELIFVERSION", key: key, options: ["\(version)"], context)
        case .never: throw ServerError(.preconditionFailed)
        case .missing, .differs:
            throw ServerError(.invalidRequest, "DELETE takes no If-None-Match")
        }
        if code != nil { return answerWithError(request.response, gateway, context, &output) }
        if context.reply.isZero {
            throw ServerError(condition == .none ? .keyNotFound : .preconditionFailed)
        }
        answerNoContent(request, [], gateway, context, &output)
    }

    /// The entity tag of a version.
    private static func tag(_ version: Int64) -> String { "\"\(version)\"" }

    private func answerNoContent(
        _ request: PendingRequest,
        _ fields: [(String, String)],
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = request.response
        response.status = 204
        response.fields += fields
        finish(response, gateway, context, &output)
    }

    /// The seconds that `?ttl=` gives a value; any other parameter is refused, so that none is misspelt unseen.
    private static func timeToLive(_ request: PendingRequest) throws(ServerError) -> Substring? {
        if request.query.isEmpty { return nil }
        let prefix = "ttl="
        guard request.head.method == .PUT, request.query.hasPrefix(prefix),
            !request.query.contains("&")
        else { throw ServerError(.invalidRequest, "the only parameter is ttl, in seconds, of PUT") }
        return request.query.dropFirst(prefix.count)
    }
}

extension Condition {
    /// Whether a key that does not exist fails it.
    fileprivate var needsValue: Bool {
        switch self {
        case .exists, .version, .never: true
        case .none, .missing, .differs: false
        }
    }
}

extension Reply {
    /// Whether the answer is that the key does not exist.
    var isMissingKey: Bool { firstItem?.item == .missingKey }
    /// Whether the answer is that there is no value.
    var isNull: Bool { firstItem?.item == .null }
    /// Whether the answer is 0.
    var isZero: Bool { firstItem.map { $0.item == .integer && $0.word == 0 } ?? false }

    /// The number that the answer is; 0 if it is none.
    var integer: Int64 {
        firstItem.map { $0.item == .integer ? Int64(bitPattern: $0.word) : 0 } ?? 0
    }

    private var firstItem: (item: ReplyItem, word: UInt64)? {
        var reader = ReplyReader(tape.span)
        return reader.next() ? (reader.item, reader.word) : nil
    }
}
