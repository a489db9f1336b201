// Which process of this machine listens on a port.
#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension ServerProcess {
    /// Whether `host` is an address that only this machine answers.
    static func isLoopback(_ host: String) -> Bool {
        host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// The process that listens on `port`; nil if there is none, or none that may be looked at.
    ///
    /// Source: proc(5): a listening socket's inode in /proc/net/tcp, and who has it open.
    static func listening(on port: UInt16) -> ServerProcess? {
        var inodes: Set<String> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let data = FileManager.default.contents(atPath: table) else { continue }
            inodes.formUnion(listeningInodes(String(decoding: data, as: UTF8.self), port))
        }
        if inodes.isEmpty { return nil }
        let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc")
        let found = (names ?? []).compactMap { Int32($0) }.sorted().first { id in
            isOpen(inodes, in: "/proc/\(id)/fd")
        }
        return found.map { ServerProcess(id: $0) }
    }

    private static func isOpen(_ inodes: Set<String>, in folder: String) -> Bool {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        return (names ?? []).contains { name in
            let path = folder + "/" + name
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            else { return false }
            return target.hasPrefix("socket:[")
                && inodes.contains(String(target.dropFirst(8).dropLast()))
        }
    }

    /// The inodes of the sockets in `table` that listen on `port`: state 0A, the port in hex behind the colon.
    static func listeningInodes(_ table: String, _ port: UInt16) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A",
                let local = fields[1].split(separator: ":").last,
                UInt16(local, radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }
}
