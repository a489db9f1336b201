// A timer that a loop watches like a socket, to nanoseconds instead of the loop's milliseconds.
internal import CLinux
internal import Glibc

/// A timerfd on the monotonic clock; it belongs to the thread of the loop that watches it.
public final class PreciseTimer {
    /// The descriptor, for registering with a loop: readable once the time has come.
    public let descriptor: Int32

    /// Makes a timer that is not set.
    public init() throws(SystemError) {
        descriptor = timerfd_shim()
        if descriptor < 0 { throw SystemError("timerfd_create") }
    }

    deinit {
        close(descriptor)
    }

    /// Sets it to `monotonicNanoseconds`, instead of any time before; a time that has passed is now.
    public func set(at monotonicNanoseconds: Int64) {
        _ = timerfd_set_shim(descriptor, max(1, monotonicNanoseconds))
    }

    /// Makes the descriptor unreadable until it is set again.
    public func drain() {
        var count: UInt64 = 0
        _ = uninterrupted { read(descriptor, &count, 8) }
    }
}

@available(*, unavailable)
extension PreciseTimer: Sendable {}
