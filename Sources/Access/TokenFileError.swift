// What is wrong with a token file, for the person who must put it right.
internal import Crypto

/// Why a token file cannot be used or changed; it names the file, and the entry and field at fault.
public struct TokenFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's path.
    public var path: String
    /// The entry at fault, such as `token 2 ("ci")`; nil where the whole file is at fault.
    public var token: String?
    /// The field at fault; nil where a whole entry is at fault.
    public var field: String?
    /// What is wrong, in one sentence.
    public var reason: String
    /// Whether the file is not there at all.
    public var isMissing = false

    init(_ path: String, _ reason: String, token: String? = nil, field: String? = nil) {
        self.path = path
        self.token = token
        self.field = field
        self.reason = reason
    }

    init(_ error: FileError) {
        self.init(error.path, error.reason)
        isMissing = error.isMissing
    }

    init(_ path: String, _ error: TokenFieldError, token: String) {
        self.init(path, error.reason, token: token, field: error.field)
    }

    /// One line: the file, then the entry and the field where there are such, then the reason.
    public var description: String {
        let place = [token, field.map { "field \"\($0)\"" }].compactMap(\.self)
        return ([path, place.joined(separator: ", "), reason].filter { !$0.isEmpty })
            .joined(separator: ": ")
    }
}
