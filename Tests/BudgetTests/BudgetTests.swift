// The budget of allocations: its workloads, its verdict, and that it never passes uncounted.
import Core
import Foundation
import Telemetry
import Testing

@testable import budget

@Suite struct WorkloadTests {
    @Test func everyEncodingIsMeasured() {
        #expect(Set(Case.all.map(\.encoding)) == Set(WireEncoding.allCases))
        let names = Case.all.map { "\($0.encodingName) \($0.workload.name)" }
        #expect(Set(names).count == names.count)
    }

    /// The promise that the committed numbers make: requests of these four allocate nothing in RESP.
    @Test(arguments: [WireEncoding.resp2, .resp3], ["get", "set", "del", "incr"])
    func theHotCommandsMayAllocateNothing(encoding: WireEncoding, name: String) throws {
        let found = Case.all.first { $0.encoding == encoding && $0.workload.name == name }
        #expect(try #require(found).allowed == 0)
    }

    @Test func everyWorkloadIsAnsweredAsItSays() throws {
        for item in Case.all {
            var bench = try Bench(item.workload, item.encoding)
            let measured = try bench.measure(Workload.keyCount + 1)
            #expect(measured.requests == 2 * Workload.keyCount, "\(item.workload.name)")
        }
    }

    @Test func whatIsSaidToEvictDoes() throws {
        let workload = try #require(Workload.all.first { $0.name == "set-evicting" })
        var bench = try Bench(workload, .resp2)
        let measured = try bench.measure(640)
        #expect(bench.evictedKeys >= measured.requests / 10, "\(bench.evictedKeys)")
    }

    @Test func anotherReplyIsNoMeasurement() throws {
        for reply in ["+PONg\r\n", "+PONG\r\n\r\n", "+", "-ERR"] {
            let workload = Workload(
                name: "wrong",
                words: { _ in ["PING"] },
                replies: [.resp2: reply]
            )
            var bench = try Bench(workload, .resp2)
            #expect(throws: MeasurementError.self) { try bench.measure(1) }
        }
    }

    @Test func whatCannotBeWrittenIsNoMeasurement() {
        #expect(throws: MeasurementError.notWritten) { _ = try Bench(Workload.control, .json) }
        let workload = Workload(
            name: "unwritten",
            words: { _ in ["RANDOMKEY"] },
            replies: [.json: "", .protobuf: ""]
        )
        for encoding in [WireEncoding.json, .protobuf] {
            #expect(throws: MeasurementError.notWritten) { _ = try Bench(workload, encoding) }
        }
    }
}

@Suite struct VerdictTests {
    private func measured(_ calls: UInt64, _ bytes: UInt64) -> Tally {
        Tally(requests: 100, count: AllocationCount(calls: calls, bytes: bytes))
    }

    @Test func nothingMeansNotOneByteInAllRequests() {
        #expect(!measured(0, 0).exceeds(0))
        #expect(measured(1, 8).exceeds(0))
        #expect(measured(0, 8).exceeds(0))
    }

    @Test func aNumberIsAMost() {
        #expect(!measured(0, 0).exceeds(1))
        #expect(!measured(100, 6400).exceeds(1))
        #expect(measured(101, 6400).exceeds(1))
        #expect(!measured(150, 6400).exceeds(1.5))
    }

    @Test func theComplaintNamesTheCase() throws {
        let item = try #require(Case.all.first { $0.workload.name == "incr" })
        #expect(Output.complaint(item, measured(0, 0)) == nil)
        #expect(
            Output.complaint(item, measured(150, 6400))
                == "resp2 incr: 1.5000 allocations and 64 bytes a request, and 0 allocations are "
                + "allowed"
        )
    }
}

@Suite struct CountingTests {
    /// Bytes are those of the thread alone, so this holds beside other tests.
    @Test func bytesOfTheThreadAreCounted() throws {
        let counter = try #require(AllocationCounter())
        let block = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
        defer { block.deallocate() }
        let count = try #require(counter.finish())
        #expect(count.bytes >= 4096 && count.calls >= 1)
    }

    /// Runs the program with `environment` and says how it ended and what it complained of.
    ///
    /// That it passes is for a release build to say, as `ci/test` has it do.
    private func run(_ environment: [String: String]) throws -> (status: Int32, errors: String) {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: path).deletingLastPathComponent()
            .appendingPathComponent("budget")
        process.arguments = ["--case", "ping", "--requests", "1"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test func theProgramFailsWithAnotherAllocator() throws {
        // Loaded first, the C library's own allocator takes the place of jemalloc's.
        let result = try run(["LD_PRELOAD": "libc.so.6"])
        #expect(result.status == 1)
        #expect(result.errors.contains("is another allocator than jemalloc at work?"))
    }
}
