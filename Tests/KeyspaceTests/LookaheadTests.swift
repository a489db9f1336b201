// Looking ahead changes nothing, and may be done while others change everything.
import Core
import Dispatch
import Testing

@testable import Keyspace

struct LookaheadTests {
    /// A run of GETs of `keys`, and the bytes that it is of.
    private func makeRun(_ keys: [[UInt8]], _ run: inout RequestRun) -> [UInt8] {
        var bytes: [UInt8] = []
        run.removeAll()
        for key in keys {
            let first = run.arguments.count
            run.arguments.append(ArgumentRange(start: 0, end: 3))
            run.arguments.append(ArgumentRange(start: 3, end: 3 + key.count))
            run.append(argumentsFrom: first, bytes: 3 + key.count)
            bytes += Array("GET".utf8) + key
        }
        return bytes
    }

    @Test(
        "there, missing, expired, empty, long and in an empty table",
        arguments: [UInt64.max, 0xFF]
    )
    func allKinds(_ mask: UInt64) throws {
        let keyspace = Keyspace(mask: mask)
        let long = [UInt8](repeating: 7, count: 300)
        let keys = [
            bytes("a"), bytes("missing"), bytes("soon"), [], long, bytes("n^x"), bytes("a"),
        ]
        var run = RequestRun()
        let input = makeRun(keys, &run)
        keyspace.prefetch(run, input.span)
        #expect(keyspace.count == 0)
        _ = try keyspace.set("a", "1", now: 1) as Bool
        _ = try keyspace.set("n^x", "2", now: 1) as Bool
        _ = try keyspace.set("soon", "3", .always, .at(unixMs: 5), now: 1) as SetOutcome
        let before = [keyspace.version("a"), keyspace.version("n^x")]
        keyspace.prefetch(run, input.span)
        // The expired one is still there: nobody has looked it up.
        #expect(keyspace.count == 3)
        #expect([keyspace.version("a"), keyspace.version("n^x")] == before)
        #expect(keyspace.text("a") == "1" && keyspace.text("missing") == nil)
        #expect(keyspace.text("soon", now: 9) == nil)
    }

    @Test("a request without arguments, and more than the keyspace takes")
    func oddRuns() throws {
        let keyspace = Keyspace(limits: Limits())
        var run = RequestRun()
        run.arguments.append(ArgumentRange(start: 0, end: 4))
        run.append(argumentsFrom: 0, bytes: 4)
        let ping = bytes("PING")
        keyspace.prefetch(run, ping.span)
        let many = (0..<40).map { bytes("key\($0)") }
        let input = makeRun(many, &run)
        keyspace.prefetch(run, input.span)
        #expect(keyspace.count == 0)
    }

    @Test("while another thread stores, removes and grows the tables")
    func concurrent() throws {
        let keyspace = Keyspace(limits: Limits(), seed: 3)
        let writer = DispatchGroup()
        DispatchQueue.global().async(group: writer) {
            for round in 0..<3 {
                for number in 0..<4000 { _ = try? keyspace.set("key\(number)", "\(round)") as Bool }
                keyspace.removeAll()
            }
            _ = try? keyspace.set("key7", "last") as Bool
        }
        var run = RequestRun()
        let input = makeRun((0..<16).map { bytes("key\($0 * 97)") }, &run)
        while writer.wait(timeout: .now()) == .timedOut { keyspace.prefetch(run, input.span) }
        #expect(keyspace.text("key7") == "last")
    }
}
