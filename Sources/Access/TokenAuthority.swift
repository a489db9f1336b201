// Who may come in: the tokens of now, shared by all loops.
public import Core
internal import Crypto
internal import Synchronization

/// Decides which token a credential is, and whether an open session's token still counts.
///
/// Any thread may call it. Loops keep the `Token` they were given with the `generation` at which they
/// got it, and ask `current(for:nowUnixMilliseconds:)` again when the generation has changed or the
/// token's expiry has come.
public final class TokenAuthority: Sendable {
    private let tokens: Mutex<TokenSet>
    // Raised behind each change of `tokens`, read without the lock.
    private let changes = Atomic<UInt64>(0)

    /// Starts with `tokens`.
    public init(_ tokens: TokenSet) {
        self.tokens = Mutex(tokens)
    }

    /// How often the tokens were replaced: one atomic load, cheap enough for every request.
    public var generation: UInt64 { changes.load(ordering: .acquiring) }

    /// The tokens of now.
    public var snapshot: TokenSet { tokens.withLock { $0 } }

    /// Puts `set` in the place of the tokens before; the result is the new generation.
    ///
    /// Who sees that generation sees these tokens or later ones. A token that was there before keeps its
    /// meter, so that reading a file again refills no limit.
    @discardableResult
    public func replace(with set: TokenSet) -> UInt64 {
        let next = set.keepingMeters(of: snapshot)
        return tokens.withLock { tokens in
            tokens = next
            return changes.add(1, ordering: .releasing).newValue
        }
    }

    /// The token that `credential` is, be it called what it may.
    ///
    /// Throws `wrongCredential` for whatever is wrong with it, an expired token included, and
    /// `internalError` if nothing can be hashed. An identifier that nobody has costs the same work as
    /// one that somebody has, and digests are compared in constant time.
    public func authenticate(
        _ credential: Span<UInt8>,
        nowUnixMilliseconds: Int64
    ) throws(ServerError) -> Token {
        guard let presented = TokenCredential(credential) else {
            throw ServerError(.wrongCredential)
        }
        let digest: Digest
        do throws(CryptoError) {
            digest = try SHA256.digest(of: presented.secret)
        } catch {
            throw ServerError(.internalError)
        }
        let token = snapshot[presented.id]
        // No secret has the digest of zeros, which stands in where there is no token.
        let isSecret = digest == (token?.digest ?? Digest())
        guard let token, isSecret, !token.isExpired(nowUnixMilliseconds: nowUnixMilliseconds) else {
            throw ServerError(.wrongCredential)
        }
        return token
    }

    /// The token that `credential` is, provided that it is called `name`; errors as without a name.
    public func authenticate(
        _ credential: Span<UInt8>,
        name: Span<UInt8>,
        nowUnixMilliseconds: Int64
    ) throws(ServerError) -> Token {
        let token = try authenticate(credential, nowUnixMilliseconds: nowUnixMilliseconds)
        if !token.isCalled(name) { throw ServerError(.wrongCredential) }
        return token
    }

    /// The token called `name`, for a client whose certificate proved that name; nil if there is none
    /// or it has expired.
    public func token(named name: String, nowUnixMilliseconds: Int64) -> Token? {
        guard let token = snapshot[name: name] else { return nil }
        return token.isExpired(nowUnixMilliseconds: nowUnixMilliseconds) ? nil : token
    }

    /// What an open session's `token` has become: the newest rights of the same secret.
    ///
    /// Nil where the session must end: the token was revoked, its secret was rotated, or it has expired.
    public func current(for token: Token, nowUnixMilliseconds: Int64) -> Token? {
        guard let newest = snapshot[token.id], newest.digest == token.digest else { return nil }
        return newest.isExpired(nowUnixMilliseconds: nowUnixMilliseconds) ? nil : newest
    }
}
