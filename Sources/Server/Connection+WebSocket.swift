// What a connection that has become a WebSocket does beside answering: pings, and its end.
internal import Commands
internal import Core
internal import Gateway
internal import Logging
internal import PubSub
internal import Reactor
internal import Synchronization

extension Connection {
    /// Called once, when the connection has become a WebSocket.
    func beginWebSocket() {
        machine.answersPings = true
        worker.shared.facts.webSockets.add(1, ordering: .relaxed)
        log("upgraded")
    }

    /// Asks the peer whether it is there.
    func sendPing(_ now: Moment) {
        guard let http else { return }
        defer { worker.resetScratch() }
        http.ping(into: &worker.scratch.output)
        transmit(now)
    }

    /// Tells a WebSocket that the server shuts down; whether it was told, or needs not be.
    func tellWebSocket(_ grace: Int64, reconnectAfter: Int64, _ now: Moment) -> Bool {
        guard let http, http.isWebSocket, !http.isInsideReply else { return false }
        defer { worker.resetScratch() }
        http.announceShutdown(
            graceMilliseconds: grace,
            reconnectAfterMilliseconds: reconnectAfter,
            into: &worker.scratch.output
        )
        transmit(now)
        return true
    }

    /// Says the end to a WebSocket because the server shuts down.
    func endWebSocket(reconnectAfter: Int64, _ now: Moment) {
        guard let http, http.isWebSocket else { return }
        let error = ServerError(.shuttingDown, retryAfterMilliseconds: reconnectAfter)
        refuseHTTP(http, error, now)
    }
}

extension Worker {
    /// Sends the periodic notification to every WebSocket of this loop, if it is time.
    ///
    /// All loops count the same intervals, so that each notification has one number everywhere.
    func notifyIfDue(_ now: Moment) {
        let interval = shared.configuration.notificationIntervalMilliseconds
        if interval <= 0 { return }
        let number = shared.facts.uptimeMilliseconds(now) / interval
        defer { lastNotification = number }
        if number == lastNotification || lastNotification < 0 { return }
        let facts = shared.facts
        let data =
            "{\"number\":\(number),\"clients\":"
            + "\(facts.authenticatedClients.load(ordering: .relaxed)),"
            + "\"uptime_seconds\":\(facts.uptimeMilliseconds(now) / 1000)}"
        let publication = Publication(
            channel: .notify,
            message: [],
            sender: "$server",
            notification: Notification(
                kind: Array("periodic".utf8),
                text: Array("periodic notification \(number)".utf8),
                data: Array(data.utf8),
                dataIsJSON: true
            ),
            isForEveryone: true
        )
        giveToWebSockets(publication)
        deliverMessages(now)
    }
}
