// The server: puts the rooms together, starts the loops, and ends them.
internal import Access
internal import Commands
internal import Core
internal import Keyspace
public import Logging
internal import PubSub
public import Reactor
internal import Synchronization
internal import TLS
internal import Telemetry

/// Why a server could not start: one sentence that names the file, address or option.
public struct StartError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Makes an error that says `description`.
    public init(_ description: String) {
        self.description = description
    }
}

/// A Sallyport server: loops on threads of their own, from `start` until `waitUntilStopped` returns.
public final class Server: Sendable {
    private let state: ServerState
    private let mailboxes: [Mailbox]
    private let threads = Mutex<[LoopThread]>([])
    private let control: ControlThread
    let hub: EmbeddedHub
    private let starting: Mutex<[WorkerBox]>
    /// Where it listens, the ports that the kernel chose included.
    public let addresses: [SocketAddress]

    /// Reads and checks every file and binds every address; nothing is served before `start`.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws(StartError) {
        do {
            let tls = try TLSContext(
                server: TLSServerOptions(
                    certificateFile: configuration.certificateFile,
                    privateKeyFile: configuration.privateKeyFile,
                    applicationProtocols: ["http/1.1"]
                )
            )
            let tokens = TokenKeeper(configuration.tokenFile)
            let identity = try ServerIdentity.load(configuration.dataDirectory)
            let loopCount = configuration.loopCount > 0 ? configuration.loopCount : coreCount()
            let state = ServerState(
                configuration: configuration,
                keyspace: Keyspace(
                    limits: configuration.limits,
                    namespaces: configuration.namespaces,
                    lastVersion: Keyspace.firstVersion(now: SystemClock.now().unixMilliseconds)
                ),
                authority: TokenAuthority(try tokens.load()),
                facts: ServerFacts(
                    identifier: identity,
                    limits: configuration.limits,
                    startedAt: SystemClock.now().unixMilliseconds
                ) {
                    let memory = AllocatorStatistics.read()
                    return (memory.allocatedBytes, memory.residentBytes)
                },
                tls: tls,
                logger: logger,
                loopCount: loopCount
            )
            var workers: [Worker] = []
            for number in 0..<loopCount { workers.append(try Worker(number, state)) }
            let mailboxes = workers.map(\.mailbox)
            for worker in workers { worker.join(mailboxes) }
            hub = try EmbeddedHub(state.exchange, loop: loopCount)
            let posts = mailboxes.map { mailbox in
                { @Sendable (publication: Publication) in mailbox.post(.publication(publication)) }
            }
            state.exchange.connect(posts + [{ [queue = hub.queue] in queue.post($0) }])
            state.facts.watchLoops { now in mailboxes.map { LoopState($0, now) } }
            var listeners = configuration.listeners
            for endpoint in listeners.isEmpty ? configuration.listen : [] {
                listeners += try Listener.listen(
                    on: endpoint,
                    sharesPort: configuration.sharesPort
                )
            }
            for listener in listeners { listener.keepAlive(KeepAlive(configuration.limits)) }
            try workers.first?.accept(listeners, mailboxes)
            addresses = listeners.map(\.address)
            self.state = state
            self.mailboxes = mailboxes
            control = try ControlThread(state, tokens, mailboxes)
            starting = Mutex(workers.map(WorkerBox.init))
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Starts the loops.
    public func start() throws(StartError) {
        let workers = starting.withLock { boxes in
            let taken = boxes
            boxes = []
            return taken
        }
        do {
            for box in workers {
                let thread = try LoopThread("loop-\(box.worker.number)") { box.worker.run() }
                threads.withLock { $0.append(thread) }
            }
            try control.start()
            try hub.start()
        } catch {
            throw StartError("\(error)")
        }
        let list = addresses.map(\.description).joined(separator: " ")
        state.logger.info(
            "listening",
            metadata: [
                "addresses": "\(list)", "loops": "\(state.loopCount)",
                "id": "\(state.facts.identifier)",
            ]
        )
    }

    /// Begins to shut down: no new connections, every peer is told, each is closed in its own time.
    ///
    /// What is not closed after `shutdownTimeoutMilliseconds` is cut off.
    public func shutDown() {
        state.logger.info("shutting down")
        control.shutDown()
    }

    /// Reads the token file again, soon.
    public func reloadTokens() { control.reloadTokens() }

    /// Waits until every loop has ended, which `shutDown` brings about.
    public func waitUntilStopped() {
        let running = threads.withLock { threads in
            let taken = threads
            threads = []
            return taken
        }
        for thread in running { thread.join() }
        control.stop()
        hub.stop()
        let memory = AllocatorStatistics.read()
        state.logger.info(
            "stopped",
            metadata: [
                "requests": "\(state.facts.requests.load(ordering: .relaxed))",
                "connections": "\(state.facts.connectionsMade.load(ordering: .relaxed))",
                "allocated_bytes": "\(memory.allocatedBytes)",
            ]
        )
    }

    /// Open connections now, authenticated or not.
    public var openConnections: Int { state.facts.openConnections.load(ordering: .relaxed) }

    /// Connections on each loop now.
    public var connectionsPerLoop: [Int] {
        mailboxes.map { $0.load.load(ordering: .relaxed) }
    }

    /// The server's UUID.
    public var identifier: String { state.facts.identifier }
}

extension KeepAlive {
    init(_ limits: Limits) {
        self.init(
            idleSeconds: limits.keepAliveIdleSeconds,
            intervalSeconds: limits.keepAliveIntervalSeconds,
            probes: limits.keepAliveProbes,
            userTimeoutMilliseconds: limits.userTimeoutMilliseconds
        )
    }
}

/// A worker on its way to its thread.
// SAFETY: made by the thread that starts the server, and from then on touched only by the one thread
// that `start` gives it to, which ends before the server does.
private final class WorkerBox: @unchecked Sendable {
    let worker: Worker

    init(_ worker: Worker) {
        self.worker = worker
    }
}
