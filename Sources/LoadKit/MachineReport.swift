// What every report has for machines: JSON, the same way for all of them.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A report that machines read.
public protocol MachineReport: Codable {}

extension MachineReport {
    /// The report as JSON text, ended by a line feed.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Writes the report to the file at `path`, all of it or nothing.
    public func write(toFile path: String) throws {
        try Self.write(json(), toFile: path)
    }

    /// Writes `text` to the file at `path`, all of it or nothing.
    static func write(_ text: String, toFile path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// Parses what `json` made.
    public init(json text: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
    }
}
