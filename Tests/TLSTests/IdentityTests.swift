// A server's certificate and key that cannot be used: each message names the file and the reason.
import Testing

@testable import TLS

@Suite struct IdentityTests {
    private let fixture: Fixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try Fixture() }

    /// What is said of these two files, by name.
    private func refusal(certificate: String, key: String) -> TLSError? {
        let options = TLSServerOptions(
            certificateFile: folder.file(certificate),
            privateKeyFile: folder.file(key)
        )
        return #expect(throws: TLSError.self) { try TLSContext(server: options) }
    }

    @Test func missingFiles() {
        let certificate = refusal(certificate: "none.pem", key: "server.key")
        let path = folder.path
        #expect(
            certificate?.description
                == "cannot read the certificate file \(path)/none.pem: No such file or directory"
        )
        let key = refusal(certificate: "server.pem", key: "none.key")
        #expect(
            key?.description
                == "cannot read the private key file \(path)/none.key: No such file or directory"
        )
    }

    @Test(arguments: ["", "not PEM\n", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    func filesThatAreNotPEM(text: String) throws {
        try folder.write("text", text)
        let file = folder.file("text")
        let certificate = refusal(certificate: "text", key: "server.key")
        #expect(certificate?.context == "the certificate file \(file) is not a PEM certificate")
        #expect(certificate?.stack.isEmpty == false)
        let key = refusal(certificate: "server.pem", key: "text")
        #expect(
            key?.context
                == "the private key file \(file) is not a PEM private key without a passphrase"
        )
        #expect(key?.stack.isEmpty == false)
    }

    @Test func filesTheWrongWayRound() {
        let error = refusal(certificate: "server.key", key: "server.pem")
        let file = folder.file("server.key")
        #expect(error?.context == "the certificate file \(file) is not a PEM certificate")
    }

    @Test func aFolder() throws {
        try folder.shell("mkdir folder")
        #expect(
            refusal(certificate: "folder", key: "server.key")?.context.contains("/folder ") == true
        )
        #expect(
            refusal(certificate: "server.pem", key: "folder")?.context.contains("/folder ") == true
        )
    }

    @Test(arguments: [
        "openssl ecparam -name prime256v1 -genkey -noout -out other.key",
        "openssl genrsa -out other.key 2048",
    ])
    func aKeyOfAnotherCertificate(command: String) throws {
        try folder.shell(command)
        let error = refusal(certificate: "server.pem", key: "other.key")
        #expect(
            error?.description == "the private key in \(folder.file("other.key")) does not belong "
                + "to the certificate in \(folder.file("server.pem"))"
        )
    }

    @Test(arguments: ["openssl ec -aes256", "openssl pkcs8 -topk8"])
    func aKeyWithAPassphrase(command: String) throws {
        try folder.shell("\(command) -in server.key -passout pass:secret -out locked.key")
        let error = refusal(certificate: "server.pem", key: "locked.key")
        let file = folder.file("locked.key")
        #expect(
            error?.context
                == "the private key file \(file) is not a PEM private key without a passphrase"
        )
    }

    @Test func anExpiredCertificate() throws {
        try folder.shell(
            """
            openssl req -new -key server.key -subj /CN=localhost -out server.csr
            openssl x509 -req -in server.csr -signkey server.key -days -1 -out expired.pem
            """
        )
        let error = refusal(certificate: "expired.pem", key: "server.key")
        let start = "the certificate in \(folder.file("expired.pem")) expired on "
        #expect(error?.description.hasPrefix(start) == true)
        #expect(error?.description.hasSuffix(" GMT") == true)
    }

    @Test func aCertificateOfTheFuture() throws {
        try folder.write(
            "ca.cnf",
            """
            [ca]
            default_ca = own
            [own]
            database = index.txt
            serial = serial
            new_certs_dir = .
            default_md = sha256
            policy = any
            [any]
            commonName = supplied

            """
        )
        try folder.shell(
            """
            openssl req -new -key server.key -subj /CN=localhost -out server.csr
            : > index.txt
            echo 01 > serial
            openssl ca -batch -config ca.cnf -selfsign -keyfile server.key -in server.csr \
                -startdate 20900101000000Z -enddate 20910101000000Z -notext -out future.pem
            """
        )
        let error = refusal(certificate: "future.pem", key: "server.key")
        let file = folder.file("future.pem")
        #expect(
            error?.description
                == "the certificate in \(file) is not valid before Jan  1 00:00:00 2090 GMT"
        )
    }

    @Test func goodFilesAreTaken() throws {
        _ = try fixture.server()
        try folder.shell("openssl ec -in server.key -out plain.key")
        let options = TLSServerOptions(
            certificateFile: folder.file("server.pem"),
            privateKeyFile: folder.file("plain.key")
        )
        _ = try TLSContext(server: options)
    }

    @Test func errorsShowTheirStack() {
        #expect(TLSError("it failed").description == "it failed")
        #expect(TLSError("it failed", stack: ["a", "b"]).description == "it failed (a; b)")
    }
}
