// A connection that is not served: it is told why, and a token with a reserved slot changes that.
public import Core

/// Why a connection is not served.
///
/// Belongs to the connection's loop.
public final class SessionRefusal {
    /// What every request is answered with.
    public let error: ServerError
    private let takeReservedSlot: () -> Bool

    /// Makes a refusal; `takeReservedSlot` lets the connection in, if it can.
    public init(_ error: ServerError, _ takeReservedSlot: @escaping () -> Bool) {
        self.error = error
        self.takeReservedSlot = takeReservedSlot
    }

    /// Whether a token that has a reserved slot got one.
    func yields(toReservedSlot hasOne: Bool) -> Bool { hasOne && takeReservedSlot() }
}

@available(*, unavailable)
extension SessionRefusal: Sendable {}

extension Dispatch {
    /// Throws what a refused connection is told, unless the request may bring a token that is let in.
    func checkRefusal(
        _ request: borrowing Request,
        _ context: CommandContext
    ) throws(ServerError) {
        guard let refusal = context.session.refusal else { return }
        let mayBringToken =
            request.count > 0 && (request[0].isWord("AUTH") || request[0].isWord("HELLO"))
        if mayBringToken, request.count > 1 { return }
        throw refusal.error
    }
}
