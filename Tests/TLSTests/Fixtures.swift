// Certificates for the tests of this room, in a folder of their own that goes with them.
import Crypto
import Foundation
import Testing

@testable import TLS

final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "sallyport-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of the file called `name`.
    func file(_ name: String) -> String { path + "/" + name }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    /// Runs shell commands in the folder; they must succeed.
    func shell(_ commands: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", commands]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(String(decoding: bytes, as: UTF8.self))")
    }
}

/// A certificate authority, a server that it vouches for, and contexts of both sides.
final class Fixture: Sendable {
    let folder: TemporaryFolder
    let certificates: DevelopmentCertificates

    init() throws {
        folder = try TemporaryFolder()
        certificates = try DevelopmentCertificates.make(in: folder.path)
    }

    func server(protocols: [String] = ["http/1.1"]) throws -> TLSContext {
        try TLSContext(
            server: TLSServerOptions(
                certificateFile: certificates.certificatePath,
                privateKeyFile: certificates.keyPath,
                applicationProtocols: protocols
            )
        )
    }

    func client(protocols: [String] = []) throws -> TLSContext {
        let trust = TLSTrust.authorities(file: certificates.authorityPath)
        return try TLSContext(client: trust, applicationProtocols: protocols)
    }

    /// A client and a server before their first byte.
    func connection(serverName: String? = "localhost") throws -> Connection {
        Connection(
            client: try Peer(client(), serverName: serverName),
            server: try Peer(server())
        )
    }

    /// A client and a server behind their handshake.
    func established(_ pieces: Pieces = .whole) throws -> Connection {
        let connection = try connection()
        try connection.shuttle(pieces)
        try #require(connection.client.session.isEstablished)
        try #require(connection.server.session.isEstablished)
        return connection
    }
}
