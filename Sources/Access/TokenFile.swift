// The token file: reading it, judging it, and writing it back.
public import Core
internal import Crypto

/// The tokens as one file holds them: JSON, `{"version":1,"tokens":[…]}`, mode 0600 or stricter.
///
/// All of it is file input and output: for a control thread or the command line, not for an event loop.
public struct TokenFile: Sendable {
    /// The largest file that is read, in bytes: some twenty thousand tokens.
    public static let maxBytes = 8 << 20
    /// The version of the form that this program reads and writes.
    public static let version = 1

    /// Where it lies.
    public let path: String
    /// Its entries, in order; no two have the same identifier or name.
    public internal(set) var entries: [TokenEntry]

    /// Reads the file at `path`, which must be a regular file that only its owner can use.
    public static func load(_ path: String) throws(TokenFileError) -> TokenFile {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(path, maxBytes: maxBytes)
        } catch {
            throw TokenFileError(error)
        }
        let file = TokenFile(path: path, entries: try TokenFileContent.decode(bytes, path))
        try file.requireUnique()
        return file
    }

    /// Compiles every entry; an unknown permission is an error that names it.
    public func compile(catalog: CommandCatalog) throws(TokenFileError) -> TokenSet {
        var tokens: [Token] = []
        for (index, entry) in entries.enumerated() {
            do throws(PermissionError) {
                tokens.append(try Token(entry, catalog: catalog))
            } catch {
                throw TokenFileError(
                    path,
                    error.description,
                    token: TokenFile.label(index, entry.name),
                    field: "permissions"
                )
            }
        }
        return TokenSet(tokens)
    }

    /// Writes the file whole or not at all, with mode 0600; only under its lock.
    func save() throws(TokenFileError) {
        let bytes = try TokenFileContent.encode(entries, path)
        if bytes.count > TokenFile.maxBytes {
            throw TokenFileError(path, "it would be larger than \(TokenFile.maxBytes) bytes")
        }
        do throws(FileError) {
            try PrivateFile.write(bytes, to: path)
        } catch {
            throw TokenFileError(error)
        }
    }

    /// How messages call the entry at `index`: people count from 1.
    static func label(_ index: Int, _ name: String?) -> String {
        "token \(index + 1)" + (name.map { " (\"\($0)\")" } ?? "")
    }

    private func requireUnique() throws(TokenFileError) {
        var names: [String: Int] = [:]
        var ids: [TokenID: Int] = [:]
        for (index, entry) in entries.enumerated() {
            try require(names.updateValue(index, forKey: entry.name), entry, index, "name")
            try require(ids.updateValue(index, forKey: entry.id), entry, index, "id")
        }
    }

    private func require(
        _ earlier: Int?,
        _ entry: TokenEntry,
        _ index: Int,
        _ field: String
    ) throws(TokenFileError) {
        guard let earlier else { return }
        throw TokenFileError(
            path,
            "token \(earlier + 1) has the same one",
            token: TokenFile.label(index, entry.name),
            field: field
        )
    }
}
