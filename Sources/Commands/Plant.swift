// Regressions planted to show that ci/gate finds them; nothing of it is compiled unless SALLYPORT_PLANT is
// defined, which only ci/gate has done: for `--plant`, and for builds with a sanitizer, which nobody releases.
#if SALLYPORT_PLANT
internal import Glibc

/// One regression, chosen by the environment variable SALLYPORT_PLANT: race, delay or leak.
///
/// Without the variable nothing is wrong, so that it is the regression and not the build that a stage finds.
enum Plant {
    private static let name = getenv("SALLYPORT_PLANT").map { String(cString: $0) } ?? ""
    private static let races = name == "race"
    private static let delays = name == "delay"
    private static let leaks = name == "leak"
    // SAFETY: not safe, on purpose: every loop writes it without a lock.
    nonisolated(unsafe) private static let shared = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    /// Called for each request.
    static func request() {
        if races { shared.pointee &+= 1 }
        if delays { usleep(5_000) }
    }

    /// Called for each connection.
    static func connection() {
        if !leaks { return }
        let block = memset(malloc(4_096), 1, 4_096)
        // Only so that the optimizer keeps it; the next connection overwrites it.
        shared.pointee = Int(bitPattern: block)
    }
}
#endif
