// The head of a request once it was parsed: what we need of it, held against RFC 9110 and 9112.
internal import Core
internal import NIOHTTP1

/// A request's head that has one meaning only.
struct HTTPHead {
    let method: HTTPMethod
    /// Path and query, as they came.
    let target: String
    /// Whether the request is of HTTP/1.0.
    let isOld: Bool
    /// Whether the peer wants to go on behind the response.
    let keepsAlive: Bool
    /// The length of the body as it was announced; 0 where there is none or it comes in chunks.
    let contentLength: Int
    let isChunked: Bool
    let expectsContinue: Bool
    /// Whether the peer would like another protocol, which it does not get.
    let asksForUpgrade: Bool
    private let headers: HTTPHeaders

    /// Whether a body follows.
    var hasBody: Bool { isChunked || contentLength > 0 }

    /// Takes what a parser found, or throws `protocolError`, or `expectationFailed`.
    init(_ head: HTTPRequestHead) throws(ServerError) {
        method = head.method
        headers = head.headers
        isOld = head.version == .http1_0
        keepsAlive = head.isKeepAlive
        guard head.version == .http1_1 || isOld else { throw .protocol("not HTTP/1.0 or HTTP/1.1") }
        target = try HTTPHead.originForm(head.uri)
        let lengths = headers["content-length"]
        let encodings = headers["transfer-encoding"]
        if lengths.count + encodings.count > 1 {
            throw .protocol("more than one length of the body")
        }
        isChunked = !encodings.isEmpty
        if isChunked, isOld { throw .protocol("Transfer-Encoding in HTTP/1.0") }
        if let encoding = encodings.first, encoding.lowercased() != "chunked" {
            throw .protocol("the only Transfer-Encoding is 'chunked'")
        }
        contentLength = try HTTPHead.length(lengths.first)
        asksForUpgrade = head.method == .CONNECT || headers.contains(name: "upgrade")
        expectsContinue = headers.contains(name: "expect") && !isOld
        try checkHost()
        if expectsContinue, try field("expect")?.lowercased() != "100-continue" {
            throw ServerError(.expectationFailed)
        }
        for name in ["authorization", "content-type", "if-match", "if-none-match"] {
            _ = try field(name)
        }
    }

    /// The value of the field called `name`, if it is there; throws where it is there twice.
    private func field(_ name: String) throws(ServerError) -> String? {
        let values = headers[name]
        if values.count > 1 { throw .protocol("more than one field '\(name)'") }
        return values.first
    }

    /// The value of a field that was found to be there once at most, without white space around it.
    func value(_ name: String) -> Substring? {
        guard let value = headers[name].first else { return nil }
        var text = Substring(value)
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// All values of the field called `name`, as they came.
    func values(_ name: String) -> [String] { headers[name] }

    /// The elements of the field called `name`, which is a list, without white space around them.
    func list(_ name: String) -> [Substring] {
        headers[name].flatMap { $0.split(separator: ",") }.map { element in
            var text = element.drop { $0 == " " || $0 == "\t" }
            while text.last == " " || text.last == "\t" { text.removeLast() }
            return text
        }.filter { !$0.isEmpty }
    }

    /// Whether `token`, in lower case, is an element of the field called `name`, in whatever letter case.
    func hasToken(_ token: String, in name: String) -> Bool {
        list(name).contains { $0.lowercased() == token }
    }

    /// RFC 9112 section 3.2: one Host in HTTP/1.1, and one that could be a host.
    private func checkHost() throws(ServerError) {
        guard let host = try field("host") else {
            if isOld { return }
            throw .protocol("no Host")
        }
        let isHost = host.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/?#@,\\\"<>".utf8.contains(byte)
        }
        if !isHost { throw .protocol("not a Host") }
    }

    /// Digits and nothing else; 18 of them at most, which is more than any limit.
    private static func length(_ text: String?) throws(ServerError) -> Int {
        guard let text else { return 0 }
        let isDecimal = text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        guard isDecimal, text.utf8.count <= 18, let length = Int(text) else {
            throw .protocol("not a Content-Length")
        }
        return length
    }

    /// Path and query of a target in origin form or absolute form (RFC 9112 section 3.2).
    private static func originForm(_ target: String) throws(ServerError) -> String {
        if target.hasPrefix("/") || target == "*" { return target }
        let lower = target.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else {
            // What CONNECT has; no route has that name.
            return target
        }
        let rest = target.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if authority.isEmpty || authority.contains("@") { throw .protocol("not a target") }
        let path = rest.dropFirst(authority.count)
        return path.hasPrefix("/") ? String(path) : "/" + path
    }
}

extension ServerError {
    /// What came is not HTTP as we take it.
    static func `protocol`(_ what: String) -> ServerError {
        ServerError(.protocolError, "Protocol error: \(what)")
    }
}
