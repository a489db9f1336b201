// Going on behind a place among a channel's messages, and what is still to be sent of them.
internal import Synchronization

extension LoopSubscriptions {
    /// Subscribes connection `number` to `channel`, and tells what it missed since `position`, or since now;
    /// nil where the channel keeps no messages.
    ///
    /// What was published before this moment is kept and to be replayed, what comes behind it is delivered:
    /// no message is both or neither. The connection must not be subscribed to the channel.
    public func resume(
        _ number: Int,
        _ channel: Topic,
        from position: Position?,
        now: Int64
    ) -> Resumption? {
        guard let entry = exchange.enter(resuming: channel, position, loop: loop, now: now) else {
            return nil
        }
        var resumption = entry.resumption
        resumption.count = insert(number, channel, since: entry.since)
        return resumption
    }

    /// Whether connection `number` is subscribed to the channel of `publication`, or to the pattern at
    /// `pattern`, and was before it was published.
    public func receives(_ number: Int, _ item: Backlog.Item) -> Bool {
        let list =
            item.pattern.map { self[$0, .pattern] } ?? self[item.publication.channel, .channel]
        guard let since = list?.since(number) else { return false }
        return since < item.publication.sequence
    }
}

extension Exchange {
    /// Counts a subscriber and looks at what it missed, as of one moment.
    func enter(
        resuming channel: Topic,
        _ position: Position?,
        loop: Int,
        now: Int64
    ) -> (resumption: Resumption, since: UInt64)? {
        state.withLock { state in
            guard let current = state.history.position(channel) else { return nil }
            let missed =
                position == nil
                ? 0 : position.flatMap { state.history.missed(channel, behind: $0, now) }
            let resumption = Resumption(
                isRecovered: missed != nil,
                position: current,
                missed: missed ?? 0,
                count: 0
            )
            let fresh = Interest(byLoop: Array(repeating: 0, count: loopCount))
            Exchange.add(1, to: &state.channels[channel, default: fresh], loop)
            return (resumption, state.sequence)
        }
    }

    private func withHistory<R>(_ body: (inout History) -> R) -> R {
        state.withLock { body(&$0.history) }
    }

    /// The place behind the last message of `channel`; nil where it keeps no messages.
    public func position(of channel: Topic) -> Position? {
        withHistory { $0.position(channel) }
    }

    /// Drops the messages that channels have kept long enough; `now` is in monotonic milliseconds.
    public func trimHistory(_ now: Int64) { withHistory { $0.trimAll(now) } }

    /// Bytes that kept messages take.
    public var retainedBytes: Int { withHistory { $0.bytes } }

    /// Messages that are kept.
    public var retainedCount: Int { withHistory { $0.count } }

    /// What is to be sent next of a replay, which goes on behind it; nil at its end.
    func next(_ replay: inout Replay) -> Backlog.Next? {
        if replay.offset >= replay.end { return nil }
        let (message, lost) = withHistory { $0.next(replay) }
        if lost > 0 {
            replay.offset += UInt64(lost)
            return .missed(replay.channel, lost: lost)
        }
        guard let message else { return nil }
        replay.offset += 1
        return .replayed(message)
    }
}
