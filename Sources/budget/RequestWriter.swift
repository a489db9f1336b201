// What a client of each encoding sends: as much of it as the workloads need.
import Core

/// Writes requests; every word is printable ASCII without spaces, quotes and backslashes.
enum RequestWriter {
    /// The bytes of the request `words`, the command's name first; nil where it is not known how.
    static func bytes(_ words: [String], _ encoding: WireEncoding) -> [UInt8]? {
        switch encoding {
        case .resp2, .resp3: resp(words)
        case .text: Array((words.joined(separator: " ") + "\n").utf8)
        case .json: json(words)
        case .protobuf: protobuf(words)
        }
    }

    private static func resp(_ words: [String]) -> [UInt8] {
        let bulks = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }
        return Array(("*\(words.count)\r\n" + bulks.joined()).utf8)
    }

    private static func json(_ words: [String]) -> [UInt8]? {
        let names = ["GET": ["key"], "SET": ["key", "value"], "INCR": ["key"], "DEL": ["key"]]
        guard let name = words.first, let fields = names[name] ?? (name == "PING" ? [] : nil),
            fields.count == words.count - 1
        else { return nil }
        let members = zip(["action"] + fields, words).map { "\"\($0)\":\"\($1)\"" }
        return Array(("{" + members.joined(separator: ",") + "}\n").utf8)
    }

    /// `[length: UInt32 BE][Request]`; the numbers of the fields are those of `sallyport.proto`.
    private static func protobuf(_ words: [String]) -> [UInt8]? {
        let commands: [String: UInt8] = ["PING": 3, "GET": 9, "SET": 10, "DEL": 11]
        guard let name = words.first, let number = commands[name] else { return nil }
        let arguments = words.dropFirst().enumerated().flatMap { index, word in
            field(UInt8(index + 1), Array(word.utf8))
        }
        let body = field(number, arguments)
        return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - $0 * 8)) } + body
    }

    /// A field of bytes: its number and wire type 2, the length as a varint of two bytes at most.
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        let low = UInt8(bytes.count & 0x7F)
        let length = bytes.count < 0x80 ? [low] : [low | 0x80, UInt8(bytes.count >> 7 & 0x7F)]
        return [number << 3 | 2] + length + bytes
    }
}
