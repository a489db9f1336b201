// Noticing that a file has changed, by looking at it now and then.
#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// What distinguishes one content of a file from another without reading it.
///
/// Read the stamp before the file: a change in between is then noticed the next time. A replaced file
/// has another inode; one written in place has another time or size.
public struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let sizeBytes: Int64
    private let modifiedNanoseconds: Int64
    private let changedNanoseconds: Int64

    /// The stamp of the file at `path`, links followed; nil if it cannot be examined.
    ///
    /// A system call, which may wait for a disk: for a control thread, not for an event loop.
    public static func read(_ path: String) -> FileStamp? {
        var status = stat()
        if stat(path, &status) != 0 { return nil }
        return FileStamp(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            sizeBytes: Int64(status.st_size),
            modifiedNanoseconds: nanoseconds(status.st_mtim),
            changedNanoseconds: nanoseconds(status.st_ctim)
        )
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        // Only ever compared, so wrapping in the year 2262 does no harm.
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
