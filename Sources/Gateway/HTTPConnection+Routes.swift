// What each route does.
internal import Commands
internal import Core
internal import NIOHTTP1
internal import Wire

extension HTTPConnection {
    /// Runs a request that is all there, and answers it.
    func run(
        _ request: PendingRequest,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = request.response
        switch request.route {
        case .dashboard: servePage(request, gateway, context, &output)
        case .health, .liveness, .readiness:
            if gateway.run("PING", context) != nil {
                return answerWithError(response, gateway, context, &output)
            }
            let report = HealthReport(request.route, context)
            response.status = report.isGood ? 200 : 503
            gateway.body.append(string: report.body)
            finish(response, gateway, context, &output)
        case .status: answer(with: "STATUS", response, gateway, context, &output)
        case .metrics: answer(with: "METRICS", response, gateway, context, &output)
        case .prometheus:
            response.contentType = "text/plain; version=0.0.4; charset=utf-8"
            answer(with: "METRICS", options: ["PROMETHEUS"], response, gateway, context, &output)
        case .command: runCommands(request, response, gateway, context, &output)
        case .notify: runNotify(request, response, gateway, context, &output)
        case .webSocket(let purpose):
            do throws(ServerError) {
                try upgrade(request.head, purpose, &response, gateway, context, &output)
            } catch {
                refuse(error, response, gateway, context, &output)
            }
        case .value(let key):
            do throws(ServerError) {
                try serveValue(key, request, gateway, context, &output)
            } catch {
                refuse(error, response, gateway, context, &output)
            }
        }
    }

    /// Runs a command and answers with its result alone: text as it is, anything else as JSON.
    private func answer(
        with name: String,
        options words: [String] = [],
        _ begun: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = begun
        if gateway.run(name, options: words, context) != nil {
            response.contentType = "application/json"
            return answerWithError(response, gateway, context, &output)
        }
        ReplyEncoder.encodeValue(context.reply, into: &gateway.body)
        finish(response, gateway, context, &output)
    }

    /// Runs NOTIFY with the fields of the object in the body; answers with how many it reaches.
    private func runNotify(
        _ request: PendingRequest,
        _ response: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        let line = request.parser.withBody(HTTPConnection.line)
        if let error = gateway.fill(line.span.extracting(0..<(line.count - 1)), as: "NOTIFY") {
            return refuse(error, response, gateway, context, &output)
        }
        if gateway.runFrame(context) != nil {
            return answerWithError(response, gateway, context, &output)
        }
        gateway.body.append("{\"delivered\":")
        ReplyEncoder.encodeValue(context.reply, into: &gateway.body)
        gateway.body.truncate(to: gateway.body.count - 1)
        gateway.body.append("}\n")
        finish(response, gateway, context, &output)
    }

    /// Runs the JSON request in the body, or the array of them; answers with the line of replies.
    private func runCommands(
        _ request: PendingRequest,
        _ begun: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = begun
        let line = request.parser.withBody(HTTPConnection.line)
        let commands = JSONBody(line.span, gateway, context)
        context.session.leaveNothing(.json)
        guard commands.answered > 0 else {
            let error = ServerError(.malformedJSON, "malformed JSON: the body is empty")
            return refuse(error, response, gateway, context, &output)
        }
        if let code = commands.code { response.status = code.row.httpStatus }
        if commands.code != nil, !commands.isBatch {
            return answerWithError(response, gateway, context, &output)
        }
        finish(response, gateway, context, &output)
    }

    /// The body as one line: what ends lines elsewhere is white space in JSON, and so is the tab that takes its
    /// place; within a string neither may be.
    private static func line(_ text: borrowing ByteBuffer) -> [UInt8] {
        let body = text.span
        var line: [UInt8] = []
        line.reserveCapacity(body.count + 1)
        for index in 0..<body.count {
            let byte = body[index]
            line.append(byte == 0x0A || byte == 0x0D ? 0x09 : byte)
        }
        line.append(0x0A)
        return line
    }
}

/// Runs the requests in a line of JSON; the replies are in the gateway's body.
private struct JSONBody {
    /// How many replies there are.
    var answered = 0
    /// Whether the line is an array.
    var isBatch = false
    /// The error that the line as a whole, or its only request, was answered with; it is on the tape.
    var code: ErrorCode?

    init(
        _ line: Span<UInt8>,
        _ gateway: Gateway,
        _ context: CommandContext
    ) {
        var decoder = RequestDecoder(encoding: .json)
        var position = 0
        while position < line.count, !context.session.closesAfterReply {
            let outcome = decoder.decode(
                line,
                from: position,
                into: &gateway.frame,
                catalog: gateway.catalog,
                limits: gateway.limits,
                isAuthenticated: true,
                json: gateway.json
            )
            switch outcome {
            case .incomplete: return
            case .skipped(let consumed):
                position += consumed
                continue
            case .emptyBatch(let consumed):
                position += consumed
                isBatch = true
                gateway.body.append("[]\n")
            case .request(let consumed):
                position += consumed
                code = gateway.runFrame(context)
                encode(gateway, context)
            case .rejected(let error, let consumed):
                position += consumed
                context.reply.reset()
                context.reply.error(error)
                context.session.breakTransaction()
                code = error.code
                encode(gateway, context)
            }
            answered += 1
        }
        decoder.endBatch(into: &gateway.body)
        if isBatch { code = nil }
    }

    private mutating func encode(_ gateway: Gateway, _ context: CommandContext) {
        if gateway.frame.place.contains(.inside) { isBatch = true }
        let isMissing = code == nil && !isBatch && context.reply.isMissingKey
        if isMissing { code = .keyNotFound }
        gateway.encodeReply(context)
    }
}

/// What the routes for schedulers say.
private struct HealthReport {
    let isGood: Bool
    let body: String

    /// How late a loop may be before it counts as stuck: far beyond any load, and well within the patience of
    /// whoever asks.
    private static let maxLatenessMilliseconds: Int64 = 5_000

    init(_ route: HTTPRoute, _ context: CommandContext) {
        switch route {
        case .liveness:
            let loops = context.facts.loops(context.now)
            let late = loops.filter {
                $0.latenessMilliseconds >= HealthReport.maxLatenessMilliseconds
            }
            isGood = late.isEmpty
            let status = isGood ? "ok" : "stuck"
            body =
                "{\"status\":\"\(status)\",\"loops\":\(loops.count),\"late_loops\":\(late.count)}\n"
        case .readiness:
            let isDraining = context.facts.isDrainingNow
            let isOverloaded = context.facts.overloadLevel == .establishedOnly
            isGood = !isDraining && !isOverloaded
            let status = isDraining ? "draining" : isOverloaded ? "overloaded" : "ready"
            body = "{\"status\":\"\(status)\"}\n"
        default:
            isGood = true
            body = "{\"status\":\"ok\"}\n"
        }
    }
}
