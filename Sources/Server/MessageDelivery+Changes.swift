// How a loop delivers changes to keys: as messages, but held against what each observer may read.
internal import Access
internal import Commands
internal import Core
internal import PubSub
internal import Wire

extension Backlog.Item {
    /// Makes the item for a variant of a message: the position of a pattern, or -1 for none.
    ///
    /// Of a change, 0 is the variant with values, and -1 the one without.
    init(_ publication: Publication, variant: Int) {
        if publication.change != nil {
            self.init(publication, nil, hasValues: variant == 0)
        } else {
            self.init(publication, variant < 0 ? nil : publication.patterns[variant])
        }
    }
}

extension Worker {
    /// Gives a change to each connection that observes the key, and may read it now.
    func give(_ publication: Publication, _ change: ObservedChange) {
        if change.kind == .drop { return giveDrop(publication) }
        let key = publication.channel.bytes
        subscriptions.forEachObserver(of: publication) { number, hasValues in
            guard let connection = delivery.subscribers[number] else { return }
            if connection.session.mayObserve(key.span) {
                connection.give(publication, hasValues ? 0 : -1)
            }
        }
    }

    /// Gives each observer the prefixes of what it observes, and may read, of the keys that are gone.
    private func giveDrop(_ publication: Publication) {
        subscriptions.forEachObserver(ofDrop: publication) { number, prefixes in
            guard let connection = delivery.subscribers[number] else { return }
            for prefix in prefixes.flatMap({ connection.session.observablePrefixes(within: $0) }) {
                let part = Publication(
                    prefix,
                    ObservedChange(.drop),
                    sequence: publication.sequence,
                    patterns: publication.patterns
                )
                delivery.begin(pattern: -1)
                connection.give(part, -1)
            }
        }
    }

    /// Tells observers that this loop was not told of changes; those that must miss nothing are closed.
    func tellLostChanges() {
        let lost = subscriptions.takeLostChanges()
        if lost == 0 { return }
        for number in subscriptions.observingNumbers {
            delivery.subscribers[number]?.loseChanges(lost)
        }
    }
}

extension Connection {
    /// Takes notice that so many changes were lost, of which some may have been for it.
    func loseChanges(_ count: Int) {
        guard let messages else { return }
        if session.deliveryPolicy == .close { return cutOff(.maxUndeliveredBytes) }
        messages.backlog.noteLostChanges(count)
        resumeSoon()
    }

    /// Whether the change that `publication` tells is still observed, and may still be told.
    func mayTell(_ publication: Publication) -> Bool {
        let number = session.identifier
        if !worker.subscriptions.isObserving(number, publication) { return false }
        if publication.change?.kind == .drop {
            return session.observablePrefixes(within: publication.channel)
                .contains(publication.channel)
        }
        let key = publication.channel.bytes
        return session.mayObserve(key.span)
    }
}
