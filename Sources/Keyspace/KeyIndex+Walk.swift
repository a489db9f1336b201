// Walking the keys below a prefix piece by piece, while the index changes in between.

extension KeyIndex {
    /// Labels are above 0 and below this, so that one fits a cursor beside a shard and a generation.
    static let labelEnd: UInt64 = 1 << 40
    /// What the label of a page behind all others is above the last one: room for 65,536 such pages.
    static let labelStep: UInt64 = 1 << 24

    /// Calls `body` with the entries whose keys begin with `prefix`, from the page labelled `label` on,
    /// whole pages at a time until at least `limit` were visited; the label to go on from, nil at the end.
    ///
    /// A label stays good when pages come and go: a page that is split keeps its label and the new one
    /// behind it gets a higher one, and one is removed only when it is empty. So a key never moves to a
    /// page of a lower label, and each key that stays is visited. Only `giveLabelsAnew` ends that, and
    /// raises `generation`. `limit` goes down by the entries visited: at most a page's more than it was.
    func forEach(
        prefix: Bytes,
        fromLabel label: UInt64,
        limit: inout Int,
        _ body: (Entry) -> Void
    ) -> UInt64? {
        if pageCount == 0 { return nil }
        var place = place(of: prefix)
        let first = firstPage(fromLabel: label)
        if first > place.page { place = Place(page: first, position: 0) }
        while place.page < pageCount {
            let page = pageAt(place.page)
            if limit <= 0 { return page.label }
            while place.position < page.count {
                let entry = page.entries[place.position]
                if !entry.key.hasPrefix(prefix) { return nil }
                body(entry)
                limit -= 1
                place.position += 1
            }
            place = Place(page: place.page + 1, position: 0)
        }
        return nil
    }

    /// The first page whose label is not below `label`; the number of pages if there is none.
    private func firstPage(fromLabel label: UInt64) -> Int {
        var low = 0
        var high = pageCount
        while low < high {
            let middle = (low + high) / 2
            if pageAt(middle).label < label { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
