// Files that hold secrets: every system call on them, none of which is for an event loop.
#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// What went wrong with a file, in one sentence that names it.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path as it was given.
    package var path: String
    /// What is wrong with it, as a sentence that goes behind the path.
    package var reason: String
    /// Whether there is no such file.
    package var isMissing = false

    /// The path and the reason.
    package var description: String { "\(path): \(reason)" }
}

/// Reading and writing files that nobody else may read.
package enum PrivateFile {
    /// Reads a regular file of at most `maxBytes` that neither its group nor others may read or write.
    ///
    /// The checks are made on the open file, so nobody can change it for another in between. Symbolic
    /// links are followed: a mounted secret is often one.
    package static func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
        // O_NONBLOCK: a named pipe must be refused, not waited for.
        let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
        let status = try file.status()
        if status.st_mode & S_IFMT != S_IFREG {
            throw FileError(path: path, reason: "it is not a regular file")
        }
        let mode = status.st_mode & 0o7777
        if mode & 0o077 != 0 {
            let octal = String(mode, radix: 8)
            throw FileError(
                path: path,
                reason: "its group or others have access to it (its mode is 0\(octal)); "
                    + "run chmod 600 on it"
            )
        }
        return try file.read(maxBytes: maxBytes)
    }

    /// Writes a file whole or not at all, with exactly the permission bits of `mode`.
    ///
    /// The bytes go to a new file beside it, reach the disk, take its name, and the folder reaches the
    /// disk. A file that was there keeps its owner. Writers must be serialised by `withLock`.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600
    ) throws(FileError) {
        let temporary = path + ".new"
        // What a writer that was killed left behind.
        unlink(temporary)
        do throws(FileError) {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
            try file.keepOwner(of: path)
            try file.setMode(mode)
            try file.write(bytes)
            try file.synchronise()
            if rename(temporary, path) != 0 { throw .system("be replaced", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try OpenFile(folder(of: path), O_RDONLY | O_DIRECTORY).synchroniseFolder()
    }

    /// Runs `body` while no other process or thread is in a `withLock` of the same path.
    ///
    /// The lock is `flock` on `<path>.lock`, which is made if it is missing and never removed, since
    /// removing it would let two in. It waits for as long as the other takes.
    package static func withLock<Result>(
        _ path: String,
        _ body: () throws(FileError) -> Result
    ) throws(FileError) -> Result {
        let file = try OpenFile(path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW)
        try file.lock()
        defer { file.unlock() }
        return try body()
    }

    /// Makes a folder of mode 0700 if there is none.
    package static func makeFolder(_ path: String) throws(FileError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system("be made", path) }
    }

    /// Throws if something is at `path`, be it a dangling link.
    package static func requireAbsent(_ path: String) throws(FileError) {
        var status = stat()
        if lstat(path, &status) == 0 {
            throw FileError(path: path, reason: "it is there already and is not overwritten")
        }
    }

    /// The path with every symbolic link resolved, so that replacing the file keeps the links; the same
    /// path where the file is missing.
    package static func resolve(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        // SAFETY: realpath gave us a C string from malloc; it is copied and then freed.
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
