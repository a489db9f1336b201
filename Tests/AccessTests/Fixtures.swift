// What the tests of this room share: a small command table, and a folder of a test's own.
import Access
import Core
import Crypto
import Foundation
import Testing

/// Numbers: PING 0, GET 1, MGET 2, SET 3, DEL 4, FLUSH 5, INFO 6.
let catalog = CommandCatalog([
    spec("PING", .open), spec("GET", .read), spec("MGET", .read), spec("SET", .write),
    spec("DEL", .write, aliases: ["REMOVE"]), spec("FLUSH", .admin), spec("INFO", .information),
])

private func spec(
    _ name: String,
    _ category: CommandCategory,
    aliases: [String] = []
) -> CommandSpec {
    CommandSpec(
        name,
        aliases: aliases,
        group: .keys,
        category: category,
        summary: "For tests.",
        reply: .status
    )
}

/// The names of the commands in `set`, in the order of the table.
func names(_ set: CommandSet) -> [String] {
    catalog.specs.enumerated().filter { set.contains($0.offset) }.map(\.element.name)
}

/// 2026-01-01T00:00:00Z.
let newYear: Int64 = 1_767_225_600_000

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension TokenEntry {
    static func make(
        _ issued: IssuedToken,
        _ name: String = "test",
        expires: Int64? = nil,
        permissions: [String] = TokenPermissions.standard,
        read: [String] = ["*"],
        write: [String] = ["*"]
    ) -> TokenEntry {
        TokenEntry(
            issued,
            name: name,
            createdAtUnixMilliseconds: newYear,
            expiresAtUnixMilliseconds: expires,
            permissions: permissions,
            read: read,
            write: write
        )
    }
}

final class TemporaryFolder: Sendable {
    let path: String
    /// Where the token file of the test belongs.
    var file: String { path + "/tokens.json" }

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

    /// Writes the token file as it must not be written: by hand, with any content and mode.
    func write(_ text: String, mode: Int = 0o600) throws {
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        try setMode(mode)
    }

    func setMode(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }

    func mode(_ path: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    func text() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
