// What the thread that waits and the loop's thread tell each other.
internal import Synchronization

/// The only state that both threads of a run touch.
final class LoadControl: Sendable {
    /// How much the user wants the run to end.
    enum Wish: Int, Sendable {
        case goOn = 0
        /// Send no more, and wait for what is in flight.
        case stop = 1
        /// Close everything now.
        case abandon = 2
    }

    private let wish = Atomic<Int>(0)
    private let shared = Mutex(LoadProgress())
    private let outcome = Mutex<Result<LoadReport, LoadError>?>(nil)
    private let stage = Atomic<Int>(0)
    private let finishedStages = Mutex<[LoadStage]>([])

    /// Asks for the end; a second time, for an end at once.
    func askToStop() {
        if wish.load(ordering: .relaxed) < Wish.abandon.rawValue {
            wish.add(1, ordering: .relaxed)
        }
    }

    /// What the user wants.
    var wanted: Wish { Wish(rawValue: wish.load(ordering: .relaxed)) ?? .abandon }

    /// The latest progress.
    var progress: LoadProgress { shared.withLock { $0 } }

    /// Replaces the progress, and numbers it.
    func publish(_ progress: LoadProgress) {
        shared.withLock { current in
            let number = current.number + 1
            current = progress
            current.number = number
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

    /// Ends the run with its result.
    func finish(_ result: Result<LoadReport, LoadError>) {
        outcome.withLock { $0 = result }
    }

    /// The result, once there is one.
    var result: Result<LoadReport, LoadError>? { outcome.withLock { $0 } }
}
