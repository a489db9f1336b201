// Requests as messages of `sallyport.proto`, written field by field.
//
// Source: the protocol buffers encoding, https://protobuf.dev/programming-guides/encoding
import Core

/// Writes frames: `[length: UInt32 BE][Request]`.
///
/// It shares no code with the server's decoder.
struct ProtobufRequests: Sendable {
    private let key: [UInt8]
    private let counter: [UInt8]

    /// Makes the writer of one run; prefixes are ASCII.
    init(keyPrefix: String, counterPrefix: String) {
        key = Array(keyPrefix.utf8)
        counter = Array(counterPrefix.utf8)
    }

    /// The tag, with wire type 2, of a command in Request.
    private static func field(_ command: LoadCommand) -> UInt64 {
        switch command {
        case .ping: 3
        case .echo: 4
        case .who: 6
        case .get: 9
        case .set: 10
        case .del: 11
        case .publish: 16
        case .incr: 17
        }
    }

    /// Appends `request`; the id of all is 1, since replies come in order.
    func append(_ request: PlannedRequest, to output: inout ByteBuffer) {
        let field = ProtobufRequests.field(request.command)
        let keyBytes = key.count + LoadKey.digits
        let counterBytes = counter.count + LoadKey.digits
        let isMessage = request.command == .publish
        let value = isMessage ? DeliveryMessage.count(request) : Int(request.valueBytes)
        switch request.command {
        case .ping, .who:
            begin(field, 0, to: &output)
        case .echo:
            begin(field, ProtobufRequests.size(value), to: &output)
            appendValue(1, value, request, to: &output)
        case .get, .del:
            begin(field, ProtobufRequests.size(keyBytes), to: &output)
            append(1, key, request.key, to: &output)
        case .set, .publish:
            let size = ProtobufRequests.size(keyBytes) + ProtobufRequests.size(value)
            begin(field, size, to: &output)
            append(1, key, request.key, to: &output)
            appendValue(2, value, request, to: &output)
        case .incr:
            begin(
                field,
                ProtobufRequests.size(4) + ProtobufRequests.size(counterBytes),
                to: &output
            )
            append(1, Array("INCR".utf8), to: &output)
            append(2, counter, request.key, to: &output)
        }
    }

    /// Appends AuthRequest.
    func append(token: String, to output: inout ByteBuffer) {
        let bytes = Array(token.utf8)
        begin(2, ProtobufRequests.size(bytes.count), to: &output)
        append(1, bytes, to: &output)
    }

    /// Appends SubscribeRequest.
    func append(subscriptionTo channel: String, to output: inout ByteBuffer) {
        let bytes = Array(channel.utf8)
        begin(14, ProtobufRequests.size(bytes.count), to: &output)
        append(1, bytes, to: &output)
    }

    /// The bytes of a field numbered below 16 that holds `count` bytes.
    private static func size(_ count: Int) -> Int { 1 + varintBytes(UInt64(count)) + count }

    private static func varintBytes(_ number: UInt64) -> Int {
        max(1, (64 - number.leadingZeroBitCount + 6) / 7)
    }

    /// Appends the frame's length, the id, and the head of the command's message of `size` bytes.
    private func begin(_ field: UInt64, _ size: Int, to output: inout ByteBuffer) {
        let tag = field << 3 | 2
        let id = 2
        let whole =
            id + ProtobufRequests.varintBytes(tag) + ProtobufRequests.varintBytes(UInt64(size))
            + size
        for index in (0..<4).reversed() {
            output.append(UInt8(truncatingIfNeeded: whole >> (8 * index)))
        }
        output.append(0x08)
        output.append(0x01)
        append(varint: tag, to: &output)
        append(varint: UInt64(size), to: &output)
    }

    private func append(varint number: UInt64, to output: inout ByteBuffer) {
        var rest = number
        while rest > 0x7F {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }

    private func append(_ field: UInt8, _ bytes: [UInt8], to output: inout ByteBuffer) {
        output.append(field << 3 | 2)
        append(varint: UInt64(bytes.count), to: &output)
        output.append(bytes.span)
    }

    private func append(
        _ field: UInt8,
        _ prefix: [UInt8],
        _ number: UInt64,
        to output: inout ByteBuffer
    ) {
        output.append(field << 3 | 2)
        append(varint: UInt64(prefix.count + LoadKey.digits), to: &output)
        output.append(prefix.span)
        LoadKey.append(number: number, to: &output)
    }

    private func appendValue(
        _ field: UInt8,
        _ count: Int,
        _ request: PlannedRequest,
        to output: inout ByteBuffer
    ) {
        output.append(field << 3 | 2)
        append(varint: UInt64(count), to: &output)
        RequestWriter.appendValue(request, to: &output)
    }
}
