// Data through established sessions: every size, every cut, corruption, and the end.
import Testing

@testable import TLS

@Suite struct DataTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func random(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(state: UInt64(count))
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test(arguments: [
        (1, Pieces.whole), (2, .bytes), (100, .bytes), (16_383, .whole), (16_384, .whole),
        (16_385, .whole), (16_385, .bytes), (100_000, .random(seed: 3)), (1 << 20, .whole),
        (1 << 20, .random(seed: 4)),
    ])
    func arrivesBothWays(count: Int, pieces: Pieces) throws {
        let connection = try fixture.established()
        let data = random(count)
        for (from, to) in [
            (connection.client, connection.server), (connection.server, connection.client),
        ] {
            #expect(to.feed(from.write(data), pieces).isEmpty)
            #expect(to.received == data)
            #expect(to.progress == .incomplete)
        }
    }

    @Test func severalWritesKeepTheirOrder() throws {
        let connection = try fixture.established()
        let parts = (1...200).map { random($0) }
        let ciphertext = parts.flatMap { connection.server.write($0) }
        #expect(try records(ciphertext).count == 200)
        _ = connection.client.feed(ciphertext, .random(seed: 5))
        #expect(connection.client.received == parts.flatMap { $0 })
    }

    @Test func aLargeWriteTakesAsFewRecordsAsItFits() throws {
        let connection = try fixture.established()
        #expect(try records(connection.server.write(random(4 * 16_384))).count == 4)
        #expect(try records(connection.server.write(random(16_384))).count == 1)
    }

    @Test func writingNothingWritesNothing() throws {
        let connection = try fixture.established()
        #expect(connection.client.write([]).isEmpty)
    }

    @Test func aSmallRoomLeavesTheRestToRead() throws {
        let fixture = try Fixture()
        let buffers = TLSBuffers()
        let server = try Peer(fixture.server(), buffers: buffers)
        let connection = Connection(
            client: try Peer(fixture.client(), serverName: "localhost"),
            server: server
        )
        try connection.shuttle()
        let ciphertext = connection.client.write([1, 2, 3])
        var room: [UInt8] = [0, 0]
        ciphertext.withUnsafeBytes { buffers.setInput($0) }
        #expect(server.session.needsRead)
        #expect(room.withUnsafeMutableBytes { server.session.read(into: $0) } == .done(2))
        #expect(room == [1, 2])
        #expect(server.session.needsRead)
        #expect(buffers.remainingInputBytes == 0)
        #expect(room.withUnsafeMutableBytes { server.session.read(into: $0) } == .done(1))
        #expect(!server.session.needsRead)
        #expect(room.withUnsafeMutableBytes { server.session.read(into: $0) } == .incomplete)
        buffers.clearInput()
    }

    /// As on a loop: one pair of buffers, and turns that end in the middle of records.
    @Test func sessionsShareBuffers() throws {
        let buffers = TLSBuffers()
        let context = try fixture.server()
        let connections = try (0..<3).map { _ in
            Connection(
                client: try Peer(fixture.client(), serverName: "localhost"),
                server: try Peer(context, buffers: buffers)
            )
        }
        for connection in connections { try connection.shuttle(.bytes) }
        let data = (0..<3).map { random(5000 + $0) }
        let streams = zip(connections, data).map { $0.client.write($1) }
        for index in 0..<(streams.map(\.count).max() ?? 0) {
            for (connection, stream) in zip(connections, streams) where index < stream.count {
                #expect(connection.server.feed([stream[index]]).isEmpty)
            }
        }
        #expect(connections.map(\.server.received) == data)
        #expect(Set(connections.map { $0.client.feed($0.server.write([7])) }) == [[]])
        #expect(connections.map(\.client.received) == [[7], [7], [7]])
    }

    @Test func aLargeOutputIsGivenBack() throws {
        let connection = try fixture.established()
        let data = random(3 << 20)
        _ = connection.client.feed(connection.server.write(data))
        _ = connection.client.feed(connection.server.write([1, 2, 3]))
        #expect(connection.client.received == data + [1, 2, 3])
    }
}

extension DataTests {
    @Test(arguments: [5, 6, 20, 40, -1, -16, -17])
    func aFlippedBitFails(position: Int) throws {
        let connection = try fixture.established()
        var record = connection.client.write(random(50))
        let index = position < 0 ? record.count + position : position
        record[index] ^= 0x10
        let alert = connection.server.feed(record)
        #expect(connection.server.received.isEmpty)
        #expect(connection.server.error?.context == "TLS read failed")
        #expect(connection.server.error?.stack.first?.contains("bad record mac") == true)
        // The alert tells the peer, and nothing follows it.
        _ = connection.client.feed(alert)
        #expect(connection.client.error?.stack.first?.contains("alert bad record mac") == true)
        #expect(connection.server.close().isEmpty)
    }

    @Test func aRecordSentTwiceFails() throws {
        let connection = try fixture.established()
        let record = connection.client.write([1])
        _ = connection.server.feed(record)
        _ = connection.server.feed(record)
        #expect(connection.server.received == [1])
        #expect(connection.server.error != nil)
    }

    @Test func aRecordLeftOutFails() throws {
        let connection = try fixture.established()
        _ = connection.client.write([1])
        _ = connection.server.feed(connection.client.write([2]))
        #expect(connection.server.received.isEmpty)
        #expect(connection.server.error != nil)
    }

    @Test func plaintextBehindTheHandshakeFails() throws {
        let connection = try fixture.established()
        _ = connection.server.feed(Array("PING\nPING\n".utf8))
        #expect(connection.server.error?.context == "TLS read failed")
    }

    @Test func whatEndsWithinARecordIsIncomplete() throws {
        let connection = try fixture.established()
        let record = connection.client.write([1, 2, 3])
        _ = connection.server.feed(Array(record.dropLast()))
        #expect(connection.server.progress == .incomplete)
        #expect(connection.server.received.isEmpty)
        _ = connection.server.feed(Array(record.suffix(1)))
        #expect(connection.server.received == [1, 2, 3])
    }

    /// What a server goes by that waits for a pause before it closes.
    @Test func partOfARecordIsToBeRead() throws {
        // A header of 5 bytes, then 3 bytes, the type and a tag of 16. OpenSSL does not tell of a header that
        // has come whole and alone.
        for split in [1, 4, 6, 24] {
            let pair = try fixture.established()
            let bytes = pair.client.write([1, 2, 3])
            #expect(!pair.server.session.needsRead)
            _ = pair.server.feed(Array(bytes[..<split]))
            #expect(pair.server.session.needsRead, "\(split) bytes")
            _ = pair.server.feed(Array(bytes[split...]))
            #expect(!pair.server.session.needsRead)
            #expect(pair.server.received == [1, 2, 3])
        }
    }

    @Test func eachSideClosesForItself() throws {
        let connection = try fixture.established()
        let farewell = connection.client.write([1]) + connection.client.close()
        #expect(connection.client.close().isEmpty, "close_notify is sent once")
        #expect(connection.server.feed(farewell).isEmpty)
        #expect(connection.server.received == [1])
        #expect(connection.server.progress == .closed)
        // What the server still has to say arrives: TLS 1.3 closes one direction at a time.
        _ = connection.client.feed(connection.server.write([2, 3]))
        #expect(connection.client.received == [2, 3])
        #expect(connection.client.progress == .incomplete)
        _ = connection.client.feed(connection.server.close())
        #expect(connection.client.progress == .closed)
    }

    @Test func nothingCanBeWrittenBehindTheEnd() throws {
        let connection = try fixture.established()
        _ = connection.server.close()
        let result = [UInt8](repeating: 1, count: 3).withUnsafeBytes {
            connection.server.session.write($0)
        }
        guard case .failed(let error) = result else {
            Issue.record("written behind close_notify: \(result)")
            return
        }
        #expect(error.context == "TLS write failed")
        #expect(connection.server.takeOutput().isEmpty)
    }
}
