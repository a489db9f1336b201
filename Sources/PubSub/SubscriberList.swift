// The subscribers of one topic on one loop, by their connections' numbers.

/// Numbers of connections, each with the number of the last message that came before its subscription.
///
/// Adding and removing take constant time; going over all of them is a walk over an array.
struct SubscriberList {
    struct Item: Equatable {
        let number: Int
        let since: UInt64
    }

    private(set) var items: [Item] = []
    private var positions: [Int: Int] = [:]

    var isEmpty: Bool { items.isEmpty }

    /// The number of the last message before the subscription of connection `number`; nil if it has none.
    func since(_ number: Int) -> UInt64? { positions[number].map { items[$0].since } }

    mutating func insert(_ number: Int, since: UInt64) {
        if positions[number] != nil { return }
        positions[number] = items.count
        items.append(Item(number: number, since: since))
    }

    mutating func remove(_ number: Int) {
        guard let position = positions.removeValue(forKey: number) else { return }
        let last = items.removeLast()
        if last.number == number { return }
        items[position] = last
        positions[last.number] = position
    }
}
