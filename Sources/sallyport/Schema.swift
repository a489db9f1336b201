// `sallyport schema`: the JSON Schema of requests and replies.
internal import ArgumentParser
internal import Commands
internal import Core
internal import Wire

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the JSON Schema (draft 2020-12) of the JSON encoding.",
        discussion:
            "Each command has its definitions NAME.request and NAME.reply in it; a whole line is a "
            + "requestLine or a replyLine."
    )

    func run() throws {
        print(JSONSchema.document(CommandTable.catalog.specs), terminator: "")
    }
}
