// How a protobuf client writes a command and reads the reply: with the generated messages.
import Core
import Foundation
import SwiftProtobuf

@testable import Commands
@testable import Wire

/// Frames: `[length: 4 bytes, big-endian][message]`.
enum ProtobufRequest {
    static func bytes(_ words: [[UInt8]]) -> [UInt8]? {
        guard let first = words.first, let name = String(validating: first, as: UTF8.self) else {
            return nil
        }
        var request = SallyportRequest()
        request.id = 7
        request.generic.name = name
        request.generic.arguments = words.dropFirst().map { Data($0) }
        guard let body: [UInt8] = try? request.serializedBytes() else { return nil }
        let length = UInt32(body.count)
        return stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: length >> $0) }
            + body
    }
}

enum ProtobufReply {
    static func value(_ bytes: [UInt8]) -> WireValue? {
        guard bytes.count >= 4 else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length == bytes.count - 4, bytes.count > 4,
            let response = try? SallyportResponse(serializedBytes: Array(bytes.dropFirst(4))),
            response.id == 7, response.unknownFields.data.isEmpty, let result = response.result
        else { return nil }
        switch result {
        case .error(let error): return .error(error.code, error.message)
        case .status(let word): return .status(word)
        case .integer(let integer): return .integer(integer)
        case .data(let data): return .bytes(Array(data))
        case .null: return .null
        case .list(let list): return value(list)
        case .map(let map): return value(map)
        case .number(let number): return .double(DecimalDouble.shortest(number))
        case .boolean(let boolean): return .boolean(boolean)
        case .push, .echo, .add, .get: return nil
        }
    }

    private static func value(_ value: SallyportValue) -> WireValue? {
        switch value.kind {
        case .status(let word): .status(word)
        case .integer(let integer): .integer(integer)
        case .data(let data): .bytes(Array(data))
        case .null: .null
        case .list(let list): self.value(list)
        case .map(let map): self.value(map)
        case .number(let number): .double(DecimalDouble.shortest(number))
        case .boolean(let boolean): .boolean(boolean)
        case .error(let error): .error(error.code, error.message)
        case nil: nil
        }
    }

    private static func value(_ list: SallyportListValue) -> WireValue? {
        let items = list.items.compactMap { value($0) }
        return items.count == list.items.count ? .list(items) : nil
    }

    private static func value(_ map: SallyportMapValue) -> WireValue? {
        let items = map.entries.flatMap { [value($0.key), value($0.value)] }
        let present = items.compactMap { $0 }
        return present.count == items.count ? .map(present) : nil
    }
}
