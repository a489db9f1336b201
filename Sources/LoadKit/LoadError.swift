// Why a run could not begin.

/// A reason not to begin a run, in a sentence that says what to do.
public struct LoadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether what the user asked for is at fault, and not its surroundings.
    public let isUsage: Bool
    /// The sentence.
    public let description: String

    /// What the user asked for makes no sense.
    public static func usage(_ description: String) -> LoadError {
        LoadError(isUsage: true, description: description)
    }

    /// Something that the run needs is missing or refused.
    public static func unready(_ description: String) -> LoadError {
        LoadError(isUsage: false, description: description)
    }
}
