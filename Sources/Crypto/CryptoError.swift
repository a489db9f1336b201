// What this room refuses with: what was being done, and everything OpenSSL said about it.
internal import COpenSSL

/// A failure of OpenSSL, of a file, or of an argument, told in one sentence.
public struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What went wrong, as a clause: `cannot sign the server's certificate`.
    public var reason: String
    /// OpenSSL's error stack, oldest first; empty where OpenSSL was not the cause.
    public var stack: [String]

    /// Makes an error.
    public init(_ reason: String, stack: [String] = []) {
        self.reason = reason
        self.stack = stack
    }

    /// The reason, with the whole error stack behind it.
    public var description: String {
        stack.isEmpty ? reason : "\(reason): \(stack.joined(separator: "; "))"
    }
}

/// Runs a call of OpenSSL that answers a positive number on success.
///
/// `purpose` completes "cannot …". The thread's error stack is emptied before, and taken after.
func openSSL(_ purpose: String, _ call: () -> Int32) throws(CryptoError) {
    ERR_clear_error()
    if call() <= 0 { throw CryptoError("cannot \(purpose)", stack: takeErrorStack()) }
}

/// Runs a call of OpenSSL that answers a pointer, nil on failure; who owns it is the call's to say.
func openSSL(
    _ purpose: String,
    _ call: () -> OpaquePointer?
) throws(CryptoError) -> OpaquePointer {
    ERR_clear_error()
    guard let pointer = call() else {
        throw CryptoError("cannot \(purpose)", stack: takeErrorStack())
    }
    return pointer
}

/// Empties the thread's error stack and gives back what it held, oldest first.
private func takeErrorStack() -> [String] {
    var stack: [String] = []
    var data: UnsafePointer<CChar>?
    var flags: Int32 = 0
    while true {
        let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
        if code == 0 { return stack }
        var line = errorText(code)
        // SAFETY: OpenSSL owns `data`; it is a C string where the flag says so, alive until the
        // thread's next error, and copied here.
        if let data, flags & ERR_TXT_STRING != 0, data.pointee != 0 {
            line += ":" + String(cString: data)
        }
        stack.append(line)
    }
}

private func errorText(_ code: UInt) -> String {
    let capacity = 256
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { text in
        guard let start = text.baseAddress else { return "error \(code)" }
        // SAFETY: ERR_error_string_n writes at most `capacity` bytes and always ends them with NUL.
        ERR_error_string_n(code, start, capacity)
        return String(cString: start)
    }
}
