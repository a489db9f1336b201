// All checks of a history, and what they came to.

/// Holds a history against what a server must do.
public enum HistoryJudge {
    /// What the checks allow.
    public struct Rules: Sendable {
        /// Milliseconds that the server's clock may be off at a request: it looks at it once for many.
        public var slackMilliseconds: Int64 = 50
        /// Milliseconds that a key may be seen behind its deadline.
        public var maxLateMilliseconds: Int64 = 1_000
        /// Steps of the search that one key may take.
        public var budget = LinearizabilityChecker.defaultBudget
        /// Steps that all keys together may take.
        public var totalBudget = Int.max
        /// Illegal histories that are cut down and drawn; more are only named.
        public var maxDrawings = 3

        /// Makes the defaults.
        public init() {}
    }

    /// Checks all of `history`.
    public static func judge(_ history: History, _ rules: Rules = Rules()) -> VerifyReport {
        var report = VerifyReport()
        report.isCut = history.isCut
        report.slackMilliseconds = rules.slackMilliseconds
        keys(history, rules, &report)
        expiry(history, rules, &report)
        let order = PublishOrder.check(history.publications, history.listenings)
        report.messages = VerifyReport.Messages(
            verdict: order.verdict,
            published: order.messages,
            delivered: order.deliveries,
            declaredLost: order.declaredLost,
            wrong: order.wrong,
            findings: order.findings
        )
        return report
    }

    private static func keys(_ history: History, _ rules: Rules, _ report: inout VerifyReport) {
        let slack = rules.slackMilliseconds * 1_000_000
        var keys = VerifyReport.Keys()
        for key in history.keys {
            keys.keys += 1
            keys.operations += key.operations.count
            keys.open += key.operations.count { $0.end == nil }
            for operation in key.operations {
                guard case .refused(let code) = operation.outcome else { continue }
                keys.refused += 1
                keys.refusedByCode[code, default: 0] += 1
            }
            keys.longest = max(keys.longest, key.operations.count)
            let result = LinearizabilityChecker.check(
                key,
                slackNanoseconds: slack,
                budget: min(rules.budget, rules.totalBudget - keys.steps)
            )
            keys.steps += result.steps
            switch result.verdict {
            case .ok: keys.ok += 1
            case .unknown: keys.unknownKeys.append(key.key)
            case .illegal:
                keys.illegalKeys.append(key.key)
                if keys.drawings.count >= rules.maxDrawings { continue }
                let small = HistoryShrinker.shrink(key, slackNanoseconds: slack)
                keys.drawings.append(HistoryDiagram.text(small, total: key.operations.count))
            }
        }
        report.keys = keys
    }

    private static func expiry(_ history: History, _ rules: Rules, _ report: inout VerifyReport) {
        var expiry = VerifyReport.Expiry()
        for key in history.keys {
            for sample in ExpiryAccuracy.samples(key) {
                expiry.samples += 1
                let early = Double(sample.early) / 1e6
                let late = Double(sample.late) / 1e6
                expiry.earliestMilliseconds = max(expiry.earliestMilliseconds, early)
                expiry.latestMilliseconds = max(expiry.latestMilliseconds, late)
                if let most = sample.lateAtMost {
                    expiry.ends += 1
                    expiry.seenGoneMilliseconds.append(Double(most) / 1e6)
                }
                if early > Double(rules.slackMilliseconds) {
                    expiry.add("\(sample.key): gone \(Figures.fixed(early, 3)) ms before its time")
                }
                if late > Double(rules.maxLateMilliseconds) {
                    expiry.add("\(sample.key): there \(Figures.fixed(late, 3)) ms behind its time")
                }
            }
        }
        expiry.seenGoneMilliseconds.sort()
        report.expiry = expiry
    }
}
