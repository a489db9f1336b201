// NOTIFY: a message with a kind and data, to all who are subscribed to the channel of notifications.
internal import Access
internal import Core
internal import PubSub

let notificationCommands: [Command] = [
    Command(
        CommandSpec(
            "NOTIFY",
            group: .pubsub,
            arguments: [
                ArgumentSpec("message", .bytes),
                ArgumentSpec("type", .bytes, token: "TYPE", optional: true),
                ArgumentSpec("data", .anyValue, token: "DATA", optional: true),
            ],
            category: .pubsub,
            complexity: "O(N+M) with N subscribers and M patterns of all clients",
            summary: "Sends a notification to all subscribers of $sys.notify, "
                + "WebSockets among them; how many there are.",
            reply: .integer,
            errors: [.syntax]
        ),
        notify
    )
]

private func notify(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    let channel = Topic.notify
    if !token.mayPublish(to: channel.bytes.span) { throw noChannel }
    var kind: [UInt8]?
    var data: [UInt8]?
    var index = 2
    while index < request.count {
        guard index + 1 < request.count else { throw .syntax }
        if request[index].isWord("TYPE"), kind == nil {
            kind = Array(request[index + 1])
        } else if request[index].isWord("DATA"), data == nil {
            data = Array(request[index + 1])
        } else {
            throw .syntax
        }
        index += 2
    }
    let limit = context.limits.maxValueBytes
    if request[1].count + (kind?.count ?? 0) + (data?.count ?? 0) > limit {
        throw ServerError(.tooLong, "notification above maxValueBytes=\(limit) bytes")
    }
    try requireRoom(context)
    let notification = Notification(
        kind: kind ?? Array("info".utf8),
        text: Array(request[1]),
        data: data,
        dataIsJSON: context.session.encoding == .json
    )
    context.reply.integer(context.subscriptions.notify(notification, sender: token.name))
}

extension Array where Element == UInt8 {
    /// Copies the bytes of `span`.
    fileprivate init(_ span: Span<UInt8>) { self = Topic(span).bytes }
}

extension CommandContext {
    /// Subscribes the session to notifications, if its token may be subscribed to them.
    public func hearNotifications() {
        let channel = Topic.notify
        guard let token = session.token, token.maySubscribe(to: channel.bytes.span),
            let subscribe = CommandTable.catalog.index(of: "SUBSCRIBE".utf8.span),
            session.rights.commands.contains(subscribe)
        else { return }
        subscriptions.subscribe(session.identifier, to: channel)
        countSubscriptions(self)
    }
}
