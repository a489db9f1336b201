// Handshakes that stop at the hello, and peers that send nothing but KeyUpdates.
import COpenSSL
import Testing

@testable import TLS

@Suite struct SuspensionTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test(arguments: [Pieces.whole, .bytes, .random(seed: 3)])
    func aHandshakeStopsAtTheHelloUntilItMayGoOn(pieces: Pieces) throws {
        let client = try Peer(fixture.client(), serverName: "localhost")
        let server = try Peer(fixture.server(), suspendsAtHello: true)
        let hello = client.feed([])
        #expect(server.feed(hello, pieces).isEmpty)
        #expect(server.progress == .suspended)
        #expect(!server.session.offersResumption)
        // However often it is asked.
        #expect(server.feed([]).isEmpty)
        #expect(server.progress == .suspended)
        server.session.proceed()
        let flight = server.feed([])
        #expect(!flight.isEmpty)
        #expect(server.progress == .incomplete)
        _ = server.feed(client.feed(flight))
        #expect(server.session.isEstablished)
    }

    @Test func aHelloThatIsNotCompleteDoesNotSuspend() throws {
        let client = try Peer(fixture.client(), serverName: "localhost")
        let server = try Peer(fixture.server(), suspendsAtHello: true)
        let hello = client.feed([])
        #expect(server.feed(Array(hello.dropLast())).isEmpty)
        #expect(server.progress == .incomplete)
        #expect(server.feed(Array(hello.suffix(1))).isEmpty)
        #expect(server.progress == .suspended)
    }

    @Test func keyUpdatesAreCounted() throws {
        let connection = try fixture.established(.whole)
        #expect(connection.server.buffers.keyUpdates == 0)
        let one = connection.client.session.keyUpdate(connection.client)
        #expect(!one.isEmpty)
        _ = connection.server.feed(one + connection.client.write(Array("x".utf8)))
        #expect(connection.server.buffers.keyUpdates == 1)
        #expect(connection.server.received == Array("x".utf8))
        _ = connection.server.feed(connection.client.write(Array("y".utf8)))
        #expect(connection.server.buffers.keyUpdates == 0)
    }

    /// Both libssl's idea of a KeyUpdate and the record layer's, in either direction.
    @Test func keysChangeUnderWay() throws {
        let connection = try fixture.established(.whole)
        for round in 0..<5 as Range<UInt8> {
            let update = connection.client.session.keyUpdate(
                connection.client,
                SSL_KEY_UPDATE_REQUESTED
            )
            _ = connection.server.feed(update + connection.client.write([round]))
            let answer = connection.server.write([round, round])
            #expect(try records(answer).count == 2, "KeyUpdate, then data")
            _ = connection.client.feed(answer)
            #expect(connection.client.received.suffix(2) == [round, round])
        }
        #expect(connection.server.received == [0, 1, 2, 3, 4])
    }

    /// One read of a flood costs no more than the limit and what libssl had read ahead.
    @Test func aFloodOfKeyUpdatesFails() throws {
        let connection = try fixture.established(.whole)
        var flood: [UInt8] = []
        for _ in 0..<5000 { flood += connection.client.session.keyUpdate(connection.client) }
        _ = connection.server.feed(flood)
        #expect(connection.server.error?.description.contains("too many key updates") == true)
        #expect(connection.server.buffers.keyUpdates < 1000)
    }
}

extension TLSSession {
    /// Asks `peer`, whose session this is, for a KeyUpdate that wants no answer; the ciphertext.
    fileprivate func keyUpdate(
        _ peer: Peer,
        _ request: Int32 = SSL_KEY_UPDATE_NOT_REQUESTED
    ) -> [UInt8] {
        withSSL { ssl in
            #expect(SSL_key_update(ssl, request) == 1)
            #expect(SSL_do_handshake(ssl) == 1)
        }
        return peer.takeOutput()
    }
}
