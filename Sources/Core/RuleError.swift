// What the rules of an operator say where their text is none.

/// What is wrong with a rule's text, in one sentence without its subject.
public struct RuleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Makes an error that says `description`.
    public init(description: String) { self.description = description }
}
