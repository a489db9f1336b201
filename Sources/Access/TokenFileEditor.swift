// Changing the token file: what `sallyport token` does.
public import Core
internal import Crypto

/// Adds, lists, revokes and rotates the tokens of one file.
///
/// Each change reads the file, changes it and replaces it under a lock that all editors share, in this
/// process and in others, so that no change is lost. It waits for disks and locks: not for an event loop.
public struct TokenFileEditor: Sendable {
    /// The file's path, links resolved.
    public let path: String
    private let catalog: CommandCatalog

    /// Makes an editor of the file at `path`, which `add` makes if it is missing.
    public init(_ path: String, catalog: CommandCatalog) {
        self.path = PrivateFile.resolve(path)
        self.catalog = catalog
    }

    /// The entries, in the order of the file.
    public func list() throws(TokenFileError) -> [TokenEntry] {
        try TokenFile.load(path).entries
    }

    /// Adds a token called `name`; its credential is in the result and nowhere else.
    ///
    /// Dates are kept to the second. Throws if the name is taken or a value breaks its rule.
    public func add(
        name: String,
        permissions: [String] = TokenPermissions.standard,
        read: [String] = ["*"],
        write: [String] = ["*"],
        subscribe: [String] = [],
        publish: [String] = [],
        rateLimit: TokenRateLimit? = nil,
        hasReservedSlot: Bool = false,
        expiresAtUnixMilliseconds: Int64? = nil,
        nowUnixMilliseconds: Int64
    ) throws(TokenFileError) -> IssuedToken {
        let issued = try issue { () throws(CryptoError) in try IssuedToken.make() }
        let entry = TokenEntry(
            issued,
            name: name,
            createdAtUnixMilliseconds: nowUnixMilliseconds,
            expiresAtUnixMilliseconds: expiresAtUnixMilliseconds,
            permissions: permissions,
            read: read,
            write: write,
            subscribe: subscribe,
            publish: publish,
            rateLimit: rateLimit,
            hasReservedSlot: hasReservedSlot
        )
        try validate(entry, nowUnixMilliseconds)
        try edit(createsFile: true) { entries throws(TokenFileError) in
            if entries.contains(where: { $0.name == name }) {
                throw TokenFileError(
                    path,
                    "there is one already; choose another name, or rotate that one",
                    token: "token \"\(name)\""
                )
            }
            entries.append(entry)
        }
        return issued
    }

    /// Removes the token whose identifier or name is `token`; the result is the entry it had.
    @discardableResult
    public func revoke(_ token: String) throws(TokenFileError) -> TokenEntry {
        var revoked: TokenEntry?
        try edit(createsFile: false) { entries throws(TokenFileError) in
            revoked = entries.remove(at: try index(of: token, in: entries))
        }
        guard let revoked else { throw notFound(token) }
        return revoked
    }

    /// Gives the token whose identifier or name is `token` a new secret; the old one stops at once.
    ///
    /// Its identifier, name and rights stay, and its expiry unless a new one is given; one that has
    /// expired needs a new one.
    public func rotate(
        _ token: String,
        expiresAtUnixMilliseconds: Int64? = nil,
        nowUnixMilliseconds: Int64
    ) throws(TokenFileError) -> IssuedToken {
        var issued: IssuedToken?
        try edit(createsFile: false) { entries throws(TokenFileError) in
            let index = try index(of: token, in: entries)
            let id = entries[index].id
            let new = try issue { () throws(CryptoError) in try IssuedToken.make(id: id) }
            entries[index].digest = new.digest
            entries[index].createdAtUnixMilliseconds = nowUnixMilliseconds
            if let expiresAtUnixMilliseconds {
                entries[index].expiresAtUnixMilliseconds = expiresAtUnixMilliseconds
            }
            try validateTimes(entries[index], nowUnixMilliseconds)
            issued = new
        }
        guard let issued else { throw notFound(token) }
        return issued
    }
}

extension TokenFileEditor {
    /// Changes the entries under the file's lock and saves them.
    private func edit(
        createsFile: Bool,
        _ change: (inout [TokenEntry]) throws(TokenFileError) -> Void
    ) throws(TokenFileError) {
        // The lock has its own kind of error, so what goes wrong under it is carried out as a value.
        let result: Result<Void, TokenFileError>
        do throws(FileError) {
            result = try PrivateFile.withLock(path) {
                Result { () throws(TokenFileError) in
                    var file = try load(createsFile: createsFile)
                    try change(&file.entries)
                    try file.save()
                }
            }
        } catch {
            throw TokenFileError(error)
        }
        try result.get()
    }

    private func load(createsFile: Bool) throws(TokenFileError) -> TokenFile {
        do throws(TokenFileError) {
            return try TokenFile.load(path)
        } catch {
            if createsFile, error.isMissing { return TokenFile(path: path, entries: []) }
            throw error
        }
    }

    /// Only the new entry's permissions are judged: an entry that an older or newer program wrote must
    /// not stand in the way of revoking another.
    private func validate(_ entry: TokenEntry, _ now: Int64) throws(TokenFileError) {
        let label = "token \"\(entry.name)\""
        do throws(TokenFieldError) {
            try entry.validate()
        } catch {
            throw TokenFileError(path, error, token: label)
        }
        do throws(PermissionError) {
            _ = try TokenPermissions.compile(entry.permissions, catalog: catalog)
        } catch {
            throw TokenFileError(path, error.description, token: label, field: "permissions")
        }
        try validateTimes(entry, now)
    }

    private func validateTimes(_ entry: TokenEntry, _ now: Int64) throws(TokenFileError) {
        guard let expiry = entry.expiresAtUnixMilliseconds else { return }
        let label = "token \"\(entry.name)\""
        guard let text = UTCTimestamp.text(unixMilliseconds: expiry) else {
            throw TokenFileError(
                path,
                "the year must be 1970 to 9999",
                token: label,
                field: "expiresAt"
            )
        }
        if expiry <= now {
            throw TokenFileError(path, "\(text) is past", token: label, field: "expiresAt")
        }
    }

    private func issue(
        _ make: () throws(CryptoError) -> IssuedToken
    ) throws(TokenFileError) -> IssuedToken {
        do throws(CryptoError) {
            return try make()
        } catch {
            throw TokenFileError(path, error.description)
        }
    }

    private func index(of token: String, in entries: [TokenEntry]) throws(TokenFileError) -> Int {
        let found = entries.indices.filter {
            entries[$0].name == token || entries[$0].id.description == token
        }
        guard let first = found.first else { throw notFound(token) }
        if found.count > 1 {
            throw TokenFileError(
                path,
                "\"\(token)\" is the identifier of one token and the name of another; use the other "
                    + "word for the one you mean"
            )
        }
        return first
    }

    private func notFound(_ token: String) -> TokenFileError {
        TokenFileError(path, "no token has the identifier or the name \"\(token)\"")
    }
}
