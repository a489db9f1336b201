// What a peer gets that does not speak TLS.

internal import Wire

/// Answers in plaintext.
enum PlaintextAnswer {
    /// The answer to a peer whose first bytes are not a TLS handshake; one line, or HTTP where they look
    /// like HTTP.
    static func bytes(to first: UnsafeRawBufferPointer) -> [UInt8] {
        if ProxyHeaderDecoder.isHeader(Span(_unsafeBytes: first)) { return Array(proxy.utf8) }
        return Array((looksLikeHTTP(first) ? http : line).utf8)
    }

    private static let proxy = "ERR PROXY the PROXY protocol is not accepted from this address\r\n"

    private static let line = "ERR TLS this port speaks TLS only\r\n"
    private static let http =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 30\r\n"
        + "Connection: close\r\n\r\nThis port speaks TLS: https:/\n"

    private static func looksLikeHTTP(_ first: UnsafeRawBufferPointer) -> Bool {
        let methods = [
            "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ",
        ]
        return methods.contains { first.starts(with: $0.utf8) }
    }
}
