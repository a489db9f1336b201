// Who pays for a request: its address before a token is accepted, then the token.
internal import Access
internal import Core

extension Dispatch {
    /// Charges a request that came without a token to its address; the error names the limit.
    func chargeAddress(
        _ request: borrowing Request,
        _ context: CommandContext
    ) throws(ServerError) {
        guard !context.isExecuting, let peer = context.session.peer else { return }
        let verdict = context.limiter.charge(
            peer,
            commands: 1,
            bytes: request.bytes.count,
            now: context.now.monotonicMilliseconds
        )
        if case .refused(let refusal) = verdict { throw ServerError(refusal) }
    }

    /// Charges a request of `category` to the session's token; the error names the limit.
    ///
    /// What EXEC runs was charged when it was queued.
    func chargeToken(
        _ request: borrowing Request,
        _ category: CommandCategory,
        _ context: CommandContext
    ) throws(ServerError) {
        guard !context.isExecuting, let token = context.session.token else { return }
        let isShadow = context.limiter.limits.isShadow
        let refusal = token.meter.charge(
            token.rates,
            category,
            size: request.bytes.count,
            now: context.now.monotonicMilliseconds,
            isShadow: isShadow
        )
        guard let refusal else { return }
        context.limiter.counters.count(isShadow ? .shadowed(refusal) : .refused(refusal))
        if !isShadow { throw ServerError(refusal) }
    }
}
