// What a server started for development leaves for its clients to find.
internal import Core

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The folder that `sallyport serve --dev` makes: `.sallyport`, with `ca.pem` and `token`.
public struct DevelopmentFolder: Sendable, Equatable {
    /// The folder's name.
    public static let name = DevelopmentFiles.folder

    /// The folder's path.
    public let path: String

    /// The certificate authority of the server's certificate.
    public var authorityFile: String { path + "/" + DevelopmentFiles.authority }
    /// The file with the token.
    public var tokenFile: String { path + "/" + DevelopmentFiles.token }

    /// Takes the folder at `path`, whatever is there.
    public init(path: String) {
        self.path = path
    }

    /// Finds the folder in `directory` or the nearest parent that has one; nil if there is none.
    public static func find(from directory: String) -> DevelopmentFolder? {
        var current = directory
        while true {
            let candidate = (current == "/" ? "" : current) + "/" + name
            if FileManager.default.fileExists(atPath: candidate + "/" + DevelopmentFiles.authority)
            {
                return DevelopmentFolder(path: candidate)
            }
            guard current != "/", let slash = current.lastIndex(of: "/") else { return nil }
            current = slash == current.startIndex ? "/" : String(current[..<slash])
        }
    }

    /// Finds the folder from the current directory on.
    public static func find() -> DevelopmentFolder? {
        find(from: FileManager.default.currentDirectoryPath)
    }

    /// Reads a token from a file: its first line, without white space around it.
    public static func token(inFile path: String) throws(LoadError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unready("cannot read the token file \(path)")
        }
        let text = String(decoding: data.prefix(4096), as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).first ?? ""
        let token = line.filter { !$0.isWhitespace }
        if token.isEmpty { throw .unready("the token file \(path) is empty") }
        return token
    }
}
