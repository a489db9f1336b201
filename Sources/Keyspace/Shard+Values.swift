// Reading and changing values within a shard.

internal import Core

extension Shard {
    /// Makes `value` the value of `key`, which then does not expire unless a rule says so; whether the
    /// key existed.
    @inline(__always)
    mutating func set(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ now: Int64
    ) throws(ServerError) -> Bool {
        if policy != nil { return try setRuled(key, value, hash, now) }
        return setAdmitted(key, value, hash, now, expiresAt: 0)
    }

    /// As `set`, of what the rules on namespaces have admitted; it expires at `expiresAt`, 0 for never.
    @inline(__always)
    mutating func setAdmitted(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ now: Int64,
        expiresAt: Int64
    ) -> Bool {
        let found = table.find(hash, key)
        if found < 0 {
            let entry = place(key, hash, valueCount: value.count, at: found, now)
            entry.write(value)
            if expiresAt != 0 { setExpiry(entry, hash, expiresAt) }
            return false
        }
        let entry = table[found]
        let wasLive = !entry.isExpired(now)
        if entry.expiresAt != expiresAt { setExpiry(entry, hash, expiresAt) }
        entry.use(now)
        replaceValue(at: found, value)
        return wasLive
    }

    /// As `set`, under conditions and with an expiry; `previous` gets the old value if there is one.
    mutating func set(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ options: SetOptions,
        _ now: Int64,
        _ previous: (Span<UInt8>) -> Void
    ) throws(ServerError) -> SetOutcome {
        let found = findLive(key, hash, now)
        if found >= 0 { table[found].value.withSpan(previous) }
        if !holds(options.condition, found) {
            return SetOutcome(isStored: false, hadPrevious: found >= 0)
        }
        let version = try store(key, value, hash, options.expiry, now, at: found)
        return SetOutcome(isStored: true, hadPrevious: found >= 0, version: version)
    }

    /// Makes `value` the value of `key`, which is or belongs at `found`; its version.
    ///
    /// An expiry in the past removes it: then 0.
    mutating func store(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ expiry: SetOptions.Expiry,
        _ now: Int64,
        at found: Int
    ) throws(ServerError) -> UInt64 {
        if case .at(let expiresAt) = expiry, expiresAt <= max(now, 0) {
            if found >= 0 { remove(at: found) }
            return 0
        }
        let entry: Entry
        if found >= 0 {
            try overwrite(at: found, value)
            entry = table[found]
        } else {
            entry = try insert(key, hash, valueCount: value.count, at: found, now)
            entry.write(value)
        }
        apply(expiry, entry, hash, now)
        return entry.header.pointee.version
    }

    private func holds(_ condition: SetOptions.Condition, _ found: Int) -> Bool {
        switch condition {
        case .always: true
        case .ifMissing: found < 0
        case .ifExists: found >= 0
        case .ifVersion(let version):
            found >= 0 && table[found].header.pointee.version == version
        }
    }

    private mutating func apply(
        _ expiry: SetOptions.Expiry,
        _ entry: Entry,
        _ hash: UInt64,
        _ now: Int64
    ) {
        switch expiry {
        case .none: setExpiry(entry, hash, defaultExpiry(entry.key, now))
        case .keep: break
        case .at(let expiresAt): setExpiry(entry, hash, expiresAt)
        }
    }

    /// Adds `amount` to the integer that `key` holds, 0 if it is missing; the sum.
    mutating func increment(
        _ key: Bytes,
        _ hash: UInt64,
        by amount: Int64,
        _ now: Int64
    ) throws(ServerError) -> Int64 {
        let found = findLive(key, hash, now)
        var value: Int64 = 0
        if found >= 0 {
            guard let present = integer(table[found]) else { throw .notAnInteger }
            value = present
        }
        let (sum, didOverflow) = value.addingReportingOverflow(amount)
        if didOverflow { throw ServerError(.overflow) }
        var digits = DecimalDigits(sum)
        try digits.withBytes { bytes throws(ServerError) in
            if found >= 0 {
                try overwrite(at: found, bytes)
            } else {
                try insert(key, hash, valueCount: bytes.count, at: found, now).write(bytes)
            }
        }
        return sum
    }

    @inline(__always)
    private func integer(_ entry: Entry) -> Int64? {
        let value = entry.value
        // SAFETY: the span ends with this call, under the lock that keeps the entry alive.
        return DecimalInteger.parse(Span(_unsafeStart: value.start, count: value.count))
    }

    /// Puts `suffix` behind the value of `key`, empty if it is missing; the new length in bytes, or nil
    /// if that would be above `maxValueBytes`.
    mutating func append(
        _ key: Bytes,
        _ suffix: Bytes,
        _ hash: UInt64,
        _ now: Int64,
        maxValueBytes: Int
    ) throws(ServerError) -> Int? {
        let found = findLive(key, hash, now)
        if found < 0 {
            if suffix.count > maxValueBytes { return nil }
            try insert(key, hash, valueCount: suffix.count, at: found, now).write(suffix)
            return suffix.count
        }
        let count = table[found].value.count
        if suffix.count > maxValueBytes - count { return nil }
        let total = count + suffix.count
        let entry = try grow(at: found, toValueCount: total)
        // SAFETY: the block holds a value of `total` bytes, and `suffix` lies outside the keyspace.
        (entry.valueStart + count).update(from: suffix.start, count: suffix.count)
        entry.header.pointee.valueCount = UInt32(truncatingIfNeeded: total)
        touch(entry)
        return total
    }
}

/// An integer written out in decimal, without a heap allocation.
private struct DecimalDigits {
    // Three words are 24 bytes, and a 64-bit integer takes at most 20.
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private let value: Int64

    init(_ value: Int64) { self.value = value }

    /// Calls `body` with the digits, behind a `-` if the value is negative.
    @inline(__always)
    mutating func withBytes<Failure: Error>(
        _ body: (Bytes) throws(Failure) -> Void
    ) throws(Failure) {
        let value = value
        try withUnsafeMutableBytes(of: &words) { buffer throws(Failure) in
            var start = buffer.count
            var magnitude = value.magnitude
            repeat {
                start -= 1
                let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
                buffer[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
                magnitude = quotient
            } while magnitude > 0
            if value < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            // SAFETY: the bytes from `start` on were just written, and `words` outlives `body`.
            let address = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped) + start
            try body(
                Bytes(
                    start: address.assumingMemoryBound(to: UInt8.self),
                    count: buffer.count - start
                )
            )
        }
    }
}
