// CLIENT KILL: closing other connections, or one's own.
internal import Core
internal import Synchronization

/// Which connections CLIENT KILL means.
private struct KillFilter {
    var identifier: Int64?
    var address: String?
    var user: String?
    var isNormal = true
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
                isNormal = try isNormalType(value)
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
        if !isNormal { return false }
        if let identifier, identifier != Int64(record.identifier) { return false }
        if let address, address != record.address { return false }
        if let user, user != record.details.withLock({ $0.tokenName }) { return false }
        return true
    }
}

/// Whether `type` means clients such as there are here; throws where it is none of Redis's types.
func isNormalType(_ type: Span<UInt8>) throws(ServerError) -> Bool {
    if type.isWord("NORMAL") { return true }
    for other: StaticString in ["MASTER", "REPLICA", "SLAVE", "PUBSUB"] where type.isWord(other) {
        return false
    }
    let name = Printable.text(type, maxBytes: 64)
    throw ServerError(.invalidRequest, "Unknown client type '\(name)'")
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
