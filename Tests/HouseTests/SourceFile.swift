// The sources of the house as text: every file with its room, and the root they hang from.
import Foundation
import Testing

/// One Swift file below `Sources`.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// The path below `Sources`, such as `Wire/Text/TextDecoder.swift`.
    var path: String
    var text: String

    /// The target that the file belongs to.
    var room: String { String(path.prefix { $0 != "/" }) }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var testDescription: String { path }
}

enum House {
    /// The folder that holds `Package.swift`.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What ends the name of a file that a generator wrote, in its style and not in the house's.
    static let generatedSuffix = ".pb.swift"

    /// Every Swift file below `Sources` that was written by hand, by path.
    static func sources() throws -> [SourceFile] {
        let folder = root.appendingPathComponent("Sources")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        let written = names.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(generatedSuffix) }
        return try written.sorted().map { name in
            SourceFile(path: name, text: try read(folder.appendingPathComponent(name)))
        }
    }

    static func manifest() throws -> PackageManifest {
        PackageManifest(try read(root.appendingPathComponent("Package.swift")))
    }

    private static func read(_ file: URL) throws -> String {
        String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}
