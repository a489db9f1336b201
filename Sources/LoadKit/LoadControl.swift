// What the thread that waits and the loops' threads tell each other.
internal import Synchronization

/// The only state that several threads of a run touch.
final class LoadControl: Sendable {
    /// How much the user wants the run to end.
    enum Wish: Int, Sendable {
        case goOn = 0
        /// Send no more, and wait for what is in flight.
        case stop = 1
        /// Close everything now.
        case abandon = 2
    }

    /// How many loops there are.
    let loops: Int
    /// Tells the values of this run from those of others.
    let runNumber = UInt64.random(in: 1...0xFF_FFFF)
    private let wish = Atomic<Int>(0)
    private let shared: Mutex<[LoadProgress]>
    private let outcomes: Mutex<[Result<LoadTotals, LoadError>]>
    private let stage = Atomic<Int>(0)
    private let finishedStages = Mutex<[LoadStage]>([])
    /// By step of the run, how many loops have come to its end.
    private let arrived = Mutex<[LoadStep: Int]>([:])
    private let measuringAt = Atomic<Int64>(0)
    private let expectedDeliveries = Atomic<UInt64>(0)
    private let receivedDeliveries = Atomic<UInt64>(0)

    /// Makes the control of a run on `loops` loops.
    init(loops: Int = 1) {
        self.loops = loops
        shared = Mutex(Array(repeating: LoadProgress(), count: loops))
        outcomes = Mutex([])
    }

    /// Asks for the end; a second time, for an end at once.
    func askToStop() {
        if wish.load(ordering: .relaxed) < Wish.abandon.rawValue {
            wish.add(1, ordering: .relaxed)
        }
    }

    /// What the user wants.
    var wanted: Wish { Wish(rawValue: wish.load(ordering: .relaxed)) ?? .abandon }

    /// The latest progress, of all loops together.
    var progress: LoadProgress { shared.withLock { LoadProgress(merging: $0) } }

    /// Replaces the progress of one loop, and numbers it.
    func publish(_ progress: LoadProgress, loop: Int) {
        shared.withLock { all in
            let number = all[loop].number + 1
            all[loop] = progress
            all[loop].number = number
        }
    }

    /// Asks for the stage numbered `number`: the figures so far belong to the one before.
    func ask(forStage number: Int) {
        stage.store(number, ordering: .relaxed)
    }

    /// The number of the stage that is wanted; 0 is the first.
    var wantedStage: Int { stage.load(ordering: .relaxed) }

    /// Hands over the figures of a stage that is over.
    func finish(_ stage: LoadStage) {
        finishedStages.withLock { $0.append(stage) }
    }

    /// The stages that are over, in order.
    var stages: [LoadStage] { finishedStages.withLock { $0 } }

    /// Ends the part of one loop with its result.
    func finish(_ result: Result<LoadTotals, LoadError>) {
        // A loop that cannot begin must not be waited for by the others.
        if case .failure = result { wish.store(Wish.abandon.rawValue, ordering: .relaxed) }
        outcomes.withLock { $0.append(result) }
    }

    /// What all loops came to together, once each has ended.
    var result: Result<LoadTotals, LoadError>? {
        outcomes.withLock { all in
            if all.count < loops { return nil }
            return Result { () throws(LoadError) in
                var sum: LoadTotals?
                for outcome in all {
                    let totals = try outcome.get()
                    if sum == nil { sum = totals } else { sum?.add(totals) }
                }
                guard let sum else { throw LoadError.unready("there was no loop") }
                return sum
            }
        }
    }
}

/// What all loops of a run end together before any begins with the next.
enum LoadStep: Hashable, Sendable {
    /// All clients are ready, or have failed.
    case connecting
    /// All keys are set.
    case preloading
    /// All publishers are done.
    case publishing
}

extension LoadControl {
    /// A loop has come to the end of `step`; told once of each.
    func arrive(_ step: LoadStep) {
        arrived.withLock { $0[step, default: 0] += 1 }
    }

    /// Whether all loops have come to the end of `step`.
    func isOver(_ step: LoadStep) -> Bool {
        arrived.withLock { $0[step, default: 0] >= loops }
    }

    /// When measuring begins for all loops, which the first to ask decides: `now`, in nanoseconds.
    func measuring(from now: Int64) -> Int64 {
        let (_, original) = measuringAt.compareExchange(
            expected: 0,
            desired: now,
            ordering: .relaxed
        )
        return original == 0 ? now : original
    }

    /// Adds what one loop knows of deliveries since it said so last.
    func addDeliveries(expected: UInt64, received: UInt64) {
        expectedDeliveries.add(expected, ordering: .relaxed)
        receivedDeliveries.add(received, ordering: .relaxed)
    }

    /// Whether every message has come that publishers know to have been sent.
    var isAllDelivered: Bool {
        receivedDeliveries.load(ordering: .relaxed) >= expectedDeliveries.load(ordering: .relaxed)
    }
}
