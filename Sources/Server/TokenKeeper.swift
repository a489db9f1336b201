// Keeps the tokens in force what the token file says.
internal import Access
internal import Commands
internal import Core
internal import Synchronization

/// The token file's watcher; without a thread of its own.
final class TokenKeeper: Sendable {
    /// What a look at the file came to.
    enum Outcome: Sendable {
        /// Nothing is new.
        case unchanged
        /// Sessions must be reviewed: so many tokens were loaded, or, without a number, one expired.
        case changed(loaded: Int?)
        /// The file changed and cannot be loaded.
        case failed(TokenFileError)
    }

    private struct Seen {
        var stamp: FileStamp?
        var expiriesReviewed = Int64.min
    }

    private let path: String
    private let seen = Mutex(Seen())

    init(_ path: String) {
        self.path = path
    }

    /// Loads the file.
    func load() throws(TokenFileError) -> TokenSet {
        let stamp = FileStamp.read(path)
        seen.withLock { $0.stamp = stamp }
        return try TokenFile.load(path).compile(catalog: CommandTable.catalog)
    }

    /// Loads the file if it changed or `isAsked`, and notices tokens that have expired since last time.
    func review(isAsked: Bool, authority: TokenAuthority, now: Int64) -> Outcome {
        let stamp = FileStamp.read(path)
        let isNew = seen.withLock { $0.stamp != stamp }
        if isNew || isAsked {
            do throws(TokenFileError) {
                let set = try load()
                _ = authority.replace(with: set)
                return .changed(loaded: set.count)
            } catch {
                return .failed(error)
            }
        }
        return seen.withLock { seen in
            defer { seen.expiriesReviewed = now }
            let next = authority.snapshot.nextExpiry(after: seen.expiriesReviewed)
            guard let next, next <= now else { return .unchanged }
            return .changed(loaded: nil)
        }
    }
}
