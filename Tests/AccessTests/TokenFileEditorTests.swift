// What `sallyport token` does to a file.
import Access
import Core
import Crypto
import Dispatch
import Foundation
import Testing

@Suite struct TokenFileEditorTests {
    let folder: TemporaryFolder
    let editor: TokenFileEditor

    init() throws {
        folder = try TemporaryFolder()
        editor = TokenFileEditor(folder.file, catalog: catalog)
    }

    private func add(_ name: String, expires: Int64? = nil) throws -> IssuedToken {
        try editor.add(
            name: name,
            expiresAtUnixMilliseconds: expires,
            nowUnixMilliseconds: newYear + 1
        )
    }

    private func authority() throws -> TokenAuthority {
        TokenAuthority(try TokenFile.load(folder.file).compile(catalog: catalog))
    }

    private func admits(_ authority: TokenAuthority, _ issued: IssuedToken) -> Bool {
        let credential = bytes(issued.credential)
        return (try? authority.authenticate(credential.span, nowUnixMilliseconds: newYear)) != nil
    }

    private func complaint(_ body: () throws -> Void) throws -> String {
        let error = try #require(throws: TokenFileError.self, performing: body)
        return error.description.replacingOccurrences(of: folder.file + ": ", with: "")
    }

    @Test func anAddedTokenIsLetIn() throws {
        let issued = try add("ci")
        #expect(admits(try authority(), issued))
        let entry = try #require(try editor.list().first)
        #expect(entry.id == issued.id)
        #expect(entry.permissions == TokenPermissions.standard)
        #expect(entry.createdAtUnixMilliseconds == newYear)
        #expect(entry.read == ["*"] && entry.write == ["*"] && entry.publish.isEmpty)
    }

    @Test func everyFieldIsKept() throws {
        let issued = try editor.add(
            name: "all",
            permissions: ["@all", "-FLUSH"],
            read: ["a^*"],
            write: ["b^*", "c"],
            subscribe: ["news"],
            publish: ["news^*"],
            rateLimit: TokenRateLimit(
                commandsPerSecond: 50,
                burst: 70,
                bytesPerSecond: 1 << 20,
                connections: 3,
                categories: [
                    .write: .init(commandsPerSecond: 5),
                    .admin: .init(commandsPerSecond: 1, burst: 9),
                ]
            ),
            hasReservedSlot: true,
            expiresAtUnixMilliseconds: newYear + 1500,
            nowUnixMilliseconds: newYear
        )
        let expected = TokenEntry(
            issued,
            name: "all",
            createdAtUnixMilliseconds: newYear,
            expiresAtUnixMilliseconds: newYear + 1000,
            permissions: ["@all", "-FLUSH"],
            read: ["a^*"],
            write: ["b^*", "c"],
            subscribe: ["news"],
            publish: ["news^*"],
            rateLimit: TokenRateLimit(
                commandsPerSecond: 50,
                burst: 70,
                bytesPerSecond: 1 << 20,
                connections: 3,
                categories: [
                    .write: .init(commandsPerSecond: 5),
                    .admin: .init(commandsPerSecond: 1, burst: 9),
                ]
            ),
            hasReservedSlot: true
        )
        #expect(try editor.list() == [expected])
    }

    @Test func theFileHoldsNoSecretAndIsItsOwnersAlone() throws {
        let issued = try add("ci")
        let secret = String(issued.credential.suffix(TokenCredential.secretCount))
        let text = try folder.text()
        #expect(!text.contains(secret))
        #expect(text.contains("\"hash\" : \"sha256:\(issued.digest.hex)\""))
        #expect(try folder.mode(folder.file) == 0o600)
        _ = try add("other")
        #expect(try folder.mode(folder.file) == 0o600)
        #expect(try folder.mode(folder.file + ".lock") == 0o600)
        #expect(try folder.names() == ["tokens.json", "tokens.json.lock"])
    }

    @Test func whatAKilledEditorLeftIsNoHindrance() throws {
        try "half".write(toFile: folder.file + ".new", atomically: false, encoding: .utf8)
        _ = try add("ci")
        #expect(try folder.names() == ["tokens.json", "tokens.json.lock"])
    }

    @Test func aLinkStaysALink() throws {
        _ = try add("first")
        let link = folder.path + "/link.json"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.file)
        let linked = TokenFileEditor(link, catalog: catalog)
        _ = try linked.add(name: "second", nowUnixMilliseconds: newYear)
        #expect(try editor.list().map(\.name) == ["first", "second"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == folder.file)
    }

    @Test func refusalsSayWhyAndChangeNothing() throws {
        _ = try add("ci")
        let before = try folder.text()
        #expect(
            try complaint { _ = try add("ci") }
                == "token \"ci\": there is one already; choose another name, or rotate that one"
        )
        #expect(
            try complaint { _ = try add("a b") }
                == "token \"a b\", field \"name\": \"a b\" must be 1 to 64 characters of "
                + "A-Z a-z 0-9 . _ -"
        )
        #expect(
            try complaint {
                _ = try editor.add(name: "x", permissions: ["+NO"], nowUnixMilliseconds: newYear)
            } == "token \"x\", field \"permissions\": no command is called \"NO\""
        )
        #expect(
            try complaint { _ = try add("x", expires: newYear) }
                == "token \"x\", field \"expiresAt\": 2026-01-01T00:00:00Z is past"
        )
        #expect(
            try complaint { _ = try add("x", expires: .max) }
                == "token \"x\", field \"expiresAt\": the year must be 1970 to 9999"
        )
        #expect(
            try complaint { try editor.revoke("nobody") }
                == "no token has the identifier or the name \"nobody\""
        )
        #expect(try folder.text() == before)
    }

    @Test func aRefusedFileIsNotChanged() throws {
        _ = try add("ci")
        try folder.setMode(0o644)
        #expect(try complaint { _ = try add("other") }.contains("chmod 600"))
        #expect(try folder.mode(folder.file) == 0o644)
    }

    @Test func revokingAMissingFileMakesNone() throws {
        #expect(try complaint { try editor.revoke("ci") }.contains("No such file or directory"))
        #expect(!(try folder.names()).contains("tokens.json"))
    }

    @Test func revokingEndsSessions() throws {
        let (first, second) = (try add("first"), try add("second"))
        let authority = try authority()
        let open = try #require(authority.snapshot[first.id])
        #expect(try editor.revoke("first").id == first.id)
        authority.replace(with: try TokenFile.load(folder.file).compile(catalog: catalog))
        #expect(authority.current(for: open, nowUnixMilliseconds: newYear) == nil)
        #expect(!admits(authority, first) && admits(authority, second))
        try editor.revoke(second.id.description)
        #expect(try editor.list().isEmpty)
    }

    @Test func rotatingStopsTheOldSecretAtOnce() throws {
        let old = try add("ci", expires: newYear + 5000)
        let new = try editor.rotate("ci", nowUnixMilliseconds: newYear + 3000)
        #expect(new.id == old.id)
        let authority = try authority()
        #expect(!admits(authority, old) && admits(authority, new))
        let entry = try #require(try editor.list().first)
        #expect(entry.createdAtUnixMilliseconds == newYear + 3000)
        #expect(entry.expiresAtUnixMilliseconds == newYear + 5000)
    }

    @Test func anExpiredTokenNeedsANewExpiry() throws {
        _ = try add("ci", expires: newYear + 5000)
        let said = try complaint {
            _ = try editor.rotate("ci", nowUnixMilliseconds: newYear + 5000)
        }
        #expect(said == "token \"ci\", field \"expiresAt\": 2026-01-01T00:00:05Z is past")
        _ = try editor.rotate(
            "ci",
            expiresAtUnixMilliseconds: newYear + 9000,
            nowUnixMilliseconds: newYear + 5000
        )
        #expect(try editor.list().first?.expiresAtUnixMilliseconds == newYear + 9000)
    }

    @Test func aWordForTwoTokensIsRefused() throws {
        let first = try add("first")
        _ = try add(first.id.description)
        #expect(try complaint { try editor.revoke(first.id.description) }.contains("another"))
        #expect(try editor.revoke("first").id == first.id)
    }

    @Test func editorsAtOnceLoseNothing() throws {
        let (threads, each) = (4, 8)
        let file = folder.file
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            // One editor a thread, as if in another process: they share only the lock file.
            let editor = TokenFileEditor(file, catalog: catalog)
            for number in 0..<each {
                _ = try? editor.add(name: "t\(thread)-\(number)", nowUnixMilliseconds: newYear)
                if number % 2 == 1 { _ = try? editor.revoke("t\(thread)-\(number - 1)") }
            }
        }
        let expected = (0..<threads).flatMap { thread in
            stride(from: 1, to: each, by: 2).map { "t\(thread)-\($0)" }
        }
        #expect(Set(try editor.list().map(\.name)) == Set(expected))
    }
}
