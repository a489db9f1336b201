// Every system call that can be interrupted or fail, with what it means.
internal import CLinux
internal import Glibc

/// A system call that failed, with its error number.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call, such as `bind`.
    public let call: String
    /// What was being attempted, such as an address; empty if there is nothing to add.
    public let subject: String
    /// The value of `errno`.
    public let number: Int32

    /// Makes the error of a call that just failed, reading `errno`.
    init(_ call: String, _ subject: String = "") {
        self.call = call
        self.subject = subject
        number = errno
    }

    /// Makes an error with a number already at hand.
    public init(_ call: String, _ subject: String, number: Int32) {
        self.call = call
        self.subject = subject
        self.number = number
    }

    /// What failed and why, such as `bind 127.0.0.1:80: Permission denied`.
    public var description: String {
        let reason = String(cString: strerror(number))
        return subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }
}

/// Repeats `call` while a signal interrupts it.
@inline(__always)
func uninterrupted(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
