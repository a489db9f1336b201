// Requests as bytes.
import Core
import Testing

@testable import LoadKit

@Suite struct RequestWriterTests {
    private func text(_ encoding: LoadEncoding, _ request: PlannedRequest) -> String {
        let writer = RequestWriter(encoding, keyPrefix: "load:", seed: 255)
        var buffer = ByteBuffer()
        writer.append(request, to: &buffer)
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func token(_ encoding: LoadEncoding, _ token: String) -> String {
        var buffer = ByteBuffer()
        RequestWriter(encoding, keyPrefix: "", seed: 0).append(token: token, to: &buffer)
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private var value: String {
        var buffer = ByteBuffer()
        LoadValue.append(key: 7, version: 3, count: 16, to: &buffer)
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private let get = PlannedRequest(command: .get, key: 12_345)
    private let set = PlannedRequest(command: .set, version: 3, valueBytes: 16, key: 7)
    private let echo = PlannedRequest(command: .echo, version: 3, valueBytes: 16, key: 7)
    private let incr = PlannedRequest(command: .incr, key: 9)

    @Test func respRequests() {
        #expect(text(.resp, get) == "*2\r\n$3\r\nGET\r\n$17\r\nload:000000012345\r\n")
        let key = "$17\r\nload:000000000007\r\n"
        #expect(text(.resp, set) == "*3\r\n$3\r\nSET\r\n\(key)$16\r\n\(value)\r\n")
        #expect(text(.resp, echo) == "*2\r\n$4\r\nECHO\r\n$16\r\n\(value)\r\n")
        #expect(text(.resp, incr) == "*2\r\n$4\r\nINCR\r\n$28\r\nload:counter:ff:000000000009\r\n")
        #expect(text(.resp, PlannedRequest(command: .ping)) == "*1\r\n$4\r\nPING\r\n")
        #expect(token(.resp, "sp_a_b") == "*2\r\n$4\r\nAUTH\r\n$6\r\nsp_a_b\r\n")
    }

    @Test func textRequests() {
        #expect(text(.text, get) == "GET load:000000012345\n")
        #expect(text(.text, set) == "SET load:000000000007 \(value)\n")
        #expect(text(.text, echo) == "ECHO \(value)\n")
        #expect(text(.text, incr) == "INCR load:counter:ff:000000000009\n")
        #expect(text(.text, PlannedRequest(command: .who)) == "WHO\n")
        #expect(token(.text, "a\"b\\c") == "AUTH \"a\\\"b\\\\c\"\n")
    }

    @Test func jsonRequests() {
        #expect(text(.json, get) == "{\"action\":\"GET\",\"key\":\"load:000000012345\"}\n")
        let key = "\"key\":\"load:000000000007\""
        #expect(text(.json, set) == "{\"action\":\"SET\",\(key),\"value\":\"\(value)\"}\n")
        #expect(text(.json, echo) == "{\"action\":\"ECHO\",\"value\":\"\(value)\"}\n")
        #expect(text(.json, PlannedRequest(command: .ping)) == "{\"action\":\"PING\"}\n")
        #expect(token(.json, "sp_a_b") == "{\"action\":\"AUTH\",\"token\":\"sp_a_b\"}\n")
    }
}
