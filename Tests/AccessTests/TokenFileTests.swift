// Reading token files: good ones, and what is said about bad ones.
import Access
import Core
import Crypto
import Foundation
import Testing

@Suite struct TokenFileTests {
    let folder: TemporaryFolder
    private static let hash = "sha256:" + String(repeating: "ab", count: 32)
    private static let entry: [String: String] = [
        "id": "\"abcdefghijkl\"", "name": "\"ci\"", "hash": "\"\(hash)\"",
        "createdAt": "\"2026-01-01T00:00:00Z\"", "permissions": "[\"@read\"]", "read": "[\"*\"]",
        "write": "[]",
    ]

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A file of one entry with `field` replaced, or left out if `value` is nil.
    private func file(_ field: String = "name", _ value: String? = "\"ci\"") -> String {
        var entry = Self.entry
        entry[field] = value
        return "{\"version\": 1, \"tokens\": [\(object(entry))]}"
    }

    private func object(_ fields: [String: String]) -> String {
        "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    /// What is said about a file of this text, without its path.
    private func complaint(_ text: String) throws -> String {
        try folder.write(text)
        let error = try #require(
            throws: TokenFileError.self,
            performing: { _ = try TokenFile.load(folder.file).compile(catalog: catalog) }
        )
        let path = folder.file + ": "
        #expect(error.description.hasPrefix(path))
        return String(error.description.dropFirst(path.count))
    }

    @Test func readsAnEntry() throws {
        try folder.write(file("expiresAt", "\"2030-06-30T12:00:00Z\""))
        let file = try TokenFile.load(folder.file)
        let entry = try #require(file.entries.first)
        #expect(entry.id.description == "abcdefghijkl")
        #expect(entry.createdAtUnixMilliseconds == newYear)
        #expect(entry.expiresAtUnixMilliseconds == 1_909_051_200_000)
        #expect(entry.subscribe.isEmpty && entry.rateLimit == nil)
        let set = try file.compile(catalog: catalog)
        #expect(set.count == 1)
        #expect(set[entry.id]?.readsEverything == true)
        #expect(set[name: "ci"]?.digest.hex == String(repeating: "ab", count: 32))
    }

    @Test func readsAFileWithoutTokens() throws {
        try folder.write("{\"version\":1,\"tokens\":[]}")
        #expect(try TokenFile.load(folder.file).entries.isEmpty)
    }

    @Test(arguments: [
        ("id", "\"ABC\"", "it must be 12 characters of a-z 0-9"),
        ("id", nil, "it is missing; it must be 12 characters of a-z 0-9"),
        ("hash", "\"sha256:00\"", "it must be sha256:<64 hexadecimal digits>"),
        ("hash", "\"md5:00\"", "it must be sha256:<64 hexadecimal digits>"),
        ("createdAt", "0", "it must be a UTC time such as 2031-01-31T23:59:59Z"),
        ("expiresAt", "\"tomorrow\"", "it must be a UTC time such as 2031-01-31T23:59:59Z"),
        (
            "expiresAt", "\"2030-02-30T00:00:00Z\"",
            "it must be a UTC time such as 2031-01-31T23:59:59Z"
        ),
        ("permissions", "\"@read\"", "it must be a list of texts"),
        ("permissions", "null", "it is missing; it must be a list of texts"),
        ("permissions", "[\"+NOPE\"]", "no command is called \"NOPE\""),
        ("read", "[1]", "it must be a list of texts"),
        ("write", "[\"\"]", "a pattern must be 1 to 1024 bytes, and one has 0"),
        ("publish", "{}", "it must be a list of texts"),
        ("rateLimit", "5", "it must be an object such as {\"commandsPerSecond\": 100}"),
        ("rateLimit", "{\"commandsPerSecond\": 0}", "commandsPerSecond must be above 0"),
        ("rateLimit", "{\"commandsPerSecond\": 1.5}", "commandsPerSecond must be a whole number"),
        ("rateLimit", "{\"bytesPerSecond\": -1}", "bytesPerSecond must be above 0"),
        ("rateLimit", "{\"connections\": null}", "connections must be a whole number"),
        ("rateLimit", "{\"burst\": 5}", "burst needs commandsPerSecond"),
        ("rateLimit", "{\"perSecond\": 5}", "no field of it is called \"perSecond\""),
        ("rateLimit", "{\"categories\": 5}", "categories must be an object"),
        ("rateLimit", "{\"categories\": {\"all\": {}}}", "categories has no \"all\""),
        ("rateLimit", "{\"categories\": {\"read\": 5}}", "categories.read must be an object"),
        (
            "rateLimit", "{\"categories\": {\"read\": {}}}",
            "categories.read.commandsPerSecond is missing"
        ),
        (
            "rateLimit", "{\"categories\": {\"read\": {\"commandsPerSecond\": 0}}}",
            "categories.read.commandsPerSecond must be above 0"
        ),
        (
            "rateLimit", "{\"categories\": {\"read\": {\"rate\": 1}}}",
            "no field of it is called \"categories.read.rate\""
        ),
        ("reservedSlots", "1", "it must be true or false"),
        ("expiresat", "\"2030-01-01T00:00:00Z\"", "no field is called that"),
    ])
    func wrongFieldsAreNamed(field: String, value: String?, reason: String) throws {
        let said = try complaint(file(field, value))
        #expect(said == "token 1 (\"ci\"), field \"\(field)\": \(reason)")
    }

    @Test func wrongNamesAreNamed() throws {
        let rule = "must be 1 to 64 characters of A-Z a-z 0-9 . _ -"
        #expect(
            try complaint(file("name", "\"a b\""))
                == "token 1 (\"a b\"), field \"name\": \"a b\" \(rule)"
        )
        #expect(try complaint(file("name", "\"\"")).hasSuffix("field \"name\": \"\" \(rule)"))
        #expect(
            try complaint(file("name", "\"\(String(repeating: "a", count: 65))\"")).hasSuffix(rule)
        )
        #expect(
            try complaint(file("name", nil))
                == "token 1, field \"name\": it is missing; it must be text"
        )
        try folder.write(file("name", "\"\(String(repeating: "a", count: 64))\""))
        #expect(try TokenFile.load(folder.file).entries.count == 1)
    }

    @Test func patternsHaveTheirLimits() throws {
        let many = "[" + (0..<257).map { "\"p\($0)\"" }.joined(separator: ",") + "]"
        #expect(
            try complaint(file("read", many))
                == "token 1 (\"ci\"), field \"read\": 257 patterns are more than the 256 allowed"
        )
        let long = String(repeating: "a", count: 1025)
        #expect(try complaint(file("subscribe", "[\"\(long)\"]")).hasSuffix("and one has 1025"))
    }

    @Test func duplicatesAreNamed() throws {
        var other = Self.entry
        other["id"] = "\"000000000000\""
        let sameName = "{\"version\":1,\"tokens\":[\(object(Self.entry)),\(object(other))]}"
        #expect(
            try complaint(sameName) == "token 2 (\"ci\"), field \"name\": token 1 has the same one"
        )
        other["name"] = "\"other\""
        other["id"] = Self.entry["id"]
        let sameID = "{\"version\":1,\"tokens\":[\(object(Self.entry)),\(object(other))]}"
        #expect(
            try complaint(sameID) == "token 2 (\"other\"), field \"id\": token 1 has the same one"
        )
    }

    @Test(arguments: [
        ("", "it is empty"),
        ("[]", "it must be an object such as {\"version\": 1, \"tokens\": []}"),
        ("{\"tokens\": []}", "field \"version\": it must be 1"),
        (
            "{\"version\": 2, \"tokens\": []}",
            "field \"version\": it is 2, and this program reads only 1"
        ),
        ("{\"version\": 1}", "field \"tokens\": it must be a list of tokens"),
        ("{\"version\": 1, \"tokens\": [7]}", "token 1: it must be an object"),
        ("{\"version\": 1, \"tokens\": [], \"x\": 1}", "field \"x\": no field is called that"),
    ])
    func wrongFilesAreExplained(text: String, said: String) throws {
        #expect(try complaint(text) == said)
    }

    @Test(arguments: ["{", "{\"version\": 1, \"tokens\": [}", "nonsense", "{\"version\": 1,}x"])
    func brokenJSONIsSaidToBe(text: String) throws {
        let said = try complaint(text)
        #expect(said.hasPrefix("it is not valid JSON ("), "\(said)")
    }
}

@Suite struct TokenFileAccessTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("{\"version\":1,\"tokens\":[]}")
    }

    private func complaint(_ path: String) throws -> String {
        try #require(throws: TokenFileError.self) { try TokenFile.load(path) }.description
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o660, 0o666, 0o644])
    func filesThatOthersCanUseAreRefused(mode: Int) throws {
        try folder.setMode(mode)
        #expect(
            try complaint(folder.file)
                == "\(folder.file): its group or others have access to it (its mode is "
                + "0\(String(mode, radix: 8))); run chmod 600 on it"
        )
    }

    @Test(arguments: [0o600, 0o400])
    func strictModesAreAccepted(mode: Int) throws {
        try folder.setMode(mode)
        #expect(try TokenFile.load(folder.file).entries.isEmpty)
    }

    @Test func onlyRegularFilesAreRead() throws {
        #expect(try complaint(folder.path) == "\(folder.path): it is not a regular file")
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(try complaint(pipe) == "\(pipe): it is not a regular file")
    }

    @Test func aMissingFileIsSaidToBeMissing() throws {
        let path = folder.path + "/none.json"
        let error = try #require(throws: TokenFileError.self) { try TokenFile.load(path) }
        #expect(error.isMissing)
        #expect(error.description == "\(path): it cannot be opened (No such file or directory)")
    }

    @Test func filesThatAreTooLargeAreRefused() throws {
        try folder.write(String(repeating: " ", count: TokenFile.maxBytes + 1))
        #expect(
            try complaint(folder.file)
                == "\(folder.file): it is larger than the 8388608 bytes allowed"
        )
    }

    @Test func stampsTellContentsApart() throws {
        let first = try #require(FileStamp.read(folder.file))
        #expect(FileStamp.read(folder.file) == first)
        _ = try TokenFileEditor(folder.file, catalog: catalog).add(
            name: "a",
            nowUnixMilliseconds: newYear
        )
        #expect(FileStamp.read(folder.file) != first)
        #expect(FileStamp.read(folder.path + "/none") == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", newYear),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ])
    func timesComeBack(text: String, milliseconds: Int64) {
        #expect(UTCTimestamp.unixMilliseconds(text) == milliseconds)
        #expect(UTCTimestamp.text(unixMilliseconds: milliseconds) == text)
        #expect(UTCTimestamp.text(unixMilliseconds: milliseconds + 999) == text)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00z",
        "99999-01-01T00:00:00Z", "2026-01-01T00:00:00Zx", "1969-12-31T23:59:59Z",
    ])
    func otherTimesAreRefused(text: String) {
        #expect(UTCTimestamp.unixMilliseconds(text) == nil)
    }

    @Test(arguments: [Int64.min, -1, .max, 253_402_300_800_000])
    func timesOutOfRangeHaveNoText(milliseconds: Int64) {
        #expect(UTCTimestamp.text(unixMilliseconds: milliseconds) == nil)
    }
}
