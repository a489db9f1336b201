// Endpoints as people write them, and socket addresses.
import Core
import Testing

@testable import Reactor

@Suite struct EndpointTests {
    @Test(arguments: [
        ("localhost:9999", "localhost", 9999), ("127.0.0.1:0", "127.0.0.1", 0),
        ("0.0.0.0:65535", "0.0.0.0", 65535), ("[::1]:9999", "::1", 9999),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80), ("[::]:0", "::", 0), (":9999", "::", 9999),
        ("*:9999", "::", 9999), ("[]:1", "::", 1), ("[127.0.0.1]:80", "127.0.0.1", 80),
        ("cache.example.org:09999", "cache.example.org", 9999),
    ])
    func parses(text: String, host: String, port: UInt16) throws {
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint == Endpoint(host: host, port: port))
        #expect(Endpoint(endpoint.description) == endpoint)
    }

    @Test(arguments: [
        "", ":", "localhost", "9999", "localhost:", "localhost:65536", "localhost:-1",
        "localhost:+1", "localhost:1 ", "localhost: 1", "localhost:0x1", "localhost:http",
        "::1", "::1:80", "fe80::1:80", "[::1]", "[::1]80", "[::1:80", "::1]:80", "localhost:80:",
        "localhost:99999999999999999999",
    ])
    func refuses(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func describesItself() {
        #expect(Endpoint(host: "localhost", port: 80).description == "localhost:80")
        #expect(Endpoint(host: "::1", port: 80).description == "[::1]:80")
    }
}

@Suite struct SocketAddressTests {
    private func resolve(_ host: String, _ port: UInt16 = 80) throws -> SocketAddress {
        let found = try SocketAddress.resolve(host: host, port: port)
        #expect(found.count == 1)
        return try #require(found.first)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1:80"), ("::1", "::1", "[::1]:80"),
        ("0:0:0:0:0:0:0:1", "::1", "[::1]:80"), ("::", "::", "[::]:80"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7:80"),
        // RFC 2765's translated addresses begin alike and are not IPv4 mapped into IPv6.
        ("::ffff:0:192.0.2.7", "::ffff:0:c000:207", "[::ffff:0:c000:207]:80"),
    ])
    func numbersResolveToThemselves(text: String, host: String, description: String) throws {
        let address = try resolve(text)
        #expect(address.host == host)
        #expect(address.port == 80)
        #expect(address.description == description)
        #expect(address == (try resolve(text)))
        #expect(address.hashValue == (try resolve(text)).hashValue)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func thePortCanBeChanged(host: String) throws {
        var address = try resolve(host)
        address.port = 0xABCD
        #expect(address == (try resolve(host, 0xABCD)))
        #expect(address != (try resolve(host)))
        #expect(address.host == host)
    }

    @Test(arguments: ["127.0.0.1", "::1", "192.0.2.255", "2001:db8::7:1", "::ffff:10.1.2.3"])
    func thePeerIsTheAddressWithoutItsPort(host: String) throws {
        #expect(try resolve(host).peer == PeerAddress(host))
        #expect(try resolve(host, 0xABCD).peer == PeerAddress(host))
    }

    @Test(
        arguments: [
            ("127.0.0.1", 0, "127.0.0.1"), ("127.0.0.1", 5, "127.0.0.6"),
            ("127.1.0.250", 10, "127.1.1.4"), ("255.255.255.255", 1, "0.0.0.0"),
            ("fd00::1", 0x1_0000, "fd00::1:1"), ("fd00::ffff", 1, "fd00::1:0"),
        ] as [(String, UInt32, String)]
    )
    func addressesAreCounted(first: String, distance: UInt32, last: String) throws {
        let moved = try resolve(first).advanced(by: distance)
        #expect(moved == (try resolve(last)))
        #expect(moved.hasFamily(of: try resolve(first)))
        #expect(moved.hasFamily(of: try resolve("::1")) == first.contains(":"))
    }

    @Test func aNameThatIsNoneIsNamed() {
        let name = String(repeating: "a", count: 300)
        let error = #expect(throws: SystemError.self) {
            try SocketAddress.resolve(host: name, port: 80)
        }
        #expect(error?.subject == name)
        #expect(error?.description.hasPrefix("cannot resolve \(name): ") == true)
    }

    @Test func errorsSayWhatFailedAndWhy() {
        let error = SystemError("bind", "127.0.0.1:80", number: 13)
        #expect(error.description == "bind 127.0.0.1:80: Permission denied")
        #expect(
            SystemError("recv", "", number: 104).description == "recv: Connection reset by peer"
        )
    }
}
