// That every command which changes keys tells observers, and what the push of each encoding looks like.
import Core
import PubSub
import Synchronization
import Testing
import Wire

@testable import Commands

@Suite struct ObserveTests {
    /// A command that changes keys: what is run before, itself, and what observers of all keys are told.
    struct Change: Sendable, CustomTestStringConvertible {
        var before: [String]
        var line: String
        var told: [String]

        init(_ line: String, after before: String..., tells told: String...) {
            self.line = line
            self.before = before
            self.told = told
        }

        var command: String { String(line.prefix { $0 != " " }) }
        var testDescription: String { line }
    }

    /// A line for each command that may write; one that is missing here fails `everyWriterHasALine`.
    static let changes: [Change] = [
        Change("SET k v", tells: "set k ->v"),
        Change("SET k w EX 9", after: "SET k v", tells: "set k v>w"),
        Change("SETNX k v", tells: "set k ->v"),
        Change("SETEX k 9 v", tells: "set k ->v"),
        Change("PSETEX k 9 v", tells: "set k ->v"),
        Change("GETSET k w", after: "SET k v", tells: "set k v>w"),
        Change("GETDEL k", after: "SET k v", tells: "del k v>-"),
        Change("GETEX k EX 9", after: "SET k v", tells: "expire k"),
        Change("MSET k v l w", tells: "set k ->v", "set l ->w"),
        Change("MSETNX k v l w", tells: "set k ->v", "set l ->w"),
        Change("APPEND k w", after: "SET k v", tells: "set k v>vw"),
        Change("SETRANGE k 1 w", after: "SET k v", tells: "set k v>vw"),
        Change("INCR k", tells: "set k ->1"),
        Change("DECR k", tells: "set k ->-1"),
        Change("INCRBY k 5", after: "SET k 1", tells: "set k 1>6"),
        Change("DECRBY k 5", after: "SET k 1", tells: "set k 1>-4"),
        Change("INCRBYFLOAT k 0.5", after: "SET k 1", tells: "set k 1>1.5"),
        Change("DEL k l", after: "MSET k v l w", tells: "del k v>-", "del l w>-"),
        Change("UNLINK k", after: "SET k v", tells: "del k v>-"),
        Change("CAS k v w", after: "SET k v", tells: "set k v>w"),
        // The first change to a shard is its version 1.
        Change("DELIFVERSION k 1", after: "SET k v", tells: "del k v>-"),
        Change("DELIFEQ k v", after: "SET k v", tells: "del k v>-"),
        Change("RENAME k l", after: "SET k v", tells: "set l ->v", "del k v>-"),
        Change("RENAMENX k l", after: "SET k v", tells: "set l ->v", "del k v>-"),
        Change("COPY k l", after: "SET k v", tells: "set l ->v"),
        Change("EXPIRE k 9", after: "SET k v", tells: "expire k"),
        Change("PEXPIRE k 9", after: "SET k v", tells: "expire k"),
        Change("EXPIREAT k 1900000000", after: "SET k v", tells: "expire k"),
        Change("PEXPIREAT k 1900000000000", after: "SET k v", tells: "expire k"),
        Change("EXPIRE k 0", after: "SET k v", tells: "del k v>-"),
        Change("PERSIST k", after: "SET k v EX 9", tells: "persist k"),
        Change("DROP u^", after: "MSET u^1 a u^2 b", tells: "drop u^"),
        Change("FLUSHDB", after: "SET k v", tells: "drop "),
        Change("FLUSHALL", after: "SET k v", tells: "drop "),
        Change("EXEC", after: "MULTI", "INCR k", "DEL k", tells: "set k ->1", "del k 1>-"),
    ]

    /// What was posted to the bench's one loop.
    private final class Box: Sendable {
        let posted = Mutex<[Publication]>([])
    }

    private func observe(_ bench: Bench) -> Box {
        let box = Box()
        bench.subscriptions.exchange.connect([{ one in box.posted.withLock { $0.append(one) } }])
        bench.subscriptions.observe(99, Topic("*"), ObserveOptions(hasValues: true))
        return box
    }

    private func words(_ box: Box) -> [String] {
        box.posted.withLock { $0 }.compactMap { publication in
            guard let change = publication.change else { return nil }
            let name = "\(change.kind.word) \(text(publication.channel.bytes) ?? "")"
            switch change.kind {
            case .expire, .persist, .drop: return name
            default: return "\(name) \(text(change.old) ?? "-")>\(text(change.new) ?? "-")"
            }
        }
    }

    private func text(_ bytes: [UInt8]?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private func bench() throws -> Bench {
        try Bench(adjust: { $0.maxUndeliveredBytes = .max })
    }

    @Test(arguments: changes) func aWriterTells(change: Change) throws {
        let bench = try bench()
        for line in change.before where change.command != "EXEC" { bench.run(line) }
        let box = observe(bench)
        for line in change.before where change.command == "EXEC" { bench.run(line) }
        bench.run(change.line)
        #expect(words(box) == change.told)
        // Nothing is told any more once nobody observes.
        bench.subscriptions.remove(99)
        bench.run("SET after 1")
        #expect(words(box) == change.told)
    }

    @Test func everyWriterHasALine() {
        let tested = Set(Self.changes.map(\.command))
        for spec in CommandTable.catalog.specs {
            let changesKeys = spec.keyAccess.contains(.write) || spec.category == .write
            #expect(!changesKeys || tested.contains(spec.name), "\(spec.name) has no line")
        }
        for spec in CommandTable.catalog.specs where spec.category == .admin {
            let isListed = tested.contains(spec.name) || Self.harmless.contains(spec.name)
            #expect(isListed, "say whether \(spec.name) changes keys")
        }
    }

    /// Commands that go over many keys, or administer, and change none.
    private static let harmless: Set<String> = [
        "KEYS", "SCAN", "RANDOMKEY", "DBSIZE", "CONFIG", "CLIENT", "SWAPDB", "DEBUG",
        "EXPLAIN",
    ]

    private func push(
        _ encoding: WireEncoding,
        _ change: ObservedChange,
        hasValues: Bool = false
    ) -> String {
        var reply = Reply()
        let publication = Publication(Topic("u^1"), change)
        MessagePush.write(publication, nil, encoding, &reply, hasValues: hasValues)
        return encode(reply, encoding)
    }

    private func encode(_ reply: borrowing Reply, _ encoding: WireEncoding) -> String {
        var output = ByteBuffer()
        ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &output)
        return String(decoding: output.withBytes { Array($0) }, as: UTF8.self)
    }

    @Test func pushes() {
        let set = ObservedChange(.set, version: 7, new: Array("v".utf8))
        #expect(push(.text, set) == "> observe set u^1 7\n")
        #expect(push(.text, set, hasValues: true) == "> observe set u^1 7 (nil) v\n")
        #expect(
            push(.json, set, hasValues: true)
                == #"{"event":"observe","change":"set","key":"u^1","version":7,"old":null,"new":"v"}"#
                + "\n"
        )
        let body = "4\r\n$7\r\nobserve\r\n+set\r\n$3\r\nu^1\r\n:7\r\n"
        #expect(push(.resp3, set) == ">" + body)
        #expect(push(.resp2, set) == "*" + body)
        let expire = ObservedChange(.expire, version: 8, expiresAt: 1_800_000_000_000)
        #expect(push(.text, expire, hasValues: true) == "> observe expire u^1 8 1800000000000\n")
        #expect(push(.text, ObservedChange(.persist, version: 9)) == "> observe persist u^1 9\n")
        #expect(push(.text, ObservedChange(.drop)) == "> observe drop u^1\n")
        #expect(
            push(.json, ObservedChange(.drop))
                == #"{"event":"observe","change":"drop","key":"u^1"}"# + "\n"
        )
    }

    @Test func gaps() {
        var reply = Reply()
        MessagePush.writeChangeGap(Topic("k"), lost: 3, &reply)
        #expect(encode(reply, .text) == "> observe gap k 3\n")
        #expect(
            encode(reply, .json) == #"{"event":"observe","change":"gap","key":"k","lost":3}"# + "\n"
        )
    }

    @Test func anObserverMayReadOrNot() throws {
        let bench = try bench()
        try bench.begin(as: "mixed")
        let readable = Array("a:1".utf8)
        let isTold = bench.session.mayObserve(readable.span)
        #expect(isTold)
        let writable = Array("b:1".utf8)
        let isToldOther = bench.session.mayObserve(writable.span)
        #expect(!isToldOther)
        func prefixes(_ prefix: String) -> [String] {
            bench.session.observablePrefixes(within: Topic(prefix))
                .map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        #expect(prefixes("") == ["a:", "users^42^"])
        #expect(prefixes("users^") == ["users^42^"])
        #expect(prefixes("users^42^x^") == ["users^42^x^"])
        #expect(prefixes("users^7^") == [])
        try bench.begin(as: "blind")
        #expect(prefixes("") == [])
    }
}
