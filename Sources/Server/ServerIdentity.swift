// The server's UUID: made once, kept in the data directory where there is one.
internal import Foundation

/// The server's UUID.
enum ServerIdentity {
    private static let fileName = "server-id"

    /// The UUID kept in `directory`, made and written there if there is none; a fresh one without a
    /// directory.
    ///
    /// Lower case.
    static func load(_ directory: String?) throws(StartError) -> String {
        guard let directory else { return UUID().uuidString.lowercased() }
        let path = directory + "/" + fileName
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            if FileManager.default.fileExists(atPath: path) {
                let text = try String(contentsOfFile: path, encoding: .utf8)
                let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
                if let known = UUID(uuidString: trimmed) { return known.uuidString.lowercased() }
                throw StartError(
                    "the file \(path) does not hold a UUID; remove it to make a new one"
                )
            }
            let made = UUID().uuidString.lowercased()
            try (made + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return made
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError(
                "cannot use the data directory \(directory): \(error.localizedDescription)"
            )
        }
    }
}

/// The number of processor cores that this process may use, at least 1.
func coreCount() -> Int {
    max(1, ProcessInfo.processInfo.activeProcessorCount)
}
