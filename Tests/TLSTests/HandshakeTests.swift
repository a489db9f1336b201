// Handshakes in memory: what is negotiated, whom a client believes, and what makes one fail.
import COpenSSL
import Testing

@testable import TLS

@Suite struct HandshakeTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test(arguments: [Pieces.whole, .bytes, .random(seed: 1), .random(seed: 2)])
    func succeedsHoweverBytesArrive(pieces: Pieces) throws {
        let connection = try fixture.established(pieces)
        for peer in [connection.client, connection.server] {
            #expect(peer.session.version == "TLSv1.3")
            #expect(peer.session.cipherSuite == "TLS_AES_128_GCM_SHA256")
            #expect(peer.session.applicationProtocol == nil)
            #expect(!peer.session.isResumed)
            #expect(peer.progress == .incomplete)
            #expect(peer.received.isEmpty)
        }
    }

    /// What is tested of a server's data is so of its record layer, whichever suite is chosen, and of libssl
    /// where TLS 1.2 is.
    @Test(arguments: [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
    ])
    func theRecordLayerTakesOverFromTLS13(suite: String) throws {
        let connection = try fixture.connection()
        let isOld = suite.hasPrefix("ECDHE")
        _ = connection.client.session.withSSL { ssl in
            isOld
                ? Int(SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil))
                : Int(SSL_set_ciphersuites(ssl, suite))
        }
        try connection.shuttle(.random(seed: 7))
        #expect(connection.server.session.hasRecordLayer == !isOld)
        #expect(!connection.client.session.hasRecordLayer)
        if !isOld { #expect(connection.server.session.cipherSuite == suite) }
        #expect(connection.server.session.version == connection.client.session.version)
        let data = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
        for (from, to) in [
            (connection.client, connection.server), (connection.server, connection.client),
        ] {
            #expect(to.feed(from.write(data), .random(seed: 8)).isEmpty)
            let isSame = to.received == data
            #expect(isSame)
        }
        connection.server.session.releaseBuffers()
        _ = connection.client.feed(connection.server.write([1]) + connection.server.close())
        #expect(connection.client.progress == .closed)
    }

    @Test func nothingIsEstablishedBefore() throws {
        let connection = try fixture.connection()
        #expect(!connection.client.session.isEstablished)
        #expect(connection.client.session.cipherSuite == "(NONE)")
        #expect(connection.server.feed([]).isEmpty)
        #expect(connection.server.progress == .incomplete)
        #expect(!connection.client.feed([]).isEmpty)
        #expect(!connection.client.session.isEstablished)
    }

    /// The server's last flight of a handshake is its session tickets, a record each.
    @Test func theServerSendsOneTicket() throws {
        let connection = try fixture.connection()
        let hello = connection.client.feed([])
        let finished = connection.client.feed(connection.server.feed(hello))
        #expect(!connection.server.session.isEstablished)
        let tickets = try records(connection.server.feed(finished))
        #expect(tickets.count == 1)
        #expect(tickets.first?.first == 23)
        #expect(connection.client.feed(tickets.flatMap { $0 }).isEmpty)
        #expect(connection.client.progress == .incomplete)
    }

    @Test func aTicketResumesASession() throws {
        let (client, server) = (try fixture.client(), try fixture.server())
        let first = Connection(
            client: try Peer(client, serverName: "localhost"),
            server: try Peer(server)
        )
        #expect(first.client.session.ticket == nil)
        try first.shuttle()
        let ticket = try #require(first.client.session.ticket)
        // The same ticket serves more than once.
        for _ in 0..<2 {
            let next = Connection(
                client: try Peer(client, serverName: "localhost"),
                server: try Peer(server)
            )
            next.client.session.resume(ticket)
            try next.shuttle()
            #expect(next.client.session.isResumed && next.server.session.isResumed)
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", nil])
    func namesOfTheCertificateAreAccepted(name: String?) throws {
        let connection = try fixture.connection(serverName: name)
        try connection.shuttle()
        #expect(connection.client.session.isEstablished && connection.server.session.isEstablished)
    }

    @Test(arguments: [
        ("example.org", "hostname mismatch"), ("localhost.example.org", "hostname mismatch"),
        ("127.0.0.2", "IP address mismatch"), ("::2", "IP address mismatch"),
    ])
    func otherNamesAreRefused(name: String, reason: String) throws {
        let connection = try fixture.connection(serverName: name)
        try connection.shuttle()
        #expect(connection.client.error?.context == "TLS handshake failed: \(reason)")
        #expect(connection.client.error?.stack.first?.contains("verify failed") == true)
        #expect(connection.server.error?.context == "TLS handshake failed")
        #expect(connection.server.error?.stack.first?.contains("alert") == true)
        #expect(!connection.server.session.isEstablished)
    }

    @Test func anotherAuthorityIsRefusedInWords() throws {
        let other = try Fixture()
        let connection = Connection(
            client: try Peer(other.client(), serverName: "localhost"),
            server: try Peer(fixture.server())
        )
        try connection.shuttle()
        let error = try #require(connection.client.error)
        #expect(error.context.hasPrefix("TLS handshake failed: "))
        #expect(error.context.contains("certificate"))
        #expect(connection.server.error?.stack.first?.contains("unknown ca") == true)
    }

    @Test func systemTrustRefusesADevelopmentAuthority() throws {
        let connection = Connection(
            client: try Peer(TLSContext(client: .system), serverName: "localhost"),
            server: try Peer(fixture.server())
        )
        try connection.shuttle()
        #expect(connection.client.error?.context.contains("certificate") == true)
    }

    @Test func whoTrustsAnyoneAcceptsAnyone() throws {
        let connection = Connection(
            client: try Peer(TLSContext(client: .anyone), serverName: "example.org"),
            server: try Peer(fixture.server())
        )
        try connection.shuttle()
        #expect(connection.client.session.isEstablished && connection.server.session.isEstablished)
        // A failure later on is not blamed on the certificate that nobody looked at.
        var record = connection.server.write([1])
        record[record.count - 1] ^= 1
        _ = connection.client.feed(record)
        #expect(connection.client.error?.context == "TLS read failed")
    }

    @Test func authoritiesThatCannotBeReadAreNamed() throws {
        let path = fixture.folder.file("missing.pem")
        let error = #expect(throws: TLSError.self) {
            try TLSContext(client: .authorities(file: path))
        }
        #expect(error?.context == "cannot read certificate authorities from \(path)")
        #expect(error?.stack.isEmpty == false)
        try fixture.folder.write("text.pem", "not PEM\n")
        let text = fixture.folder.file("text.pem")
        #expect(throws: TLSError.self) { try TLSContext(client: .authorities(file: text)) }
    }
}

extension HandshakeTests {
    @Test(arguments: [
        (["http/1.1"], ["http/1.1"], "http/1.1"), (["h2", "http/1.1"], ["http/1.1"], "http/1.1"),
        (["a", "b"], ["b", "a"], "b"), (["http/1.1"], ["http/1.1", "http/1"], "http/1.1"),
    ])
    func aKnownProtocolIsChosen(offer: [String], accepted: [String], chosen: String) throws {
        let connection = Connection(
            client: try Peer(fixture.client(protocols: offer), serverName: "localhost"),
            server: try Peer(fixture.server(protocols: accepted))
        )
        try connection.shuttle(.bytes)
        #expect(connection.client.session.applicationProtocol == chosen)
        #expect(connection.server.session.applicationProtocol == chosen)
    }

    @Test(arguments: [
        (["h2"], ["http/1.1"]), (["http/1.10", "http/1."], ["http/1.1"]), (["http/1.1"], []),
    ])
    func unknownProtocolsEndTheHandshakeOnBothSides(offer: [String], accepted: [String]) throws {
        let connection = Connection(
            client: try Peer(fixture.client(protocols: offer), serverName: "localhost"),
            server: try Peer(fixture.server(protocols: accepted))
        )
        try connection.shuttle()
        for peer in [connection.client, connection.server] {
            #expect(peer.error?.stack.first?.contains("no application protocol") == true)
            #expect(!peer.session.isEstablished)
            #expect(peer.close().isEmpty)
        }
    }

    @Test(arguments: ["", String(repeating: "a", count: 256)])
    func aProtocolMustHaveALengthThatFits(name: String) throws {
        #expect(throws: TLSError.self) {
            try TLSContext(client: .anyone, applicationProtocols: ["http/1.1", name])
        }
    }

    @Test func aTruncatedHandshakeIsIncomplete() throws {
        let connection = try fixture.connection()
        let hello = connection.client.feed([])
        #expect(connection.server.feed(Array(hello.dropLast())).isEmpty)
        #expect(connection.server.progress == .incomplete)
        #expect(!connection.server.session.isEstablished)
        let answer = connection.server.feed([hello[hello.count - 1]])
        #expect(!answer.isEmpty)
        #expect(connection.client.feed(Array(answer.dropLast())).isEmpty)
        #expect(connection.client.progress == .incomplete)
        // Whoever closes in the middle of a handshake has nothing to say.
        #expect(connection.client.close().isEmpty)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "http request"),
        ("*1\r\n$4\r\nPING\r\n", "wrong version number"), ("PING and more\n", ""),
    ])
    func whatIsNoRecordFails(text: String, reason: String) throws {
        let connection = try fixture.connection()
        for peer in [connection.server, connection.client] {
            _ = peer.feed(Array(text.utf8), .bytes)
            #expect(peer.error?.context == "TLS handshake failed")
            #expect(peer.error?.stack.isEmpty == false)
            #expect(!peer.session.isEstablished)
        }
        let said = connection.server.error?.stack.first?.contains(reason) == true
        #expect(said || reason.isEmpty, "\(String(describing: connection.server.error))")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func randomBytesNeverEstablish(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let connection = try fixture.connection()
        var hello = connection.client.feed([])
        if seed % 2 == 0 {
            hello = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
        } else {
            for _ in 0..<8 { hello[Int.random(in: 0..<hello.count, using: &random)] ^= 0x55 }
        }
        let answer = connection.server.feed(hello, .random(seed: seed))
        _ = connection.server.feed(connection.client.feed(answer))
        #expect(!connection.server.session.isEstablished)
    }
}
