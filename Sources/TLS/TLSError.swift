// What OpenSSL refused, with its whole error stack.
internal import COpenSSL

/// A failure of TLS or of what it is configured with.
public struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being done, in words for a person.
    public let context: String
    /// OpenSSL's error stack, the innermost first; empty where OpenSSL said nothing.
    public let stack: [String]

    /// Makes an error that OpenSSL had no part in, or whose stack was already read.
    public init(_ context: String, stack: [String] = []) {
        self.context = context
        self.stack = stack
    }

    /// The context, and the stack where there is one.
    public var description: String {
        stack.isEmpty ? context : "\(context) (\(stack.joined(separator: "; ")))"
    }
}

extension TLSError {
    /// Makes an error with what is on this thread's OpenSSL error stack, and empties it.
    static func taking(_ context: String) -> TLSError {
        TLSError(context, stack: takeErrorStack())
    }
}

/// Reads and empties this thread's OpenSSL error stack: at most 16 entries.
func takeErrorStack() -> [String] {
    var stack: [String] = []
    while stack.count < 16 {
        let code = ERR_get_error()
        if code == 0 { break }
        // SAFETY: the buffer is 256 bytes long, as said to OpenSSL, and NUL-terminated by it.
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            ERR_error_string_n(code, buffer.baseAddress, buffer.count)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        stack.append(text)
    }
    ERR_clear_error()
    return stack
}

/// Empties this thread's OpenSSL error stack if there is anything on it.
///
/// To be called before each call whose error is read, as SSL_get_error(3) demands. ERR_clear_error alone
/// frees 32 pointers even where there is nothing: 2,100 instructions, twice a request, against 30.
@inline(__always)
func clearErrors() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
}
