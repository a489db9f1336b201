// What the reply to a protobuf request must know of it: its id, and which message answers it.
import Core

/// What a protobuf request leaves for its reply, between decoder and encoder.
///
/// In `RequestFrame.identifier` it is `[answer: UInt8][number: UInt64 LE]`.
struct ProtobufIdentifier: Equatable {
    /// Which message answers.
    enum Answer: UInt8 {
        /// Whatever kind of value the command answers with.
        case value
        /// `EchoResponse`.
        case echo
        /// `AddResponse`.
        case add
        /// `GetResponse`.
        case get
    }

    /// The request's `id`.
    var number: UInt64 = 0
    /// Which message answers it.
    var answer = Answer.value

    /// What the reply to `request` must know.
    init(of request: SallyportRequest) {
        number = request.id
        switch request.command {
        case .echo: answer = .echo
        case .add: answer = .add
        case .get: answer = .get
        default: answer = .value
        }
    }

    /// Reads what `write` wrote; of anything else, no request at all.
    init(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount, let answer = Answer(rawValue: bytes[0]) else { return }
        self.answer = answer
        for index in (1..<Self.byteCount).reversed() {
            number = number << 8 | UInt64(bytes[index])
        }
    }

    /// Appends it to `output`.
    func write(to output: inout ByteBuffer) {
        output.append(answer.rawValue)
        for index in 0..<8 {
            output.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8)))
        }
    }

    private static let byteCount = 9
}
