// Every token at one time: what one reading of the token file gave.
public import Core

/// An unchanging set of tokens, found by identifier or name.
public struct TokenSet: Sendable {
    private let byID: [TokenID: Token]
    private let byName: [String: Token]

    /// The set without tokens, which lets nobody in.
    public static let none = TokenSet([])

    /// Makes the set of `tokens`; of two with the same identifier or name the later one counts.
    public init(_ tokens: [Token]) {
        byID = Dictionary(tokens.map { ($0.id, $0) }) { _, later in later }
        byName = Dictionary(tokens.map { ($0.name, $0) }) { _, later in later }
    }

    /// Compiles every entry of `entries`.
    public init(_ entries: [TokenEntry], catalog: CommandCatalog) throws(PermissionError) {
        var tokens: [Token] = []
        for entry in entries { tokens.append(try Token(entry, catalog: catalog)) }
        self.init(tokens)
    }

    /// The same tokens, each with the meter that a token of its identifier has in `earlier`.
    func keepingMeters(of earlier: TokenSet) -> TokenSet {
        TokenSet(
            byID.values.map { token in
                earlier[token.id].map { Token(token, meter: $0.meter) } ?? token
            }
        )
    }

    /// The number of tokens.
    public var count: Int { byID.count }

    /// The token whose identifier is `id`, expired or not.
    public subscript(id: TokenID) -> Token? { byID[id] }

    /// The token called exactly `name`, expired or not.
    public subscript(name name: String) -> Token? { byName[name] }

    /// The earliest time after `nowUnixMilliseconds` at which a token expires; nil if none does.
    public func nextExpiry(after nowUnixMilliseconds: Int64) -> Int64? {
        byID.values.compactMap(\.expiresAtUnixMilliseconds).filter { $0 > nowUnixMilliseconds }
            .min()
    }
}
