// How many descriptors this process may have.
internal import CLinux
internal import Glibc

/// The process's limit of open descriptors (RLIMIT_NOFILE).
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one and returns it; the present one where that fails.
    @discardableResult
    public static func raise() -> Int {
        var limit = rlimit()
        if getrlimit_nofile_shim(&limit) != 0 { return 1024 }
        var wanted = limit
        wanted.rlim_cur = limit.rlim_max
        if setrlimit_nofile_shim(&wanted) == 0 { limit = wanted }
        return Int(clamping: limit.rlim_cur)
    }
}
