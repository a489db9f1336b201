// TLS as another implementation's command line sees it: versions, protocols, tickets, resumption.
import Foundation
import Server
import Testing

@Suite struct TLSPeerTests {
    private func connect(_ server: ServerProcess, _ options: [String]) throws -> ProgramResult {
        try Program.run(
            [
                "openssl", "s_client", "-ign_eof", "-verify_return_error", "-connect",
                "localhost:\(server.port)", "-CAfile", server.authority,
            ] + options,
            input: "PING\nEXIT\n"
        )
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func bothVersionsAreServed(_ version: String) throws {
        let result = try connect(try ServerProcess(), [version])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("PONG\nOK\n"))
        #expect(result.output.contains("Verify return code: 0 (ok)"))
    }

    @Test func olderVersionsAreRefused() throws {
        let options = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
        let result = try connect(try ServerProcess(), options)
        #expect(result.status != 0)
        #expect(!result.output.contains("PONG"))
    }

    @Test(arguments: ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA"])
    func oldSuitesAreRefused(_ suite: String) throws {
        let result = try connect(try ServerProcess(), ["-tls1_2", "-cipher", suite])
        #expect(result.status != 0)
        #expect(!result.output.contains("PONG"))
    }

    @Test func unknownApplicationProtocolsAreRefused() throws {
        let server = try ServerProcess()
        let unknown = try connect(server, ["-alpn", "h2,smtp"])
        #expect(unknown.errors.contains("no application protocol"), "\(unknown.errors)")
        let known = try connect(server, ["-alpn", "h2,http/1.1"])
        #expect(known.output.contains("ALPN protocol: http/1.1"))
    }

    @Test func oneTicketIsSentAndResumes() throws {
        let server = try ServerProcess()
        let file = server.folder + "/session"
        let first = try connect(server, ["-msg", "-sess_out", file])
        #expect(first.output.components(separatedBy: "NewSessionTicket").count == 2)
        let second = try connect(server, ["-sess_in", file])
        #expect(second.output.contains("Reused, TLSv1.3"))
    }

    @Test func renegotiationIsRefused() throws {
        // In s_client a line with `R` alone asks for it (TLS 1.2).
        let server = try ServerProcess()
        let result = try Program.run(
            [
                "openssl", "s_client", "-tls1_2", "-connect", "localhost:\(server.port)",
                "-CAfile", server.authority,
            ],
            input: "R\nPING\n"
        )
        #expect(result.errors.contains("no renegotiation"), "\(result.errors)")
    }
}
