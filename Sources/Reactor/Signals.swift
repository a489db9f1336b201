// Signals, received by one thread that waits for them.
internal import CLinux
internal import Glibc

/// A signal that the server understands.
public enum Signal: Sendable {
    /// SIGINT or SIGTERM: end.
    case terminate
    /// SIGHUP: read the token file again.
    case reload
}

/// Signals as events: blocked in every thread, taken by the one that waits.
public enum Signals {
    private static func handledSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
        return set
    }

    /// Blocks the handled signals, and ignores SIGPIPE; before any other thread is started.
    public static func block() {
        var set = handledSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits up to `milliseconds` for a signal; nil if none came.
    public static func wait(milliseconds: Int) -> Signal? {
        var set = handledSet()
        var timeout = timespec(
            tv_sec: milliseconds / 1000,
            tv_nsec: milliseconds % 1000 * 1_000_000
        )
        switch sigtimedwait(&set, nil, &timeout) {
        case SIGINT, SIGTERM: return .terminate
        case SIGHUP: return .reload
        default: return nil
        }
    }
}
