// The JSON of the whole token file: its version, and its entries one by one.
internal import FoundationEssentials

/// The JSON of the whole file.
struct TokenFileContent: Codable {
    var version: Int
    var tokens: [TokenEntry]

    static func decode(_ bytes: [UInt8], _ path: String) throws(TokenFileError) -> [TokenEntry] {
        if bytes.isEmpty { throw TokenFileError(path, "it is empty") }
        do {
            return try JSONDecoder().decode(TokenFileContent.self, from: Data(bytes)).tokens
        } catch let error as TokenFileContentError {
            throw error.located(path)
        } catch let error as DecodingError {
            throw TokenFileError(path, "it is not valid JSON (\(syntaxProblem(error)))")
        } catch {
            throw TokenFileError(path, "it cannot be understood (\(error))")
        }
    }

    static func encode(_ entries: [TokenEntry], _ path: String) throws(TokenFileError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let content = TokenFileContent(version: TokenFile.version, tokens: entries)
        do {
            return Array(try encoder.encode(content)) + [UInt8(ascii: "\n")]
        } catch {
            throw TokenFileError(path, "it cannot be written as JSON (\(error))")
        }
    }

    init(version: Int, tokens: [TokenEntry]) {
        self.version = version
        self.tokens = tokens
    }

    init(from decoder: any Decoder) throws {
        let expected = "it must be an object such as {\"version\": 1, \"tokens\": []}"
        guard let object = try? decoder.container(keyedBy: FieldName.self) else {
            throw TokenFileContentError(reason: expected)
        }
        if let unknown = object.allKeys.map(\.stringValue).first(
            where: { $0 != "version" && $0 != "tokens" }
        ) {
            throw TokenFileContentError(field: unknown, reason: "no field is called that")
        }
        guard let version = try? object.decode(Int.self, forKey: FieldName("version")) else {
            throw TokenFileContentError(field: "version", reason: "it must be \(TokenFile.version)")
        }
        if version != TokenFile.version {
            throw TokenFileContentError(
                field: "version",
                reason: "it is \(version), and this program reads only \(TokenFile.version)"
            )
        }
        self.version = version
        tokens = try TokenFileContent.tokens(object)
    }

    private static func tokens(
        _ object: KeyedDecodingContainer<FieldName>
    ) throws -> [TokenEntry] {
        guard var list = try? object.nestedUnkeyedContainer(forKey: FieldName("tokens")) else {
            throw TokenFileContentError(field: "tokens", reason: "it must be a list of tokens")
        }
        var entries: [TokenEntry] = []
        while !list.isAtEnd {
            do {
                entries.append(try list.decode(TokenEntry.self))
            } catch let error as TokenFieldError {
                throw TokenFileContentError(error, index: list.currentIndex)
            } catch is DecodingError {
                let error = TokenFieldError(field: nil, reason: "it must be an object")
                throw TokenFileContentError(error, index: list.currentIndex)
            }
        }
        return entries
    }

    /// Where the JSON breaks, in the words of the parser where it says so.
    private static func syntaxProblem(_ error: DecodingError) -> String {
        guard case .dataCorrupted(let context) = error else { return "\(error)" }
        return context.underlyingError.map { "\($0)" } ?? context.debugDescription
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: FieldName.self)
        try object.encode(version, forKey: FieldName("version"))
        try object.encode(tokens, forKey: FieldName("tokens"))
    }
}

/// What is wrong in the JSON, before the file's path is known.
private struct TokenFileContentError: Error {
    var token: String?
    var field: String?
    var reason: String

    init(field: String? = nil, reason: String) {
        self.field = field
        self.reason = reason
    }

    init(_ error: TokenFieldError, index: Int) {
        token = TokenFile.label(index, error.token)
        field = error.field
        reason = error.reason
    }

    func located(_ path: String) -> TokenFileError {
        TokenFileError(path, reason, token: token, field: field)
    }
}
