// What a case can show that must not be.

/// A mistake that a case brought to light.
public struct FuzzFailure: Error, Equatable, Sendable {
    /// The kinds; the raw value is the code in reports and file names.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A valid request was answered with something else than it must be.
        case wrongReply = "wrong_reply"
        /// A valid request was not answered.
        case noReply = "no_reply"
        /// What came is no reply of the encoding.
        case malformedReply = "malformed_reply"
        /// The server did not end a connection that its client had ended.
        case lingering = "lingering"
        /// Others were answered wrong, or too late.
        case health = "health"
        /// No connection can be made any more.
        case dead = "dead"
        /// The server's process holds more descriptors or memory than it should.
        case growth = "growth"
    }

    /// The kind.
    public var kind: Kind
    /// What exactly, in words.
    public var detail: String

    /// Makes a failure.
    public init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
