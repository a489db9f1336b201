// Why somebody would be refused: the rules in the order in which the server applies them.
internal import Access
internal import Core
internal import Keyspace
internal import Synchronization

/// What EXPLAIN finds: the first rule that would refuse, and the state that the rules read.
struct Explanation {
    /// A value of the state.
    enum Value {
        case number(Int64)
        case text(String)
        case truth(Bool)
        case nothing
    }

    /// The rule that would refuse, and with what.
    struct Refusal {
        var rule: String
        var error: ErrorCode
        var retryAfterMilliseconds: Int64?
    }

    private let subject: String
    private let kind: String
    private let command: CommandSpec
    private var refusal: Refusal?
    private var state: [(name: String, value: Value)] = []
    /// Whether the rule is a limit that is only watched.
    private var isShadow = false

    /// Looks at `subject`: an address, or the name or identifier of a token.
    init(_ subject: String, _ command: CommandSpec, _ index: Int, _ context: CommandContext) {
        self.command = command
        if let address = PeerAddress(subject) {
            kind = "address"
            self.subject = "\(address)"
            judge(address, context)
            return
        }
        kind = "token"
        let tokens = context.authority.snapshot
        let identified = TokenID(subject).flatMap { tokens[$0] }
        guard let token = identified ?? tokens[name: subject] else {
            self.subject = subject
            refusal = Refusal(rule: "token", error: .wrongCredential)
            state = [("known", .truth(false))]
            return
        }
        self.subject = token.name
        judge(token, index, context)
    }

    /// The rules for a connection of an address that has no token yet.
    private mutating func judge(_ address: PeerAddress, _ context: CommandContext) {
        let peer = context.limiter.explain(address, now: context.now.monotonicMilliseconds)
        state = [
            ("counted_as", .text("\(peer.address)")),
            ("allowed", .truth(peer.isAllowed)),
            ("denied", .truth(peer.isDenied)),
            ("banned", .truth(peer.isBanned)),
            ("shared", .truth(peer.isShared)),
            ("open_connections", .number(Int64(peer.openConnections))),
            ("failed_authentications", .number(Int64(peer.failures))),
            ("back_off_ms", .number(peer.backOffMilliseconds)),
        ]
        tell(peer.budgets)
        tellCapacity(context)
        var refusals = capacityRefusals(context, isExempt: peer.isAllowed) + peer.refusals
        if ["AUTH", "HELLO"].contains(command.name), peer.backOffMilliseconds > 0, !peer.isAllowed {
            refusals.append(
                LimitRefusal(
                    limit: .addressFailedAuthentications,
                    retryAfterMilliseconds: peer.backOffMilliseconds
                )
            )
        }
        if let first = refusals.first { refuse(first, context) }
        if refusal == nil || isShadow, !command.flags.contains(.withoutToken) {
            isShadow = false
            refusal = Refusal(rule: "token", error: .unauthenticated)
        }
    }

    /// The rules for a connection whose token was accepted, or that presents it.
    private mutating func judge(_ token: Token, _ index: Int, _ context: CommandContext) {
        let now = context.now
        let expiry = token.expiresAtUnixMilliseconds
        let isPermitted = token.commands.contains(index)
        state = [
            ("known", .truth(true)),
            (
                "expires_at",
                expiry.flatMap { UTCTimestamp.text(unixMilliseconds: $0) }.map(Value.text)
                    ?? .nothing
            ),
            ("permitted", .truth(isPermitted)),
            ("category", .text(command.category.rawValue)),
            ("open_connections", .number(Int64(token.meter.openConnections))),
        ]
        let budgets = token.meter.budgets(token.rates, now: now.monotonicMilliseconds)
        tell(budgets.filter { $0.limit > 0 })
        if token.isExpired(nowUnixMilliseconds: now.unixMilliseconds) {
            refusal = Refusal(rule: "expiresAt", error: .wrongCredential)
        } else if !isPermitted {
            refusal = Refusal(rule: "permissions", error: .forbidden)
        } else if context.facts.overloadLevel >= .lowPriorityRefused, command.isLowPriority,
            !token.hasReservedSlot
        {
            let retry = context.limits.busyRetryMilliseconds
            refusal = Refusal(
                rule: LimitName.overload.rawValue,
                error: .overloaded,
                retryAfterMilliseconds: retry
            )
        } else if let first = tokenRefusal(token, budgets, now.monotonicMilliseconds) {
            refuse(first, context)
        } else if command.flags.contains(.growsMemory), context.keyspace.isFull {
            refusal = Refusal(rule: "maxMemoryBytes", error: .outOfMemory)
        }
    }

    /// The state of the server as a whole.
    private mutating func tellCapacity(_ context: CommandContext) {
        let facts = context.facts
        state += [
            ("overload_level", .text(facts.overloadLevel.name)),
            ("connected_clients", .number(Int64(facts.openConnections.load(ordering: .relaxed)))),
            ("maxClients", .number(Int64(facts.maxClients.load(ordering: .relaxed)))),
        ]
    }

    /// What keeps every new connection out, whatever its address; who is on the list of those that limits
    /// are not for is let in while the server is overloaded.
    private func capacityRefusals(_ context: CommandContext, isExempt: Bool) -> [LimitRefusal] {
        let facts = context.facts
        let retry = context.limits.busyRetryMilliseconds
        var refusals: [LimitRefusal] = []
        if facts.overloadLevel == .establishedOnly, !isExempt {
            refusals.append(LimitRefusal(limit: .overload, retryAfterMilliseconds: retry))
        }
        let open = facts.openConnections.load(ordering: .relaxed)
        if open >= facts.maxClients.load(ordering: .relaxed) {
            refusals.append(LimitRefusal(limit: .maxClients, retryAfterMilliseconds: retry))
        }
        return refusals
    }

    private func tokenRefusal(
        _ token: Token,
        _ budgets: [LimitBudget],
        _ now: Int64
    ) -> LimitRefusal? {
        let isFull = budgets.contains { $0.name == .tokenConnections && $0.remaining == 0 }
        // Only what accepts a token asks for one more connection; the address has paid for the command.
        if ["AUTH", "HELLO"].contains(command.name) {
            return isFull ? LimitRefusal(limit: .tokenConnections) : nil
        }
        return token.meter.refusal(token.rates, command.category, now: now)
    }

    private mutating func tell(_ budgets: [LimitBudget]) {
        for budget in budgets {
            let isLimited = budget.remaining < .max
            state.append(
                (budget.name.rawValue, isLimited ? .number(Int64(budget.remaining)) : .nothing)
            )
        }
    }

    private mutating func refuse(_ first: LimitRefusal, _ context: CommandContext) {
        isShadow = context.limiter.limits.isShadow
        refusal = Refusal(
            rule: first.limit.rawValue,
            error: Explanation.error(of: first.limit),
            retryAfterMilliseconds: first.retryAfterMilliseconds
        )
    }

    /// What a peer is answered whom `limit` refuses.
    private static func error(of limit: LimitName) -> ErrorCode {
        switch limit {
        case .addressBanMilliseconds: .tooManyFailures
        case .maxClients, .overload: .busy
        default: .rateLimited
        }
    }

    /// Writes it as one map.
    func write(_ reply: inout Reply) {
        let fields: [(name: String, value: Value)] = [
            ("subject", .text(subject)),
            ("kind", .text(kind)),
            ("command", .text(command.name)),
            ("refused", .truth(refusal != nil && !isShadow)),
            ("shadow", .truth(isShadow)),
            ("rule", refusal.map { .text($0.rule) } ?? .nothing),
            ("error", refusal.map { .text($0.error.row.jsonCode) } ?? .nothing),
            ("retry_after_ms", refusal?.retryAfterMilliseconds.map(Value.number) ?? .nothing),
        ]
        reply.map(fields.count + 1)
        for field in fields { Explanation.write(field, &reply) }
        reply.string("state")
        reply.map(state.count)
        for field in state { Explanation.write(field, &reply) }
    }

    private static func write(_ field: (name: String, value: Value), _ reply: inout Reply) {
        reply.string(field.name)
        switch field.value {
        case .number(let number): reply.integer(number)
        case .text(let text): reply.string(text)
        case .truth(let isTrue): reply.boolean(isTrue)
        case .nothing: reply.null()
        }
    }
}
