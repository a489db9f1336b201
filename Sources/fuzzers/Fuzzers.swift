// Each decoder under libFuzzer: how bytes arrive must never change what is understood, and nothing may trap.
//
// Only built where SALLYPORT_FUZZERS is set:
//
//     SALLYPORT_FUZZERS=1 swift build -c release --sanitize=fuzzer --scratch-path .build-fuzzers --product fuzzers
//     SWIFT_BACKTRACE=enable=no SALLYPORT_FUZZ=resp .build-fuzzers/release/fuzzers -max_total_time=60 FOLDER
//
// SALLYPORT_FUZZ is resp, text, json, protobuf, proxy, http or websocket. What fails is left in a file crash-*.
internal import Commands
internal import Core
internal import Gateway
internal import Wire

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// What one decoder made of bytes that arrived in two pieces or in one.
private struct Seen: Equatable {
    var steps: [String] = []
}

private let limits: Limits = {
    var limits = Limits()
    limits.maxLineBytes = 1000
    limits.maxRequestBytes = 2000
    return limits
}()

/// The whole is taken in runs where that can be, the pieces one request at a time.
private func decode(_ bytes: [UInt8], _ encoding: WireEncoding, cut: Int) -> Seen {
    var decoder = RequestDecoder(encoding: encoding)
    var frame = RequestFrame()
    var run = RequestRun()
    let json = LineJSONParser(maxDepth: limits.maxJSONDepth)
    var seen = Seen()
    var at = 0
    for end in [cut, bytes.count] {
        pieces: while at < end {
            if cut == bytes.count {
                decoder.decodeRun(
                    bytes.span,
                    from: at,
                    into: &run,
                    catalog: CommandTable.catalog,
                    limits: limits,
                    isAuthenticated: true
                )
                let rest = bytes.span.extracting(at...)
                for index in 0..<run.count {
                    let id = text(run.identifier(index, in: rest))
                    seen.steps.append("\(id) \(words(run.request(index, in: rest)))")
                }
                at += run.byteCount
                if run.count > 0 { continue }
            }
            let outcome = decoder.decode(
                bytes.span.extracting(0..<end),
                from: at,
                into: &frame,
                catalog: CommandTable.catalog,
                limits: limits,
                isAuthenticated: true,
                json: json
            )
            switch outcome {
            case .request(let consumed):
                seen.steps.append("\(text(frame.identifier.span)) \(words(frame, bytes, at))")
                at += consumed
            case .rejected(let error, let consumed):
                seen.steps.append("\(error.code) \(error.message)")
                if error.code.row.closes { return seen }
                at += consumed
            case .emptyBatch(let consumed):
                seen.steps.append("batch")
                at += consumed
            case .skipped(let consumed): at += consumed
            case .incomplete: break pieces
            }
            if at > end { abort() }
        }
    }
    return seen
}

private func words(_ frame: borrowing RequestFrame, _ bytes: [UInt8], _ at: Int) -> String {
    frame.usesScratch
        ? words(Request(bytes: frame.scratch.span, ranges: frame.ranges.span))
        : words(Request(bytes: bytes.span.extracting(at...), ranges: frame.ranges.span))
}

private func words(_ request: borrowing Request) -> String {
    var words = ""
    for index in 0..<request.count { words += text(request[index]) + " " }
    return words
}

private func text(_ bytes: Span<UInt8>) -> String {
    "\(bytes.withUnsafeBufferPointer { Array($0) })"
}

private func proxy(_ bytes: [UInt8], cut: Int) -> Seen {
    var decoder = ProxyHeaderDecoder()
    for range in [0..<cut, cut..<bytes.count] {
        switch decoder.decode(bytes.span.extracting(range)) {
        case .incomplete: continue
        case .complete(let header, let consumed):
            return Seen(steps: ["\(header) \(range.lowerBound + consumed)"])
        case .malformed(let reason): return Seen(steps: ["\(reason)"])
        }
    }
    return Seen()
}

private func head(_ bytes: [UInt8], cut: Int) -> Seen {
    var scanner = HTTPHeadScanner()
    for end in [cut, bytes.count] {
        let outcome = scanner.scan(bytes.span.extracting(0..<end), limits)
        if outcome != .incomplete { return Seen(steps: ["\(outcome)"]) }
    }
    return Seen()
}

private func webSocket(_ bytes: [UInt8], cut: Int) -> Seen {
    var reader = WebSocketReader(allowsCompression: true)
    var seen = Seen()
    var at = 0
    for end in [cut, bytes.count] {
        frames: while true {
            var payload = ByteBuffer()
            let event = reader.next(
                bytes.span.extracting(0..<end),
                from: &at,
                limits,
                into: &payload
            )
            if at > end { abort() }
            if case .incomplete = event { break frames }
            if case .violation = event {
                // What was read of the message by then depends on how it came; nobody looks at it.
                seen.steps.append("\(event)")
                return seen
            }
            seen.steps.append("\(event) \(payload.withBytes { Array($0) })")
        }
    }
    return seen
}

/// The decoder that the environment names; the first byte of an input says where it is cut.
private let subject: (@Sendable ([UInt8], Int) -> Seen)? = {
    switch getenv("SALLYPORT_FUZZ").map({ String(cString: $0) }) {
    case "resp": { decode($0, .resp2, cut: $1) }
    case "text": { decode($0, .text, cut: $1) }
    case "json": { decode($0, .json, cut: $1) }
    case "protobuf": { decode($0, .protobuf, cut: $1) }
    case "proxy": { proxy($0, cut: $1) }
    case "http": { head($0, cut: $1) }
    case "websocket": { webSocket($0, cut: $1) }
    default: nil
    }
}()

/// What libFuzzer calls with each input; its own main function, which is not used, wants it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    // SAFETY: libFuzzer owns `count` bytes there for the length of this call, which copies them.
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first, let subject else { return 0 }
    let bytes = Array(input.dropFirst())
    let whole = subject(bytes, bytes.count)
    if subject(bytes, min(Int(first), bytes.count)) != whole { abort() }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The program; SwiftPM calls a target's main function by the target's name.
@_cdecl("fuzzers_main")
func fuzzersMain(
    _ count: Int32,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
    if subject == nil {
        let text = "SALLYPORT_FUZZ must be resp, text, json, protobuf, proxy, http or websocket\n"
        _ = text.withCString { write(2, $0, strlen($0)) }
        return 64
    }
    var count = count
    var arguments = arguments
    return runDriver(&count, &arguments, takeInput)
}
