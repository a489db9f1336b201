// certs/make, run as a person would run it.
import Foundation
import Testing

@Suite struct CertificateScriptTests {
    let folder: TemporaryFolder
    let script: String

    init() throws {
        folder = try TemporaryFolder()
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        script = "'" + package.appendingPathComponent("certs/make").path + "'"
    }

    @Test func makesWhatVerifies() throws {
        _ = try folder.succeed(script, "'a folder' --san DNS:cache.internal --client ci --days 7")
        let verify = "cd 'a folder' && openssl verify -x509_strict -CAfile ca.pem"
        _ = try folder.succeed(verify, "-purpose sslserver -verify_hostname localhost server.pem")
        _ = try folder.succeed(verify, "-purpose sslserver -verify_ip ::1 server.pem")
        _ = try folder.succeed(verify, "-verify_hostname cache.internal server.pem")
        _ = try folder.succeed(verify, "-purpose sslclient client.pem")
        let client = try folder.succeed("openssl x509 -in 'a folder/client.pem' -noout -text")
        #expect(client.contains("CN = ci"))
        #expect(client.contains("TLS Web Client Authentication"))
        for name in ["ca", "server", "client"] {
            #expect(try folder.mode("a folder/\(name).key") == 0o600)
        }
    }

    @Test func keepsTheAuthorityUnlessForced() throws {
        _ = try folder.succeed(script)
        let authority = try folder.text(".sallyport/ca.pem")
        let server = try folder.text(".sallyport/server.pem")
        _ = try folder.succeed(script)
        #expect(try folder.text(".sallyport/ca.pem") == authority)
        #expect(try folder.text(".sallyport/server.pem") != server)
        _ = try folder.succeed(script, "--force")
        #expect(try folder.text(".sallyport/ca.pem") != authority)
    }

    @Test(arguments: ["--san foo", "--san", "--days 0", "--client 'a/b'", "--other", "a b"])
    func refusesWhatItDoesNotUnderstand(options: String) throws {
        let process = try folder.run("sh", "-c", script + " " + options)
        #expect(process.status == 1)
        #expect(process.output.hasPrefix("certs/make: "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
