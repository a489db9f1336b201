// `sallyport token`: adds, lists, revokes and rotates tokens.
internal import Access
internal import ArgumentParser
internal import Commands
internal import Core
internal import Reactor

struct Tokens: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Adds, lists, revokes and rotates tokens.",
        discussion: """
            A running server notices the change within a second; sessions of a revoked token end then.
            """,
        subcommands: [Add.self, List.self, Revoke.self, Rotate.self]
    )

    /// Which file.
    struct File: ParsableArguments {
        @Option(help: "The token file.")
        var tokenFile = DevelopmentFolder(DevelopmentFolder.defaultPath).tokens

        var editor: TokenFileEditor {
            TokenFileEditor(tokenFile, catalog: CommandTable.catalog)
        }
    }
}

extension Tokens {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a token and prints it: the only time that it can be seen."
        )

        @OptionGroup var file: File

        @Argument(help: "Its name: 1 to 64 of A-Z a-z 0-9 . _ -")
        var name: String

        @Option(
            help: "What it may run: @category, +COMMAND, -COMMAND or @all; may be given again."
        )
        var permission: [String] = TokenPermissions.standard

        @Option(help: "Keys it may read, as a glob pattern such as users^*; may be given again.")
        var read: [String] = ["*"]

        @Option(help: "Keys it may write, as a glob pattern; may be given again.")
        var write: [String] = ["*"]

        @Option(help: "Channels it may subscribe to, as a glob pattern; may be given again.")
        var subscribe: [String] = []

        @Option(help: "Channels it may publish to, as a glob pattern; may be given again.")
        var publish: [String] = []

        @Option(help: "When it expires, as 2030-01-31T00:00:00Z.")
        var expires: String?

        @OptionGroup var limits: TokenLimitOptions

        func validate() throws { _ = try limits.rateLimit() }

        func run() throws {
            let issued = try file.editor.add(
                name: name,
                permissions: permission,
                read: read,
                write: write,
                subscribe: subscribe,
                publish: publish,
                rateLimit: try limits.rateLimit(),
                hasReservedSlot: limits.reservedSlot,
                expiresAtUnixMilliseconds: try expiry(expires),
                nowUnixMilliseconds: SystemClock.now().unixMilliseconds
            )
            print(issued.credential)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the tokens, a line each.")

        @OptionGroup var file: File

        func run() throws {
            for entry in try file.editor.list() {
                let expires = entry.expiresAtUnixMilliseconds.flatMap {
                    UTCTimestamp.text(unixMilliseconds: $0)
                }
                print(
                    "\(entry.id)  \(entry.name)  expires=\(expires ?? "never")",
                    "permissions=\(entry.permissions.joined(separator: ","))",
                    "read=\(entry.read.joined(separator: ","))",
                    "write=\(entry.write.joined(separator: ","))",
                    "subscribe=\(entry.subscribe.joined(separator: ","))",
                    "publish=\(entry.publish.joined(separator: ","))",
                    separator: "  "
                )
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a token; its open sessions end within a second."
        )

        @OptionGroup var file: File

        @Argument(help: "Its name or identifier.")
        var token: String

        func run() throws {
            let entry = try file.editor.revoke(token)
            print("revoked \(entry.id) \(entry.name)")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a token a new secret and prints it; the old one stops at once."
        )

        @OptionGroup var file: File

        @Argument(help: "Its name or identifier.")
        var token: String

        @Option(help: "When it expires, as 2030-01-31T00:00:00Z; without it, as before.")
        var expires: String?

        func run() throws {
            let issued = try file.editor.rotate(
                token,
                expiresAtUnixMilliseconds: try expiry(expires),
                nowUnixMilliseconds: SystemClock.now().unixMilliseconds
            )
            print(issued.credential)
        }
    }
}

private func expiry(_ text: String?) throws -> Int64? {
    guard let text else { return nil }
    guard let time = UTCTimestamp.unixMilliseconds(text) else {
        throw ValidationError("--expires \(text) is not a time such as 2030-01-31T00:00:00Z.")
    }
    return time
}
