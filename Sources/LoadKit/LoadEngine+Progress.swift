// What the loop does at each tick: timeouts, wishes, and telling how the run goes.
internal import Core
internal import Reactor

extension LoadEngine {
    /// Milliseconds between two progress values.
    private static let progressMilliseconds: Int64 = 1000

    /// Nobody wakes this loop: wishes are looked at with each tick.
    func wokeUp(_: Moment) {}

    /// Looks at timeouts and at what the user wants.
    func ticked(_ now: Moment) {
        switch control.wanted {
        case .goOn:
            break
        case .stop:
            if phase != .draining, phase != .finished {
                totals.isEndedEarly = true
                let hadNotBegun = phase != .running && phase != .warmingUp
                nextToBegin = clients.count
                // What is due at this moment waited for nobody.
                handledEvents(now)
                if phase != .draining { drain(now) }
                // Nobody publishes, so there is nothing to wait for.
                if hadNotBegun { for client in clients { client.stop(now) } }
            }
        case .abandon:
            totals.isEndedEarly = true
            for client in clients { client.abandon(now) }
        }
        for client in clients { client.timePassed(now) }
        let sincePublished = now.monotonicMilliseconds - published.milliseconds
        if sincePublished >= LoadEngine.progressMilliseconds { publish(now) }
    }

    /// Tells how the run goes.
    func publish(_ now: Moment) {
        let time = now.monotonicMilliseconds
        var progress = LoadProgress()
        progress.phase = phase
        progress.seconds = Double(time - phaseBeganAt) / 1000
        progress.clients = clients.count
        progress.connected = ready
        progress.failed = totals.clientsFailed
        progress.requests = metrics.requests
        progress.errors = metrics.failures.total
        progress.fraction = fraction(time)
        let seconds = Double(time - published.milliseconds) / 1000
        if published.milliseconds > 0, seconds > 0, metrics.requests >= published.requests {
            let added = metrics.requests - published.requests
            progress.requestsPerSecond = Double(added) / seconds
        }
        progress.p50 = metrics.interval.percentile(50)
        progress.p99 = metrics.interval.percentile(99)
        metrics.resetInterval()
        published.milliseconds = time
        published.requests = metrics.requests
        control.publish(progress, loop: index)
    }

    /// How much of the phase is over, where that is known.
    private func fraction(_ time: Int64) -> Double? {
        let passed = Double(time - phaseBeganAt) / 1000
        switch phase {
        case .connecting:
            return clients.isEmpty ? nil : Double(ready) / Double(clients.count)
        case .preloading:
            let share = Double(options.keyCount) / Double(control.loops)
            return min(1, Double(metrics.requests) / share)
        case .warmingUp:
            return min(1, passed / options.warmUpSeconds)
        case .running:
            guard let requests = options.requests else {
                return min(1, passed / options.durationSeconds)
            }
            return min(1, Double(metrics.requests) * Double(control.loops) / Double(requests))
        case .draining, .finished:
            return 1
        }
    }
}
