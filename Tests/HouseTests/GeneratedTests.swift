// Code that a generator wrote and that is committed: it is the code of the file that it was made from.
import Foundation
import Testing

@Suite struct GeneratedTests {
    private let folder = House.root.appendingPathComponent("Sources/Wire/Protobuf")

    private func checksum(_ file: URL) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sha256sum", file.path]
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        return String(text.prefix { $0 != " " })
    }

    @Test func theMessagesAreThoseOfTheSchema() throws {
        let sum = try checksum(folder.appendingPathComponent("sallyport.proto"))
        #expect(sum.count == 64)
        let code = try String(
            contentsOf: folder.appendingPathComponent("sallyport.pb.swift"),
            encoding: .utf8
        )
        let last = code.split(separator: "\n").last ?? ""
        #expect(
            last == "// Generated from sallyport.proto with SHA-256 \(sum)",
            "sallyport.proto has changed: ci/proto writes its Swift code anew"
        )
    }

    @Test func whatIsGeneratedStaysOutOfTheRules() throws {
        let sources = try House.sources().map(\.path)
        #expect(sources.contains("Wire/Protobuf/ProtobufDecoder.swift"))
        #expect(!sources.contains("Wire/Protobuf/sallyport.pb.swift"))
    }
}
