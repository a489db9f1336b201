// Certificates for `sallyport serve --dev`, made without the openssl program.
internal import COpenSSL

/// A certificate authority and a server certificate for one machine, and where they lie.
///
/// The authority's private key is never written: it signs one certificate and is destroyed, so that
/// trusting `ca.pem` trusts this one server and nothing else.
public struct DevelopmentCertificates: Equatable, Sendable {
    /// The authority's certificate, which clients must trust.
    public let authorityPath: String
    /// The server's certificate, then the authority's.
    public let certificatePath: String
    /// The server's private key: PKCS #8 in PEM, mode 0600.
    public let keyPath: String

    /// The days that both certificates are valid: the most that Apple's clients accept of a leaf.
    static let validDays: Int32 = 825

    /// The paths in `folder`, whether or not the files are there.
    public init(in folder: String) {
        authorityPath = folder + "/ca.pem"
        certificatePath = folder + "/server.pem"
        keyPath = folder + "/server.key"
    }

    /// Makes the three files in `folder`, which is made, with mode 0700, if it is missing.
    ///
    /// The names are `localhost`, `127.0.0.1`, `::1`, and the DNS names of `extraNames`. It overwrites
    /// nothing: a file that is there already is an error that names it. It writes files and takes a
    /// millisecond or two of computing: not for an event loop.
    @discardableResult
    public static func make(
        in folder: String,
        extraNames: [String] = []
    ) throws(CryptoError) -> DevelopmentCertificates {
        let alternativeNames = try alternativeNames(extraNames)
        let made = DevelopmentCertificates(in: folder)
        do {
            try PrivateFile.makeFolder(folder)
            for path in [made.authorityPath, made.certificatePath, made.keyPath] {
                try PrivateFile.requireAbsent(path)
            }
        } catch {
            throw CryptoError(error.description)
        }
        let pem = try makePEM(alternativeNames: alternativeNames)
        do {
            try PrivateFile.write(pem.key, to: made.keyPath)
            try PrivateFile.write(pem.leaf + pem.authority, to: made.certificatePath, mode: 0o644)
            try PrivateFile.write(pem.authority, to: made.authorityPath, mode: 0o644)
        } catch {
            throw CryptoError(error.description)
        }
        return made
    }

    /// The value of the subject alternative name extension.
    private static func alternativeNames(_ extra: [String]) throws(CryptoError) -> String {
        for name in extra where !isDNSName(name) {
            throw CryptoError("\"\(name)\" is not a DNS name that a certificate can carry")
        }
        let names = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"] + extra.map { "DNS:\($0)" }
        return names.joined(separator: ",")
    }

    /// Whether `name` has only what a host name or a wildcard has; a comma would begin a new name.
    private static func isDNSName(_ name: String) -> Bool {
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "*"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return (1...253).contains(name.utf8.count) && name.utf8.allSatisfy(isAllowed)
    }

    private static func makePEM(
        alternativeNames: String
    ) throws(CryptoError) -> (authority: [UInt8], leaf: [UInt8], key: [UInt8]) {
        let authorityKey = try PrivateKey.generateP256()
        let authority = try Certificate.unsigned(
            commonName: "Sallyport development CA",
            key: authorityKey,
            days: validDays
        )
        try authority.setSelfAsIssuer()
        try authority.addExtensions(authorityExtensions, authority: authority)
        try authority.sign(with: authorityKey)

        let key = try PrivateKey.generateP256()
        let leaf = try Certificate.unsigned(commonName: "localhost", key: key, days: validDays)
        try leaf.setIssuer(authority)
        try leaf.addExtensions(leafExtensions(alternativeNames), authority: authority)
        try leaf.sign(with: authorityKey)
        return (try authority.pem(), try leaf.pem(), try key.pem())
    }

    /// RFC 5280 section 4.2: what makes a certificate an authority's.
    private static var authorityExtensions: [(nid: Int32, value: String)] {
        [
            (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
            (NID_key_usage, "critical,keyCertSign,cRLSign"),
            (NID_subject_key_identifier, "hash"),
        ]
    }

    /// RFC 5280 section 4.2: what makes a certificate a TLS server's.
    private static func leafExtensions(_ alternativeNames: String) -> [(nid: Int32, value: String)]
    {
        [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth"),
            (NID_subject_alt_name, alternativeNames),
            (NID_subject_key_identifier, "hash"),
            (NID_authority_key_identifier, "keyid:always"),
        ]
    }
}
