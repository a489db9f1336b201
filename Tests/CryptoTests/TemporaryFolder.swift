// A folder of a test's own, gone with the test; and programs run in it.
import Foundation
import Testing

final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "sallyport-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }

    func mode(_ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    /// Runs a program in the folder; what it wrote, and its exit code.
    ///
    /// A missing program is exit 127.
    @discardableResult
    func run(_ command: String...) throws -> (output: String, status: Int32) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: bytes, as: UTF8.self), process.terminationStatus)
    }

    /// Runs a program that must succeed; what it wrote.
    func succeed(_ command: String...) throws -> String {
        let process = try run("sh", "-c", command.joined(separator: " "))
        try #require(process.status == 0, "\(command): \(process.output)")
        return process.output
    }
}
