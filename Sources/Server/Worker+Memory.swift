// What the buffers of connections take: counted all together, and the largest closed where it is too much.
internal import Access
internal import Commands
internal import Core
internal import Gateway
internal import Logging
internal import Reactor
internal import Synchronization
internal import TLS

extension Connection {
    /// Counts what this connection's buffers take now.
    @inline(__always)
    func countMemory() {
        var held = inbound.capacity &+ outbound.capacity &+ heldCiphertext.capacity
        if let tls { held &+= tls.heldBytes }
        if let http { held &+= http.heldBytes }
        if held != countedBytes { countMemory(held) }
    }

    @inline(never)
    private func countMemory(_ held: Int) {
        worker.heldBytesChanged(by: held - countedBytes)
        countedBytes = held
    }

    /// Takes what it had out of the count, at its end.
    func forgetMemory() {
        if countedBytes != 0 { countMemory(0) }
    }
}

extension Worker {
    /// Notes that the buffers of this loop's connections take so many bytes more.
    func heldBytesChanged(by bytes: Int) {
        heldBytes += bytes
        mailbox.heldBytes.store(heldBytes, ordering: .relaxed)
        let total = shared.facts.connectionBytes.add(bytes, ordering: .relaxed).newValue
        let limit = shared.configuration.limits.maxConnectionMemoryBytes
        if limit > 0, total > limit { wantsRelief = true }
    }

    /// Brings all buffers together back below their limit, behind a turn's events.
    ///
    /// The loop whose connections hold the most closes its largest, one after the other; another loop
    /// asks it to.
    func relieve(_ now: Moment) {
        wantsRelief = false
        let limit = shared.configuration.limits.maxConnectionMemoryBytes
        while limit > 0, shared.facts.connectionBytes.load(ordering: .relaxed) > limit {
            let loads = mailboxes.map { $0.heldBytes.load(ordering: .relaxed) }
            if let most = loads.max(), most > heldBytes, let index = loads.firstIndex(of: most) {
                return mailboxes[index].post(.relieve)
            }
            guard let largest = largestConnection() else { return }
            shared.logger.warning(
                "closed the connection with the largest buffers",
                metadata: [
                    "limit": "maxConnectionMemoryBytes", "peer": "\(largest.address)",
                    "connection": "\(largest.session.identifier)",
                    "bytes": "\(largest.countedBytes)",
                ]
            )
            largest.cutOff(.maxConnectionMemoryBytes)
        }
    }

    private func largestConnection() -> Connection? {
        var largest: Connection?
        for connection in connections where connection.countedBytes > largest?.countedBytes ?? 0 {
            largest = connection
        }
        return largest
    }
}
