// `sallyport healthcheck`: asks a running server whether it answers.
internal import ArgumentParser
internal import Reactor
internal import Server
internal import TLS

struct HealthCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Sends PING to a server and exits 0 if it answers PONG.",
        discussion: "It needs no token. Made for a container's HEALTHCHECK."
    )

    @Option(help: "HOST:PORT of the server.")
    var connect = "localhost:9999"

    @Option(help: "PEM file of the certificate authority to trust; without it, the system's.")
    var ca: String?

    @Flag(help: "Do not verify the certificate: for a check from the same host.")
    var insecure = false

    @Option(help: "Seconds to wait: for the handshake, and as long for the answer.")
    var timeout = 5.0

    func run() throws {
        guard let endpoint = Endpoint(connect) else {
            throw ValidationError("--connect \(connect) is not HOST:PORT.")
        }
        let trust: TLSTrust =
            insecure ? .anyone : ca.map { TLSTrust.authorities(file: $0) } ?? .system
        let client = try ClientConnection(
            to: endpoint,
            trust: trust,
            timeoutMilliseconds: Int64(max(0, min(timeout, 3600)) * 1000)
        )
        try client.send("PING\n")
        let answer = try client.line()
        if answer != "PONG" { throw StartError("expected PONG, got \(answer.debugDescription)") }
        print("PONG")
    }
}
