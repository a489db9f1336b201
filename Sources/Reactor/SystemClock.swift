internal import CLinux
// The one place that reads the clock.
public import Core
internal import Glibc

/// The system's clocks.
public enum SystemClock {
    /// The present moment by both clocks.
    public static func now() -> Moment {
        Moment(
            unixMilliseconds: milliseconds(CLOCK_REALTIME),
            monotonicMilliseconds: milliseconds(CLOCK_MONOTONIC)
        )
    }

    /// Nanoseconds of the monotonic clock: for measuring, not for deadlines.
    public static func monotonicNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
