// The options that change limits: of the server, of addresses, and of a token.
internal import Access
internal import ArgumentParser
internal import Core

/// What `serve` takes for limits and for lists of addresses.
struct LimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A limit, as addressCommandsPerSecond=100; again for others.",
            discussion: "PRODUCTION.md lists all of them; the command LIMITS tells those in force."
        )
    )
    var limit: [String] = []

    @Option(help: "Addresses that no limit of addresses is for, as 10.0.0.0/8; again for others.")
    var allowAddress: [String] = []

    @Option(help: "Addresses that are refused, as 203.0.113.0/24; again for others.")
    var denyAddress: [String] = []

    @Flag(help: "Refuses every address that --allow-address does not hold.")
    var denyOthers = false

    @Flag(help: "Only watches the limits of addresses and tokens: counts what they would refuse.")
    var limitsShadow = false

    func validate() throws {
        var limits = Limits()
        for text in limit {
            do throws(LimitError) {
                try LimitTable.apply(text, to: &limits)
            } catch {
                throw ValidationError("--limit \(text) \(error).")
            }
        }
        _ = try allowed()
        _ = try denied()
        if denyOthers, allowAddress.isEmpty {
            throw ValidationError("--deny-others needs an --allow-address: else nobody gets in.")
        }
    }

    func apply(to limits: inout Limits) throws {
        do throws(LimitError) {
            for text in limit { try LimitTable.apply(text, to: &limits) }
            try LimitTable.check(limits)
        } catch {
            throw ValidationError("--limit: \(error).")
        }
    }

    func allowed() throws -> [AddressBlock] { try blocks(allowAddress, "--allow-address") }

    func denied() throws -> [AddressBlock] { try blocks(denyAddress, "--deny-address") }

    private func blocks(_ texts: [String], _ option: String) throws -> [AddressBlock] {
        var blocks: [AddressBlock] = []
        for text in texts {
            do throws(AddressBlockError) {
                blocks.append(try AddressBlock(parsing: text))
            } catch {
                throw ValidationError("\(option) \(text) \(error).")
            }
        }
        return blocks
    }
}

/// What `token add` takes for the limits of the token.
struct TokenLimitOptions: ParsableArguments {
    @Option(help: "The commands it may run each second; without it, no limit.")
    var rate: Int?

    @Option(help: "The commands it may run at once; without it, a second's worth.")
    var burst: Int?

    @Option(help: "The bytes of requests it may send each second; without it, no limit.")
    var bytesPerSecond: Int?

    @Option(help: "The connections it may have open at once; without it, no limit.")
    var maxConnections: Int?

    @Option(
        help: "Commands of a category each second and at once, as write=100:200; again for others."
    )
    var categoryRate: [String] = []

    @Flag(help: "Keeps connections free for it where there are as many as there may be.")
    var reservedSlot = false

    /// The limits that are given; nil if none is.
    func rateLimit() throws -> TokenRateLimit? {
        for (name, number) in [
            ("--rate", rate), ("--burst", burst), ("--bytes-per-second", bytesPerSecond),
            ("--max-connections", maxConnections),
        ] {
            if let number, number < 1 { throw ValidationError("\(name) must be above 0.") }
        }
        if burst != nil, rate == nil { throw ValidationError("--burst needs --rate.") }
        let limit = TokenRateLimit(
            commandsPerSecond: rate,
            burst: burst,
            bytesPerSecond: bytesPerSecond,
            connections: maxConnections,
            categories: try categories()
        )
        return limit == TokenRateLimit() ? nil : limit
    }

    private func categories() throws -> [CommandCategory: TokenRateLimit.Category] {
        var categories: [CommandCategory: TokenRateLimit.Category] = [:]
        for text in categoryRate {
            let parts = text.split(separator: "=", maxSplits: 1)
            let numbers = parts.last?.split(separator: ":").map { Int($0) ?? 0 } ?? []
            guard parts.count == 2, let category = CommandCategory(rawValue: String(parts[0])),
                let perSecond = numbers.first, numbers.count <= 2, numbers.allSatisfy({ $0 > 0 })
            else {
                throw ValidationError(
                    "--category-rate \(text) is not CATEGORY=RATE or CATEGORY=RATE:BURST."
                )
            }
            categories[category] = .init(
                commandsPerSecond: perSecond,
                burst: numbers.count == 2 ? numbers[1] : nil
            )
        }
        return categories
    }
}
