// The four ways to say when a key expires.
internal import Core

/// How an expiry was written: `EX` and so on.
enum ExpiryUnit {
    case seconds
    case milliseconds
    case unixSeconds
    case unixMilliseconds

    /// The unit that `word` names; nil if it names none.
    init?(_ word: Span<UInt8>) {
        if word.isWord("EX") {
            self = .seconds
        } else if word.isWord("PX") {
            self = .milliseconds
        } else if word.isWord("EXAT") {
            self = .unixSeconds
        } else if word.isWord("PXAT") {
            self = .unixMilliseconds
        } else {
            return nil
        }
    }

    /// The deadline in Unix milliseconds; refuses what is not above 0, or does not fit, for `command`.
    func deadline(
        _ amount: Int64,
        now: Int64,
        command: String
    ) throws(ServerError) -> Int64 {
        if amount <= 0 { throw .invalidExpiry(command) }
        return try unbounded(amount, now: now, command: command)
    }

    /// The deadline in Unix milliseconds, which may have passed; refuses only what does not fit.
    func unbounded(
        _ amount: Int64,
        now: Int64,
        command: String
    ) throws(ServerError) -> Int64 {
        let isSeconds = self == .seconds || self == .unixSeconds
        let (scaled, overflows) = amount.multipliedReportingOverflow(by: isSeconds ? 1000 : 1)
        let base = self == .seconds || self == .milliseconds ? now : 0
        let (deadline, overflowsAgain) = scaled.addingReportingOverflow(base)
        if overflows || overflowsAgain { throw .invalidExpiry(command) }
        return deadline
    }
}
