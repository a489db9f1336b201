// Who is let in, and what becomes of those who are in.
import Access
import Core
import Crypto
import Testing

@Suite struct AuthorityTests {
    let issued: IssuedToken
    let entry: TokenEntry
    let authority: TokenAuthority

    init() throws {
        issued = try IssuedToken.make()
        entry = .make(issued, "ci", expires: newYear + 1000)
        authority = TokenAuthority(try TokenSet([entry], catalog: catalog))
    }

    private func authenticate(_ credential: String, at now: Int64 = newYear) throws -> Token {
        let credential = bytes(credential)
        return try authority.authenticate(credential.span, nowUnixMilliseconds: now)
    }

    private func authenticate(_ credential: String, name: String) throws -> Token {
        let (credential, name) = (bytes(credential), bytes(name))
        return try authority.authenticate(
            credential.span,
            name: name.span,
            nowUnixMilliseconds: newYear
        )
    }

    private func replace(_ entries: TokenEntry...) throws -> UInt64 {
        authority.replace(with: try TokenSet(entries, catalog: catalog))
    }

    @Test func theRightSecretIsLetIn() throws {
        let token = try authenticate(issued.credential)
        #expect(token.id == issued.id)
        #expect(token.name == "ci")
        #expect(token.expiresAtUnixMilliseconds == newYear + 1000)
        #expect(names(token.commands) == ["PING", "GET", "MGET", "SET", "DEL", "INFO"])
    }

    @Test func everythingElseIsRefusedAlike() throws {
        let refused = ServerError(.wrongCredential)
        let sameID = try IssuedToken.make(id: issued.id).credential
        let unknown = try IssuedToken.make().credential
        for credential in [sameID, unknown, "", "sp_", issued.credential + "x"] {
            #expect(throws: refused) { try authenticate(credential) }
        }
        for name in ["cI", "c", "cii", "", "default"] {
            #expect(throws: refused) { try authenticate(issued.credential, name: name) }
        }
        #expect(throws: refused) { try authenticate(sameID, name: "ci") }
        #expect(try authenticate(issued.credential, name: "ci").id == issued.id)
    }

    @Test func expiryIsTheFirstMillisecondRefused() throws {
        let token = try authenticate(issued.credential, at: newYear + 999)
        #expect(throws: ServerError(.wrongCredential)) {
            try authenticate(issued.credential, at: newYear + 1000)
        }
        #expect(authority.current(for: token, nowUnixMilliseconds: newYear + 999) != nil)
        #expect(authority.current(for: token, nowUnixMilliseconds: newYear + 1000) == nil)
        #expect(authority.token(named: "ci", nowUnixMilliseconds: newYear + 999) === token)
        #expect(authority.token(named: "ci", nowUnixMilliseconds: newYear + 1000) == nil)
        #expect(authority.token(named: "other", nowUnixMilliseconds: newYear) == nil)
    }

    @Test func theNextExpiryIsTheEarliestStillToCome() throws {
        let expiries: [Int64?] = [nil, newYear + 3000, newYear + 1000, newYear + 2000]
        var entries: [TokenEntry] = []
        for expiry in expiries {
            entries.append(.make(try .make(), "t\(entries.count)", expires: expiry))
        }
        let set = try TokenSet(entries, catalog: catalog)
        #expect(set.count == 4)
        #expect(set.nextExpiry(after: newYear) == newYear + 1000)
        #expect(set.nextExpiry(after: newYear + 1000) == newYear + 2000)
        #expect(set.nextExpiry(after: newYear + 3000) == nil)
        #expect(TokenSet.none.nextExpiry(after: 0) == nil)
    }

    @Test func anOpenSessionGetsItsNewRights() throws {
        let token = try authenticate(issued.credential)
        #expect(authority.generation == 0)
        #expect(authority.current(for: token, nowUnixMilliseconds: newYear) === token)
        var changed = entry
        changed.permissions = ["@read"]
        changed.name = "renamed"
        #expect(try replace(changed) == 1)
        #expect(authority.generation == 1)
        let newest = try #require(authority.current(for: token, nowUnixMilliseconds: newYear))
        #expect(names(newest.commands) == ["PING", "GET", "MGET"])
        #expect(newest.name == "renamed")
    }

    @Test func revokedOrRotatedSessionsEnd() throws {
        let token = try authenticate(issued.credential)
        let rotated = try IssuedToken.make(id: issued.id)
        var changed = entry
        changed.digest = rotated.digest
        #expect(try replace(changed) == 1)
        #expect(authority.current(for: token, nowUnixMilliseconds: newYear) == nil)
        #expect(throws: ServerError(.wrongCredential)) { try authenticate(issued.credential) }
        let after = try authenticate(rotated.credential)
        #expect(try replace() == 2)
        #expect(authority.current(for: after, nowUnixMilliseconds: newYear) == nil)
        #expect(throws: ServerError(.wrongCredential)) { try authenticate(rotated.credential) }
    }

    @Test func theDigestOfZerosOpensNothing() throws {
        // The stand-in for unknown identifiers must not become a way in.
        #expect(throws: ServerError(.wrongCredential)) {
            try authenticate("sp_000000000000_" + String(repeating: "0", count: 43))
        }
    }
}
