// Certificates made in the process, judged by the openssl program.
import Foundation
import Testing

@testable import Crypto

@Suite struct DevelopmentCertificatesTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func opensslVerifiesThem() throws {
        try DevelopmentCertificates.make(in: folder.path)
        let verify = "openssl verify -x509_strict -CAfile ca.pem"
        _ = try folder.succeed(verify, "server.pem")
        for name in ["-verify_hostname localhost", "-verify_ip 127.0.0.1", "-verify_ip ::1"] {
            _ = try folder.succeed(verify, "-purpose sslserver", name, "server.pem")
        }
        let other = try folder.run(
            "openssl",
            "verify",
            "-CAfile",
            "ca.pem",
            "-verify_hostname",
            "other",
            "server.pem"
        )
        #expect(other.status != 0)
    }

    @Test func theyCarryWhatAServerNeeds() throws {
        try DevelopmentCertificates.make(in: folder.path, extraNames: ["cache.internal"])
        let leaf = try folder.succeed("openssl x509 -in server.pem -noout -text")
        for expected in [
            "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:cache.internal",
            "X509v3 Basic Constraints: critical", "CA:FALSE", "Digital Signature",
            "TLS Web Server Authentication", "X509v3 Authority Key Identifier",
            "X509v3 Subject Key Identifier", "Version: 3", "ecdsa-with-SHA256", "NIST CURVE: P-256",
        ] {
            #expect(leaf.contains(expected), "\(expected)")
        }
        let authority = try folder.succeed("openssl x509 -in ca.pem -noout -text")
        for expected in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
            #expect(authority.contains(expected), "\(expected)")
        }
        _ = try folder.succeed("openssl x509 -in server.pem -noout -checkend 71193600")
    }

    @Test func theKeyIsTheLeafsAndItsOwnersAlone() throws {
        let made = try DevelopmentCertificates.make(in: folder.path)
        #expect(made == DevelopmentCertificates(in: folder.path))
        #expect(try folder.text("server.key").hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let ofKey = try folder.succeed("openssl pkey -in server.key -check -pubout 2>/dev/null")
        let ofLeaf = try folder.succeed("openssl x509 -in server.pem -noout -pubkey")
        #expect(ofKey.contains(ofLeaf))
        #expect(try folder.mode("server.key") == 0o600)
        #expect(try folder.mode("server.pem") == 0o644)
        #expect(try folder.mode("ca.pem") == 0o644)
        let chain = try folder.text("server.pem")
        #expect(chain.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
        #expect(chain.hasSuffix(try folder.text("ca.pem")))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == ["ca.pem", "server.key", "server.pem"])
    }

    @Test func everyRunMakesOthers() throws {
        try DevelopmentCertificates.make(in: folder.path + "/one")
        try DevelopmentCertificates.make(in: folder.path + "/two")
        let serial = "openssl x509 -noout -serial -in"
        let one = try folder.succeed(serial, "one/server.pem")
        #expect(try folder.succeed(serial, "two/server.pem") != one)
        #expect(try folder.succeed(serial, "one/ca.pem") != one)
        #expect(try folder.mode("one") == 0o700)
        let crossed = try folder.run("openssl", "verify", "-CAfile", "two/ca.pem", "one/server.pem")
        #expect(crossed.status != 0)
    }

    @Test(arguments: ["ca.pem", "server.pem", "server.key"])
    func overwritesNothing(name: String) throws {
        let path = folder.path + "/" + name
        try "mine".write(toFile: path, atomically: false, encoding: .utf8)
        let error = #expect(throws: CryptoError.self) {
            try DevelopmentCertificates.make(in: folder.path)
        }
        #expect(error?.description == "\(path): it is there already and is not overwritten")
        #expect(try folder.text(name) == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }

    @Test func saysWhichFolderCannotBeMade() {
        let path = folder.path + "/missing/below"
        let error = #expect(throws: CryptoError.self) { try DevelopmentCertificates.make(in: path) }
        #expect(
            error?.description == "\(path): it cannot be made (No such file or directory)"
        )
    }

    @Test(arguments: ["", "a,IP:192.0.2.1", "a b", "a\nb", String(repeating: "a", count: 254)])
    func refusesNamesThatAreNone(name: String) {
        #expect(throws: CryptoError.self) {
            try DevelopmentCertificates.make(in: folder.path, extraNames: [name])
        }
    }

    @Test func keepsOpenSSLsErrorStack() {
        let subjectAlternativeName: Int32 = 85
        let error = #expect(throws: CryptoError.self) {
            let key = try PrivateKey.generateP256()
            let certificate = try Certificate.unsigned(commonName: "test", key: key, days: 1)
            let wrong = [(nid: subjectAlternativeName, value: "IP:999.0.0.1")]
            try certificate.addExtensions(wrong, authority: certificate)
        }
        #expect(error?.reason == "cannot make the extension IP:999.0.0.1")
        #expect(error?.stack.count == 1)
        #expect(error?.stack.first?.hasSuffix("bad ip address:value=999.0.0.1") == true)
        let several = CryptoError("cannot sign", stack: ["error:1", "error:2"])
        #expect(several.description == "cannot sign: error:1; error:2")
    }
}
