// Clients of Redis, unmodified and over TLS: redis-cli, redis-benchmark, and libraries of two languages.
import Foundation
import Testing

@Suite struct RedisClientTests {
    /// The words that begin every call of `program`, redis-cli or redis-benchmark.
    private func words(_ program: String, _ server: ServerProcess) -> [String] {
        [
            program, "--tls", "--cacert", server.authority, "-h", "localhost", "-p", server.port,
            "-a", server.token,
        ]
    }

    private func cli(
        _ server: ServerProcess,
        _ arguments: [String],
        input: String = ""
    ) throws -> String {
        let base = words("redis-cli", server) + ["--no-auth-warning"]
        let result = try Program.run(base + arguments, input: input)
        #expect(result.status == 0, "\(arguments): \(result.errors)")
        return result.output.trimmingCharacters(in: .newlines)
    }

    @Test func redisCLI() throws {
        let server = try ServerProcess()
        func cli(_ words: String...) throws -> String { try self.cli(server, words) }
        #expect(try cli("PING") == "PONG")
        #expect(try cli("SET", "k", "with space", "EX", "100000") == "OK")
        #expect(try cli("GET", "k") == "with space")
        let left = try cli("TTL", "k")
        #expect((90_000...100_000).contains(Int(left) ?? 0), "\(left)")
        #expect(try cli("MSET", "a", "1", "b", "2") == "OK")
        #expect(try cli("MGET", "a", "b", "nothing") == "1\n2")
        #expect(try cli("INCRBY", "a", "41") == "42")
        #expect(try cli("INCR", "k") == "ERR value is not an integer or out of range")
        #expect(try cli("GET") == "ERR wrong number of arguments for 'get' command")
        #expect(try cli("-3", "COMMAND", "COUNT").contains(/^\d+$/))
        #expect(try cli("-3", "--no-raw", "CONFIG", "GET", "save") == "1# \"save\" => \"\"")
        #expect(try cli("-r", "3", "INCR", "n") == "1\n2\n3")
        #expect(try cli("-3", "-r", "2", "INCR", "n") == "4\n5")
        #expect(try cli("--json", "MGET", "a", "nothing") == #"["42",null]"#)
        #expect(try cli("--csv", "MGET", "a", "nothing") == #""42",NULL"#)
        #expect(try cli("--scan").split(separator: "\n").sorted() == ["a", "b", "k", "n"])
        #expect(try cli("-n", "0", "DBSIZE") == "4")
    }

    @Test func redisCLIWithoutArguments() throws {
        let server = try ServerProcess()
        let lines = [
            "SET a 1", "MULTI", "INCR a", "EXEC", #"SET b "x\x00y""#, "GET b", "HELP GET",
        ]
        for version in ["-2", "-3"] {
            let output = try cli(
                server,
                [version, "--no-raw"],
                input: lines.joined(separator: "\n") + "\n"
            )
            let answers = "OK\nOK\nQUEUED\n1) (integer) 2\nOK\n\"x\\x00y\""
            #expect(output.hasPrefix(answers), "\(output)")
            #expect(output.contains("The value of a key."), "\(output)")
        }
    }

    @Test func redisCLIInBulk() throws {
        let server = try ServerProcess()
        let requests = (0..<10_000).map { number in
            let (key, value) = ("users^\(number)", "value\r\n\(number)")
            return "*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(value.utf8.count)\r\n"
                + "\(value)\r\n"
        }
        let output = try cli(server, ["--pipe"], input: requests.joined())
        #expect(output.hasSuffix("errors: 0, replies: 10000"), "\(output)")
        #expect(try cli(server, ["DBSIZE"]) == "10000")
        #expect(try cli(server, ["GET", "users^9999"]) == "value\r\n9999")
        let found = try cli(server, ["--scan", "--pattern", "users^99*"]).split(separator: "\n")
        let expected = (0..<10_000).map { "users^\($0)" }.filter { $0.hasPrefix("users^99") }
        #expect(Set(found).sorted() == expected.map { $0[...] }.sorted())
        #expect(try cli(server, ["-x", "SET", "long"], input: "from stdin") == "OK")
        #expect(try cli(server, ["STRLEN", "long"]) == "10")
        let summary = try cli(server, ["--bigkeys"])
        #expect(summary.contains("Sampled 10001 keys in the keyspace!"), "\(summary)")
        #expect(summary.contains("10001 strings with"), "\(summary)")
    }

    @Test func redisBenchmark() throws {
        let server = try ServerProcess()
        let result = try Program.run(
            words("redis-benchmark", server) + [
                "-n", "2000", "-c", "10", "-P", "8", "-q", "-t", "ping,set,get,incr,mset",
            ]
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        for name in ["PING_MBULK", "SET", "GET", "INCR", "MSET"] {
            #expect(result.output.contains("\(name)"), "\(result.output)")
        }
    }

    @Test func redisPy() throws {
        // It tries wrong credentials in each of its rounds, more than an address may at once.
        let server = try ServerProcess(["--limit", "addressFailedAuthentications=0"])
        let result = try Program.python("RedisClients/redis_session.py", server)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("redis-py session: good"))
    }

    @Test func rubyRedis() throws {
        let server = try ServerProcess()
        let result = try Program.session(["ruby"], "RedisClients/ruby_session.rb", server)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("ruby-redis session: good"))
    }
}
