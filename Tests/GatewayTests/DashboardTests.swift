// The page at `/`: what is sent with it, and that its policy lets run what is in it and nothing else.
import Core
import Crypto
import Foundation
import Testing

@testable import Gateway

@Suite struct DashboardTests {
    private func page() throws -> HTTPAnswer {
        try HTTPBench().ask(request("GET", "/", as: nil))
    }

    private func policy(_ answer: HTTPAnswer) -> [String: String] {
        let text = answer.fields["content-security-policy"] ?? ""
        var policy: [String: String] = [:]
        for directive in text.components(separatedBy: "; ") {
            let words = directive.split(separator: " ", maxSplits: 1)
            policy[String(words[0])] = words.count > 1 ? String(words[1]) : ""
        }
        return policy
    }

    /// The text of the only element of that name.
    private func element(_ name: String, in text: String) throws -> String {
        let parts = text.components(separatedBy: "<\(name)>")
        #expect(parts.count == 2 && text.components(separatedBy: "<\(name)").count == 2)
        let rest = try #require(parts.last).components(separatedBy: "</\(name)>")
        #expect(rest.count == 2)
        return try #require(rest.first)
    }

    @Test func everybodyIsSentThePage() throws {
        let answer = try page()
        #expect(answer.status == 200 && answer.text.hasPrefix("<!doctype html>\n"))
        var fields = answer.fields
        #expect(fields.removeValue(forKey: "content-security-policy") != nil)
        let expected = [
            "content-type": "text/html; charset=utf-8", "content-length": "\(answer.body.count)",
            "cache-control": "no-store", "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin", "vary": "Accept-Encoding",
        ]
        #expect(fields == expected)
    }

    @Test func thePolicyIsThatOfWhatIsSent() throws {
        let answer = try page()
        var expected = [
            "default-src": "'none'", "connect-src": "'self'", "img-src": "data:",
            "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'", "trusted-types": "'none'",
        ]
        for name in ["script", "style"] {
            let text = Array(try element(name, in: answer.text).utf8)
            #expect(text.count > 1000)
            let digest = Data(try SHA256.digest(of: text.span).bytes)
            expected["\(name)-src"] = "'sha256-\(digest.base64EncodedString())'"
        }
        #expect(policy(answer) == expected)
    }

    @Test func nothingInItIsFromElsewhereOrRunsBesideThePolicy() throws {
        let text = try page().text
        let allowed = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
        for word in [
            "http:", "https:", " style=", "javascript:", "@import", "url(", "innerHTML",
            "outerHTML",
            "insertAdjacentHTML", "document.write", "eval(", "localStorage", "sessionStorage",
            "document.cookie",
        ] {
            #expect(!allowed.contains(word), "\(word)")
        }
        #expect(
            try #/<[^>]* on[a-z]+=/#.firstMatch(in: text.components(separatedBy: "<script>")[0])
                == nil
        )
        #expect(text.unicodeScalars.allSatisfy { $0 != "\r" && $0 != "\0" })
    }

    @Test func headTellsTheLengthAlone() throws {
        let whole = try page()
        let bench = try HTTPBench()
        let peer = bench.connect()
        let answers = peer.send(request("HEAD", "/", as: nil), heads: [true])
        #expect(answers.map(\.status) == [200] && answers[0].fields == whole.fields)
        #expect(answers[0].body.isEmpty)
    }

    @Test func otherMethodsAreRefused() throws {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = try HTTPBench().ask(request(method, "/", as: nil))
            #expect(answer.status == 405 && answer.fields["allow"] == "GET, HEAD")
        }
    }

    @Test func whoTakesGzipIsSentIt() throws {
        let plain = try page()
        let fields = ["Accept-Encoding: deflate, gzip, br"]
        let answer = try HTTPBench().ask(request("GET", "/", as: nil, fields))
        #expect(answer.fields["content-encoding"] == "gzip")
        #expect(answer.fields["content-security-policy"] == plain.fields["content-security-policy"])
        // RFC 1952 section 2.3: how it begins, and the length of what is in it.
        #expect(answer.body.prefix(3) == [0x1F, 0x8B, 8])
        let length = answer.body.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length == plain.body.count)
        // With its head it is one TLS record.
        #expect(answer.body.count < 15_000)
        for refusal in ["gzip;q=0", "br", "identity"] {
            let answer = try HTTPBench().ask(
                request("GET", "/", as: nil, ["Accept-Encoding: \(refusal)"])
            )
            #expect(answer == plain)
        }
    }

    @Test func itIsPaidForByTheAddress() throws {
        let bench = try HTTPBench { limits in
            limits.addressCommandsPerSecond = 1
            limits.addressCommandsBurst = 2
        }
        let text = request("GET", "/", as: nil)
        let answers = bench.connect().send(text + text + text)
        #expect(answers.map(\.status) == [200, 200, 429])
    }

    @Test func itCanBeLeftOut() throws {
        let bench = try HTTPBench(servesDashboard: false)
        #expect(try bench.ask(request("GET", "/", as: nil)).code == "not_found")
        #expect(try bench.ask(request("GET", "/health", as: nil)).status == 200)
    }
}
