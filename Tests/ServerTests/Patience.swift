// Waiting for what another thread does in its own time: by asking again, for as long as a busy machine may take.
import Core
import Reactor
import Testing

/// Milliseconds after which a wait in vain is told as what it is: far more than anything here needs.
let patienceMilliseconds: Int64 = 60_000

/// Asks `holds` again and again until it does.
///
/// How often a test may ask says nothing about how much time the other thread has had, so the bound is time.
func eventually(
    _ what: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () throws -> Bool
) rethrows {
    let deadline = SystemClock.now().monotonicMilliseconds + patienceMilliseconds
    repeat {
        if try holds() { return }
    } while SystemClock.now().monotonicMilliseconds < deadline
    Issue.record("not within a minute: \(what())", sourceLocation: sourceLocation)
}

/// Asks until the answer is `expected`.
func awaitAnswer(
    _ expected: String,
    from client: TestClient,
    to question: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var answer = ""
    try eventually("\(question) answers \(expected), not \(answer)", sourceLocation: sourceLocation)
    {
        answer = try client.ask(question)
        return answer == expected
    }
}
