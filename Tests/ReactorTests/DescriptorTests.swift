// What becomes of descriptors: none leaks, and one that is used again gets no old events.
//
// Each test runs in a process of its own, where nobody else opens or closes any.
import Core
import Foundation
import Glibc
import Testing

@testable import Reactor

/// The number of open descriptors of this process.
func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// The most descriptors that the language's runtime opens or closes for itself while a test runs.
let ofTheRuntime = 10

@Suite struct DescriptorTests {
    @Test func nothingLeaks() async {
        await #expect(processExitsWith: .success) {
            func work() throws {
                let loop = try EventLoop()
                let pair = try Pair()
                let recorder = Recorder()
                let registration = try loop.register(pair.server.descriptor, recorder)
                loop.setTimer(registration, at: loop.now.monotonicMilliseconds + 10_000)
                _ = pair.client.send([1])
                #expect(loop.turn { !recorder.events.isEmpty })
                loop.unregister(registration)
                let waker = loop.wakeUpHandle
                try LoopThread("waker") { waker.wakeUp() }.join()
                // Failures close what they had opened.
                let taken = try Listener.listen(on: Endpoint(host: "127.0.0.1", port: 0))
                let address = try #require(taken.first).address
                #expect(throws: SystemError.self) {
                    try Listener.listen(on: Endpoint(host: "127.0.0.1", port: address.port))
                }
                _ = try Listener.listen(on: Endpoint(host: "::", port: 0))
                _ = try Listener.listen(on: Endpoint(host: "localhost", port: 0))
                withExtendedLifetime(taken) {}
            }
            try work()
            let before = try descriptorCount()
            for _ in 0..<200 { try work() }
            let after = try descriptorCount()
            #expect(after < before + ofTheRuntime)
        }
    }

    @Test func aLoopThatIsDroppedClosesItsOwn() async {
        await #expect(processExitsWith: .success) {
            func work(_ before: Int) throws {
                let loops = try (0..<50).map { _ in try EventLoop() }
                let during = try descriptorCount()
                #expect(during + ofTheRuntime >= before + 100)
                withExtendedLifetime(loops) {}
            }
            let before = try descriptorCount()
            try work(before)
            let after = try descriptorCount()
            #expect(after < before + ofTheRuntime)
        }
    }

    /// Two connections are ready at once; the first to be told closes both and opens two new ones,
    /// which get the same numbers.
    @Test func aDescriptorUsedAgainGetsNoOldEvent() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let handlers = [Recorder(), Recorder()]
            let newcomer = Recorder()
            var clients: [Int32] = []
            var servers: [Int32] = []
            var registrations: [Registration] = []
            for handler in handlers {
                let pair = try Pair()
                _ = pair.client.send([1])
                awaitReadiness(pair.server.descriptor, 1)
                registrations.append(try loop.register(pair.server.descriptor, handler))
                let descriptors = pair.release()
                clients.append(descriptors[0])
                servers.append(descriptors[1])
            }
            let quiet = try Pair()
            let quietServer = quiet.server.descriptor
            var fresh: [Registration] = []
            for handler in handlers {
                handler.onReady = { _ in
                    for registration in registrations { loop.unregister(registration) }
                    for descriptor in servers { _ = Socket(owning: descriptor) }
                    // Copies of an idle socket take the numbers that were just given back.
                    for descriptor in servers {
                        let copy = fcntl(quietServer, F_DUPFD, descriptor)
                        #expect(copy == descriptor)
                        do throws(SystemError) {
                            fresh.append(try loop.register(copy, newcomer))
                        } catch {
                            Issue.record("\(error)")
                        }
                    }
                }
            }
            loop.turn(maximumWaitMilliseconds: 0)
            #expect(handlers.map(\.events.count).reduce(0, +) == 1)
            #expect(newcomer.events.isEmpty)
            #expect(fresh.count == 2)
            // Their own events they get, and an old registration means nothing any more.
            for registration in registrations {
                loop.watch(registration, readable: false, writable: false)
                loop.setTimer(registration, at: 0)
                loop.unregister(registration)
            }
            _ = quiet.client.send([2])
            #expect(loop.turn { newcomer.events.count >= 2 })
            #expect(newcomer.fired.isEmpty)
            for client in clients { _ = Socket(owning: client) }
        }
    }
}
