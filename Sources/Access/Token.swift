// A token as the server uses it: one entry of the token file, compiled.
public import Core
public import Crypto

/// What the holder of one credential may do; it never changes.
public final class Token: Sendable {
    /// Which entry it was compiled from.
    public let id: TokenID
    /// The entry's name, for logs and for AUTH with a name.
    public let name: String
    /// The SHA-256 of the secret.
    public let digest: Digest
    /// The first millisecond since 1970 UTC at which it is refused; nil if it does not expire.
    public let expiresAtUnixMilliseconds: Int64?
    /// The commands it may run.
    public let commands: CommandSet
    /// Its own limits.
    public let rates: TokenRates
    /// What it has used of them; it outlives this reading of the token file.
    public let meter: TokenMeter
    /// Whether connections are kept free for it where there are as many as there may be.
    public let hasReservedSlot: Bool

    private let readable: KeyPatterns
    private let writable: KeyPatterns
    private let subscribable: KeyPatterns
    private let publishable: KeyPatterns
    private let nameBytes: [UInt8]

    /// Compiles `entry`; the catalog gives the commands their numbers.
    public init(_ entry: TokenEntry, catalog: CommandCatalog) throws(PermissionError) {
        commands = try TokenPermissions.compile(entry.permissions, catalog: catalog)
        id = entry.id
        name = entry.name
        digest = entry.digest
        expiresAtUnixMilliseconds = entry.expiresAtUnixMilliseconds
        readable = KeyPatterns(entry.read)
        writable = KeyPatterns(entry.write)
        subscribable = KeyPatterns(entry.subscribe)
        publishable = KeyPatterns(entry.publish)
        nameBytes = Array(entry.name.utf8)
        rates = TokenRates(entry.rateLimit)
        meter = TokenMeter()
        hasReservedSlot = entry.hasReservedSlot
    }

    /// The same token with the meter of an earlier reading.
    init(_ token: Token, meter: TokenMeter) {
        commands = token.commands
        id = token.id
        name = token.name
        digest = token.digest
        expiresAtUnixMilliseconds = token.expiresAtUnixMilliseconds
        readable = token.readable
        writable = token.writable
        subscribable = token.subscribable
        publishable = token.publishable
        nameBytes = token.nameBytes
        rates = token.rates
        self.meter = meter
        hasReservedSlot = token.hasReservedSlot
    }

    /// Whether every key may be read, so that no key needs to be looked at.
    public var readsEverything: Bool { readable.matchesEverything }

    /// Whether every key may be written, so that no key needs to be looked at.
    public var writesEverything: Bool { writable.matchesEverything }

    /// Whether `key` may be read.
    public func mayRead(_ key: Span<UInt8>) -> Bool { readable.matches(key) }

    /// Whether `key` may be written.
    public func mayWrite(_ key: Span<UInt8>) -> Bool { writable.matches(key) }

    /// Whether every key that begins with `prefix` may be read; a doubt is a no.
    public func mayReadEverything(below prefix: Span<UInt8>) -> Bool {
        readable.matchesEverything(below: prefix)
    }

    /// What all keys begin with that begin with `prefix` and may be read, in as few prefixes as the
    /// patterns say.
    public func readablePrefixes(within prefix: Span<UInt8>) -> [[UInt8]] {
        readable.prefixes(within: prefix)
    }

    /// Whether every key that begins with `prefix` may be written; a doubt is a no.
    public func mayWriteEverything(below prefix: Span<UInt8>) -> Bool {
        writable.matchesEverything(below: prefix)
    }

    /// Whether messages of `channel` may be received.
    public func maySubscribe(to channel: Span<UInt8>) -> Bool { subscribable.matches(channel) }

    /// Whether messages of every channel that `pattern` matches may be received; a doubt is a no.
    public func maySubscribe(toAllOf pattern: Span<UInt8>) -> Bool { subscribable.cover(pattern) }

    /// Whether messages may be sent to `channel`.
    public func mayPublish(to channel: Span<UInt8>) -> Bool { publishable.matches(channel) }

    /// Whether it is refused at `nowUnixMilliseconds`.
    public func isExpired(nowUnixMilliseconds: Int64) -> Bool {
        expiresAtUnixMilliseconds.map { nowUnixMilliseconds >= $0 } ?? false
    }

    /// Whether it is called exactly `name`.
    func isCalled(_ name: Span<UInt8>) -> Bool {
        if name.count != nameBytes.count { return false }
        for index in 0..<name.count where name[index] != nameBytes[index] { return false }
        return true
    }
}
