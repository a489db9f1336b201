// What a session keeps between MULTI and EXEC.
internal import Core
internal import Keyspace

/// The commands queued since MULTI, each as its arguments arrived.
final class Transaction {
    private struct Queued {
        var command: Int
        var bytes: Range<Int>
        var ranges: Range<Int>
    }

    private var queued: [Queued] = []
    private var bytes = ByteBuffer()
    private var ranges = ArgumentRanges()
    /// Whether a command was refused instead of queued, so that EXEC must refuse the rest.
    var isBroken = false
    /// Bytes that those of the commands bring which may make the keyspace larger.
    var growth = 0

    var count: Int { queued.count }

    /// Queues a command; `.tooLong` names the limit that is in the way.
    func append(
        _ request: borrowing Request,
        _ command: Int,
        _ limits: Limits
    ) throws(ServerError) {
        if queued.count >= limits.maxTransactionCommands {
            throw tooLong("maxTransactionCommands=\(limits.maxTransactionCommands)")
        }
        var size = 0
        for index in 0..<request.count { size += request[index].count }
        if bytes.count + size > limits.maxTransactionBytes {
            throw tooLong("maxTransactionBytes=\(limits.maxTransactionBytes)")
        }
        let start = bytes.count
        let first = ranges.count
        for index in 0..<request.count {
            let offset = bytes.count - start
            bytes.append(request[index])
            ranges.append(ArgumentRange(start: offset, end: bytes.count - start))
        }
        queued.append(
            Queued(
                command: command,
                bytes: start..<bytes.count,
                ranges: first..<ranges.count
            )
        )
    }

    private func tooLong(_ limit: String) -> ServerError {
        ServerError(.tooLong, "transaction above \(limit)")
    }

    /// Calls `body` with each command, in order: its number and its request.
    func visit(_ body: (_ command: Int, borrowing Request) -> Void) {
        for item in queued {
            let request = Request(
                bytes: bytes.span.extracting(item.bytes),
                ranges: ranges.span.extracting(item.ranges)
            )
            body(item.command, request)
        }
    }
}

/// A key that EXEC depends on, as it was when WATCH saw it.
struct WatchedKey {
    var key: [UInt8]
    /// Its version; nil if it was missing.
    var version: UInt64?
}
