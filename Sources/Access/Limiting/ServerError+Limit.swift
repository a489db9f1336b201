// How a limit's refusal reads in every encoding.
public import Core

extension ServerError {
    /// The error of a command that a limit refuses: it is not run, and the connection stays.
    public init(_ refusal: LimitRefusal) {
        self.init(
            .rateLimited,
            "\(ErrorCode.rateLimited.row.message): limit=\(refusal.limit.rawValue)",
            retryAfterMilliseconds: refusal.retryAfterMilliseconds
        )
    }

    /// The error of a connection that a limit refuses: it is closed behind it.
    public init(busy refusal: LimitRefusal) {
        self.init(
            .busy,
            "limit=\(refusal.limit.rawValue)",
            retryAfterMilliseconds: refusal.retryAfterMilliseconds
        )
    }
}
