// Finding the end of a request's head, and refusing on the way what a lenient parser might let pass.
//
// Source: RFC 9112 sections 2.2, 3, 5 and 11.2. Two recipients that understand a request differently can be
// played against each other (request smuggling); what is refused here has one meaning or none.
package import Core

/// What a scan found.
package enum HTTPHeadOutcome: Equatable {
    /// The head ends behind `count` bytes.
    case complete(count: Int)
    /// Its end is not there yet.
    case incomplete
    /// It can be no head of ours.
    case refused(ServerError)
}

/// Scans a head as it arrives; each byte once.
package struct HTTPHeadScanner: Equatable {
    /// How many bytes of the head are scanned.
    private(set) var scanned = 0
    /// Lines that have ended.
    private var lines = 0
    /// Spaces in the request line.
    private var spaces = 0
    /// Where the line, or in the request line the target, begins.
    private var begin = 0
    private var isInName = false

    /// Makes the scanner of a head of which nothing has come.
    package init() {}

    /// Goes on with `head`, whose first bytes were scanned before.
    package mutating func scan(_ head: Span<UInt8>, _ limits: Limits) -> HTTPHeadOutcome {
        while scanned < head.count {
            if scanned >= limits.maxHTTPHeadBytes {
                return .refused(.limit(.headTooLarge, "maxHTTPHeadBytes", limits.maxHTTPHeadBytes))
            }
            let byte = head[scanned]
            if scanned > 0, head[scanned - 1] == 0x0D, byte != 0x0A {
                return refuse("a bare CR in the head")
            }
            if byte == 0x0A {
                if scanned == 0 || head[scanned - 1] != 0x0D {
                    return refuse("a bare LF in the head")
                }
                if let outcome = endLine(limits) { return outcome }
            } else if byte != 0x0D {
                if let error = lines == 0 ? take(target: byte, limits) : take(field: byte) {
                    return error
                }
            }
            scanned += 1
        }
        return .incomplete
    }

    /// The line that ends at `scanned`, with CR LF; an outcome if the head ends with it, or is none.
    private mutating func endLine(_ limits: Limits) -> HTTPHeadOutcome? {
        if lines == 0, spaces != 2 { return refuse("not a request line") }
        if lines > 0 {
            if scanned - 1 == begin { return .complete(count: scanned + 1) }
            if isInName { return refuse("a field without a colon") }
            if lines > limits.maxHTTPFields {
                return .refused(.limit(.headTooLarge, "maxHTTPFields", limits.maxHTTPFields))
            }
        }
        lines += 1
        begin = scanned + 1
        isInName = true
        return nil
    }

    private mutating func take(target byte: UInt8, _ limits: Limits) -> HTTPHeadOutcome? {
        if byte == 0x20 {
            if begin == scanned, spaces > 0 || scanned == 0 { return refuse("not a request line") }
            spaces += 1
            begin = scanned + 1
            return spaces > 2 ? refuse("not a request line") : nil
        }
        if byte <= 0x20 || byte >= 0x7F { return refuse("not a request line") }
        if spaces == 1, scanned - begin >= limits.maxHTTPTargetBytes {
            return .refused(.limit(.targetTooLong, "maxHTTPTargetBytes", limits.maxHTTPTargetBytes))
        }
        return nil
    }

    private mutating func take(field byte: UInt8) -> HTTPHeadOutcome? {
        if !isInName {
            let isAllowed = byte >= 0x20 && byte != 0x7F || byte == 0x09
            return isAllowed ? nil : refuse("a control character in a field")
        }
        if byte == UInt8(ascii: ":") {
            isInName = false
            return scanned == begin ? refuse("a field without a name") : nil
        }
        if byte == 0x20 || byte == 0x09 {
            return refuse(scanned == begin ? "a folded field" : "white space in a field's name")
        }
        return HTTPHeadScanner.isToken(byte) ? nil : refuse("a field's name is no token")
    }

    private func refuse(_ what: String) -> HTTPHeadOutcome {
        .refused(ServerError(.protocolError, "Protocol error: \(what)"))
    }

    /// Whether the byte may be in a token.
    ///
    /// Source: RFC 9110 section 5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension ServerError {
    /// A limit of this name and value refuses.
    static func limit(_ code: ErrorCode, _ name: String, _ value: Int) -> ServerError {
        ServerError(code, "\(code.row.message): limit=\(name) (\(value))")
    }
}
