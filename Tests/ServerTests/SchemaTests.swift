// The committed JSON Schema says what the command table says, and what the server really answers fits it.
import Commands
import Core
import Foundation
import Testing
import Wire

@Suite struct SchemaTests {
    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Server/Server.docc/sallyport.schema.json").path

    @Test func theCommittedFileIsFresh() throws {
        let fresh = JSONSchema.document(CommandTable.catalog.specs)
        if ProcessInfo.processInfo.environment["UPDATE_SCHEMA"] != nil {
            try fresh.write(toFile: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let present = try String(contentsOfFile: Self.path, encoding: .utf8)
        #expect(present == fresh, "UPDATE_SCHEMA=1 ci/test --filter SchemaTests writes it anew")
    }

    @Test func itIsJSONWithTwoDefinitionsForEachCommand() throws {
        let text = JSONSchema.document(CommandTable.catalog.specs)
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let definitions = try #require(root?["$defs"] as? [String: Any])
        for spec in CommandTable.catalog.specs {
            #expect(definitions["\(spec.name).request"] != nil, "\(spec.name)")
            #expect(definitions["\(spec.name).reply"] != nil, "\(spec.name)")
        }
        for part in text.components(separatedBy: "#/$defs/").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            #expect(definitions[name] != nil, "\(name) is referred to and not there")
        }
    }

    @Test func theProgramPrintsIt() throws {
        let result = try Program.run([try Program.products + "/sallyport", "schema"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == JSONSchema.document(CommandTable.catalog.specs))
    }

    @Test func aSchemaLibraryAcceptsWhatIsSentAndAnswered() throws {
        let server = try ServerProcess()
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let python = ProcessInfo.processInfo.environment["SALLYPORT_TEST_PYTHON"] ?? "python3"
        let result = try Program.run(
            [python, folder + "/json_session.py"],
            environment: [
                "SALLYPORT_PORT": server.port, "SALLYPORT_CA": server.authority,
                "SALLYPORT_TOKEN": server.token, "SALLYPORT_SCHEMA": Self.path,
            ]
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("JSON session: good"))
    }
}
