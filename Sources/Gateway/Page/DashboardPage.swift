// The page at `/`: one document with its style and script in it, and the policy that lets a browser run these alone.
internal import Commands
internal import Core
internal import Crypto
internal import Wire

/// The dashboard as it is sent.
struct DashboardPage: Sendable {
    /// The document.
    let document: [UInt8]
    /// The document in gzip; nil if zlib has no memory.
    let compressed: [UInt8]?
    /// What the browser may do with it (Content Security Policy Level 3).
    let policy: String

    /// The page that is built in; nil where OpenSSL has no SHA-256.
    static let builtIn = try? DashboardPage(
        markup: PackageResources.dashboard_html,
        style: PackageResources.dashboard_css,
        script: PackageResources.dashboard_js
    )

    /// Puts style and script into the elements of `markup` that wait for them.
    init(markup: [UInt8], style: [UInt8], script: [UInt8]) throws(CryptoError) {
        let text = String(decoding: markup, as: UTF8.self)
            .replacing(
                "<style></style>",
                with: "<style>\(String(decoding: style, as: UTF8.self))</style>"
            )
            .replacing(
                "<script></script>",
                with: "<script>\(String(decoding: script, as: UTF8.self))</script>"
            )
        document = Array(text.utf8)
        compressed = Gzip.compress(Array(text.utf8).span)
        policy = [
            "default-src 'none'", "script-src '\(try DashboardPage.source(script))'",
            "style-src '\(try DashboardPage.source(style))'", "connect-src 'self'",
            "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'", "trusted-types 'none'",
        ].joined(separator: "; ")
    }

    /// The digest of an element's text, as a policy writes it.
    private static func source(_ text: [UInt8]) throws(CryptoError) -> String {
        var output = ByteBuffer()
        output.append("sha256-")
        Base64.append(encoding: try SHA256.digest(of: text.span).bytes.span, to: &output)
        // SAFETY: the pointer is valid for the buffer's bytes and only during the call.
        return output.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension HTTPConnection {
    /// Answers with the page, which is for everybody and is paid for as a PING is.
    func servePage(
        _ request: PendingRequest,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = request.response
        if gateway.run("PING", context) != nil {
            return answerWithError(response, gateway, context, &output)
        }
        guard let page = DashboardPage.builtIn else {
            return refuse(ServerError(.internalError), response, gateway, context, &output)
        }
        response.contentType = "text/html; charset=utf-8"
        response.fields = [
            ("Content-Security-Policy", page.policy), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Vary", "Accept-Encoding"),
        ]
        // One with a weight is taken for a refusal, as `gzip;q=0` is: the document itself is always right.
        if request.head.list("accept-encoding").contains("gzip"), let compressed = page.compressed {
            response.fields.append(("Content-Encoding", "gzip"))
            gateway.body.append(compressed.span)
        } else {
            gateway.body.append(page.document.span)
        }
        finish(response, gateway, context, &output)
    }
}
