// An open file: one descriptor and its owner.
#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

extension FileError {
    /// "it cannot `purpose`", and the reason that `errno` gives.
    static func system(_ purpose: String, _ path: String) -> FileError {
        let code = errno
        return FileError(
            path: path,
            reason: "it cannot \(purpose) (\(String(cString: strerror(code))))",
            isMissing: code == ENOENT
        )
    }
}

/// An open file descriptor, closed when the value goes; not for an event loop.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Opens `path`, made with mode 0600 where `flags` say to make it.
    init(_ path: String, _ flags: Int32) throws(FileError) {
        let opened = open(path, flags | O_CLOEXEC, 0o600)
        if opened < 0 { throw .system(flags & O_CREAT == 0 ? "be opened" : "be made", path) }
        descriptor = opened
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    func status() throws(FileError) -> stat {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw .system("be examined", path) }
        return status
    }

    func read(maxBytes: Int) throws(FileError) -> [UInt8] {
        // One byte more than is allowed tells a file that is too large, even one that grows.
        let size = min(Int(clamping: try status().st_size), maxBytes) + 1
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            // SAFETY: the room begins `count` bytes into the array and ends with it.
            let got = bytes.withUnsafeMutableBytes { room in
                Self.systemRead(descriptor, room.baseAddress.map { $0 + count }, size - count)
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw .system("be read", path)
            }
            if got == 0 { break }
            count += got
        }
        if count > maxBytes {
            throw FileError(path: path, reason: "it is larger than the \(maxBytes) bytes allowed")
        }
        bytes.removeLast(size - count)
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            // SAFETY: the bytes begin `written` into the array and end with it.
            let took = bytes.withUnsafeBytes { all in
                Self.systemWrite(
                    descriptor,
                    all.baseAddress.map { $0 + written },
                    bytes.count - written
                )
            }
            if took < 0 {
                if errno == EINTR { continue }
                throw .system("be written", path)
            }
            written += took
        }
    }

    func setMode(_ mode: UInt32) throws(FileError) {
        if fchmod(descriptor, mode) != 0 { throw .system("be given its mode", path) }
    }

    /// Gives the file the owner of the one at `other`: an administrator who edits a service's file must
    /// not lock the service out.
    func keepOwner(of other: String) throws(FileError) {
        var old = stat()
        if stat(other, &old) != 0 { return }
        let mine = try status()
        if mine.st_uid == old.st_uid, mine.st_gid == old.st_gid { return }
        if fchown(descriptor, old.st_uid, old.st_gid) != 0 {
            throw .system("be given to the owner of the file it replaces", path)
        }
    }

    func synchronise() throws(FileError) {
        if fsync(descriptor) != 0 { throw .system("be brought to the disk", path) }
    }

    /// Brings the folder's names to the disk, where its file system can.
    func synchroniseFolder() throws(FileError) {
        // Some file systems have no such thing and answer EINVAL. The file has its name by then, and a
        // caller told of a failure would throw away a secret that counts.
        if fsync(descriptor) != 0, errno != EINVAL { throw .system("be brought to the disk", path) }
    }

    func lock() throws(FileError) {
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw .system("be locked", path) }
        }
    }

    func unlock() {
        // It cannot fail on an open file, and closing would unlock it all the same.
        _ = flock(descriptor, LOCK_UN)
    }

    // The C functions, which the methods of the same name hide.
    private static func systemRead(_ file: Int32, _ to: UnsafeMutableRawPointer?, _ n: Int) -> Int {
        guard let to else { return 0 }
        #if canImport(Glibc)
        return Glibc.read(file, to, n)
        #else
        return Musl.read(file, to, n)
        #endif
    }

    private static func systemWrite(_ file: Int32, _ from: UnsafeRawPointer?, _ n: Int) -> Int {
        guard let from else { return 0 }
        #if canImport(Glibc)
        return Glibc.write(file, from, n)
        #else
        return Musl.write(file, from, n)
        #endif
    }
}
