// `.sallyport/`: a development certificate authority, certificate, key and token, made when missing.
internal import Access
internal import Commands
internal import Core
internal import Crypto
internal import Foundation
internal import Reactor
internal import TLS

/// The folder that `serve --dev` makes and that loadgen reads.
///
/// It holds `ca.pem`, `server.pem`, `server.key`, `tokens.json`, and `token`: the development token in
/// clear, mode 0600.
struct DevelopmentFolder {
    static let defaultPath = DevelopmentFiles.folder
    private static let tokenName = "development"

    let path: String

    init(_ path: String) {
        self.path = path
    }

    var authority: String { DevelopmentCertificates(in: path).authorityPath }
    var certificate: String { DevelopmentCertificates(in: path).certificatePath }
    var key: String { DevelopmentCertificates(in: path).keyPath }
    var tokens: String { path + "/" + DevelopmentFiles.tokens }
    var token: String { path + "/" + DevelopmentFiles.token }

    /// Makes what is missing, and a new certificate where the present one cannot be used any more.
    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        if !hasUsableCertificate { try renewCertificate() }
        try prepareToken()
    }

    private func renewCertificate() throws {
        // `make` never overwrites; what cannot be used any more goes first.
        for file in [authority, certificate, key] {
            if FileManager.default.fileExists(atPath: file) {
                try FileManager.default.removeItem(atPath: file)
            }
        }
        _ = try DevelopmentCertificates.make(in: path)
    }

    private var hasUsableCertificate: Bool {
        guard FileManager.default.fileExists(atPath: authority) else { return false }
        let options = TLSServerOptions(certificateFile: certificate, privateKeyFile: key)
        return (try? TLSContext(server: options)) != nil
    }

    private func prepareToken() throws {
        let editor = TokenFileEditor(tokens, catalog: CommandTable.catalog)
        let entries = FileManager.default.fileExists(atPath: tokens) ? try editor.list() : []
        let isListed = entries.contains { $0.name == DevelopmentFolder.tokenName }
        if isListed, FileManager.default.fileExists(atPath: token) { return }
        // A secret that is not on file any more cannot be told again: it gets a new one.
        if isListed { try editor.revoke(DevelopmentFolder.tokenName) }
        let issued = try editor.add(
            name: DevelopmentFolder.tokenName,
            permissions: ["@all"],
            subscribe: ["*"],
            publish: ["*"],
            nowUnixMilliseconds: SystemClock.now().unixMilliseconds
        )
        let content = Data((issued.credential + "\n").utf8)
        try? FileManager.default.removeItem(atPath: token)
        let isWritten = FileManager.default.createFile(
            atPath: token,
            contents: content,
            attributes: [.posixPermissions: 0o600]
        )
        if !isWritten { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: token]) }
    }
}
