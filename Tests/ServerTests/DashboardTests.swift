// The page at `/` in a headless Chromium: what a person does there, by keyboard, and what they see.
import Foundation
import Glibc
import Testing

@Suite struct DashboardTests {
    /// Chromium must be there; `SALLYPORT_TEST_CHROMIUM` is its path where it is not on the PATH, and
    /// `SALLYPORT_SCREENSHOTS` a folder to leave pictures in.
    @Test func aPersonIsServed() throws {
        let server = try ServerProcess(["--shutdown-timeout", "1"])
        let made = try Program.run([
            try Program.products + "/sallyport", "token", "add", "reader", "--token-file",
            server.folder + "/tokens.json", "--permission", "@read",
        ])
        #expect(made.status == 0, "\(made.errors)")
        let credential = made.output.split { $0 == " " || $0 == "\n" }.first { $0.hasPrefix("sp_") }
        server.signal(SIGHUP)
        let environment = [
            "SALLYPORT_PID": "\(server.processIdentifier)",
            "SALLYPORT_READER": String(try #require(credential)),
        ]
        let result = try Program.python("dashboard_session.py", server, environment)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let steps = [
            "page", "figures", "console", "keyboard", "secrets", "looks",
            "no error and no violation", "refusals", "policy", "shutdown",
        ]
        #expect(result.output == steps.map { "\($0): good\n" }.joined())
    }

    @Test func thePageCanBeLeftOut() throws {
        let server = try ServerProcess(["--no-dashboard"])
        let answer = try Program.run([
            "curl", "--silent", "--cacert", server.authority, "--write-out", "%{http_code}",
            "--output", "/dev/null", "https://localhost:\(server.port)/",
        ])
        #expect(answer.output == "404")
    }
}
