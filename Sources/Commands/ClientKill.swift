// CLIENT KILL: closing other connections, or one's own.
internal import Core
internal import Synchronization

/// Which connections CLIENT KILL means.
private struct KillFilter {
    var identifier: Int64?
    var address: String?
    var user: String?
    /// Whether subscribers are meant, or the others; nil for both.
    var isSubscriber: Bool?
    var isKnown = true
    var skipsOwn = true

    init(_ request: borrowing Request) throws(ServerError) {
        if request.count % 2 != 0 { throw .syntax }
        var index = 2
        while index < request.count {
            let value = request[index + 1]
            if request[index].isWord("ID") {
                guard let number = DecimalInteger.parse(value), number > 0 else {
                    throw ServerError(.notAnInteger, "client-id should be greater than 0")
                }
                identifier = number
            } else if request[index].isWord("ADDR") {
                address = Printable.text(value, maxBytes: 128)
            } else if request[index].isWord("USER") {
                user = Printable.text(value, maxBytes: 128)
            } else if request[index].isWord("TYPE") {
                let type = try ClientType(value)
                isKnown = type != .replication
                isSubscriber = type == .subscriber
            } else if request[index].isWord("SKIPME") {
                skipsOwn = value.isWord("YES")
                if !skipsOwn, !value.isWord("NO") { throw .syntax }
            } else {
                throw .syntax
            }
            index += 2
        }
    }

    func matches(_ record: ClientRecord) -> Bool {
        if !isKnown { return false }
        if let isSubscriber, isSubscriber != record.isSubscriber { return false }
        if let identifier, identifier != Int64(record.identifier) { return false }
        if let address, address != record.address { return false }
        if let user, user != record.details.withLock({ $0.tokenName }) { return false }
        return true
    }
}

/// The types of clients that Redis has.
enum ClientType {
    case normal
    case subscriber
    /// There are none of it here.
    case replication

    /// The type called `name`; throws where it is none of Redis's types.
    init(_ name: Span<UInt8>) throws(ServerError) {
        if name.isWord("NORMAL") {
            self = .normal
        } else if name.isWord("PUBSUB") {
            self = .subscriber
        } else if name.isWord("MASTER") || name.isWord("REPLICA") || name.isWord("SLAVE") {
            self = .replication
        } else {
            let shown = Printable.text(name, maxBytes: 64)
            throw ServerError(.invalidRequest, "Unknown client type '\(shown)'")
        }
    }
}

func killClients(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request.count == 3 {
        let address = Printable.text(request[2], maxBytes: 128)
        guard let record = context.facts.clients.all.first(where: { $0.address == address }) else {
            throw ServerError(.invalidRequest, "No such client")
        }
        end(record, context)
        context.reply.ok()
        return
    }
    let filter = try KillFilter(request)
    var count = 0
    for record in context.facts.clients.all where filter.matches(record) {
        if filter.skipsOwn, record.identifier == context.session.identifier { continue }
        end(record, context)
        count += 1
    }
    context.reply.integer(count)
}

private func end(_ record: ClientRecord, _ context: CommandContext) {
    if record.identifier == context.session.identifier {
        // Its own reply comes first.
        context.session.closesAfterReply = true
    } else {
        record.isKilled.store(true, ordering: .releasing)
        record.close()
    }
}
