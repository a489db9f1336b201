// Waking a loop from another thread.
internal import CLinux
internal import Glibc

/// An eventfd that wakes the loop that watches it; any thread may use it.
public final class Waker: Sendable {
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if descriptor < 0 { throw SystemError("eventfd") }
    }

    deinit {
        close(descriptor)
    }

    /// Makes the loop call its delegate soon; merged with wake-ups that it has not seen yet.
    public func wakeUp() {
        var one: UInt64 = 1
        _ = uninterrupted { write(descriptor, &one, 8) }
    }

    func drain() {
        var count: UInt64 = 0
        _ = uninterrupted { read(descriptor, &count, 8) }
    }
}
