// The requests of one connection whose replies have not come, in order.

/// A ring with room for the whole pipeline; it allocates once.
struct PendingRequests: Sendable {
    private var ring: [PlannedRequest]
    private let mask: Int
    private var head = 0
    /// How many are in it.
    private(set) var count = 0

    /// Makes a ring for `capacity` requests.
    init(capacity: Int) {
        var size = 1
        while size < capacity { size *= 2 }
        mask = size - 1
        ring = Array(repeating: PlannedRequest(command: .ping), count: size)
    }

    /// Adds a request behind the others; there must be room.
    @inline(__always)
    mutating func append(_ request: PlannedRequest) {
        precondition(count <= mask, "more requests in flight than the pipeline allows")
        ring[(head + count) & mask] = request
        count += 1
    }

    /// Says when the last `added` requests were sent.
    @inline(__always)
    mutating func stamp(last added: Int, sentAt: Int64) {
        for index in (count - added)..<count { ring[(head + index) & mask].sentAt = sentAt }
    }

    /// The oldest request; nil if there is none.
    var first: PlannedRequest? { count == 0 ? nil : ring[head] }

    /// Takes the oldest request; nil if there is none.
    @inline(__always)
    mutating func takeFirst() -> PlannedRequest? {
        if count == 0 { return nil }
        let request = ring[head]
        head = (head + 1) & mask
        count -= 1
        return request
    }
}
