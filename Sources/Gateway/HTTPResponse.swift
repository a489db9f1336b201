// Writing responses: one head for all of them.
internal import Core
internal import NIOHTTP1

/// The head of a response; the body is given when it is written.
struct HTTPResponse {
    var status = 200
    var contentType: String? = "application/json"
    /// Fields beside those that every response has.
    var fields: [(name: String, value: String)] = []
    /// Whether the connection is closed behind it.
    var closes = false
    /// Whether the request was HEAD, so that only the length of the body is told.
    var isHead = false
    /// Whether the request was of HTTP/1.0, where staying open must be said.
    var isOld = false

    /// Appends the response with `body`.
    func write(_ body: Span<UInt8>, into output: inout ByteBuffer) {
        output.append("HTTP/1.1 ")
        output.append(decimal: Int64(status))
        output.append(UInt8(ascii: " "))
        output.append(string: HTTPResponseStatus(statusCode: status).reasonPhrase)
        output.append("\r\n")
        // RFC 9110 sections 8.6 and 15.4.5: these have no body, and say nothing of its length.
        let hasBody = status != 204 && status != 304
        if hasBody {
            if let contentType { append("Content-Type", contentType, &output) }
            output.append("Content-Length: ")
            output.append(decimal: Int64(body.count))
            output.append("\r\n")
        }
        output.append("X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n")
        for field in fields { append(field.name, field.value, &output) }
        if closes {
            output.append("Connection: close\r\n")
        } else if isOld {
            output.append("Connection: keep-alive\r\n")
        }
        output.append("\r\n")
        if hasBody, !isHead { output.append(body) }
    }

    private func append(_ name: String, _ value: String, _ output: inout ByteBuffer) {
        output.append(string: name)
        output.append(": ")
        output.append(string: value)
        output.append("\r\n")
    }
}
