# A session of Debian's ruby-redis (a client without a line in common with redis-py) with a server.
require "redis"

BINARY = "\x00binary\r\n^\xFF$3\r\n".b

def connect(**options)
  Redis.new(
    host: "localhost", port: ENV.fetch("SALLYPORT_PORT").to_i, ssl: true,
    ssl_params: { ca_file: ENV.fetch("SALLYPORT_CA") }, password: ENV.fetch("SALLYPORT_TOKEN"),
    reconnect_attempts: 0, **options
  )
end

def equal(seen, expected)
  raise "#{seen.inspect[0, 400]}, not #{expected.inspect[0, 400]}" unless seen == expected
end

def refused(message, kind = Redis::CommandError)
  answer = begin
    yield
  rescue kind => error
    return equal(error.message, message)
  end
  raise "#{answer.inspect[0, 400]}, not the error #{message}"
end

def values(redis)
  equal redis.set("k", BINARY), "OK"
  equal redis.get("k").b, BINARY
  equal redis.set(BINARY, "v"), "OK"
  equal redis.get(BINARY), "v"
  equal redis.set("k", "w", nx: true), false
  equal redis.set("k", "w", xx: true, get: true).b, BINARY
  equal redis.set("k", "w", ex: 100), "OK"
  equal redis.set("k", "x", keepttl: true), "OK"
  equal redis.ttl("k").between?(99, 100), true
  equal redis.getex("k", persist: true), "x"
  equal redis.ttl("k"), -1
  equal redis.getdel("k"), "x"
  equal redis.get("k"), nil
  equal redis.setnx("n", 1), true
  equal redis.incrby("n", 41), 42
  equal redis.incrbyfloat("n", 0.5), 42.5
  refused("ERR value is not an integer or out of range") { redis.incr("n") }
  equal redis.append("a", "Hello"), 5
  equal redis.getrange("a", 1, 3), "ell"
  equal redis.setrange("a", 0, "J"), 5
  equal redis.mapped_mset("x" => "1", "y" => "2"), "OK"
  equal redis.mapped_mget("x", "nothing", "y"), { "x" => "1", "nothing" => nil, "y" => "2" }
  equal redis.msetnx("x", "1", "z", "2"), false
  long = Random.bytes(1 << 20)
  equal redis.set("long", long), "OK"
  raise "a value of 1 MiB came back changed" unless redis.get("long").b == long
end

def keys(redis)
  redis.set("k", "v")
  equal redis.expire("k", 100), true
  equal redis.pexpireat("k", (Time.now.to_i + 50) * 1000), true
  equal redis.ttl("k").between?(49, 50), true
  equal redis.persist("k"), true
  equal redis.rename("k", "l"), "OK"
  refused("ERR no such key") { redis.rename("k", "l") }
  equal redis.copy("l", "m"), true
  equal redis.exists("l", "m", "nothing"), 2
  equal redis.type("l"), "string"
  equal redis.object("encoding", "l"), "embstr"
  equal redis.touch("l", "nothing"), 1
  equal redis.unlink("l", "m"), 2
  equal redis.randomkey, nil
  names = (0...500).map { |i| "users^#{i}" }
  redis.mset(*names.flat_map { |name| [name, "v"] })
  equal redis.scan_each(match: "users^*", count: 50).to_a.uniq.sort, names.sort
  equal redis.scan_each(type: "list").to_a, []
  equal redis.keys("users^1?").sort, (10..19).map { |i| "users^#{i}" }
  equal redis.dbsize, 500
  equal redis.flushdb, "OK"
end

def transactions(redis, other)
  replies = redis.pipelined { |pipe| 5000.times { |i| pipe.set("p#{i}", i); pipe.get("p#{i}") } }
  equal replies, (0...5000).flat_map { |i| ["OK", i.to_s] }
  replies = redis.multi { |multi| 5000.times { multi.incr("n") } }
  equal replies, (1..5000).to_a
  equal redis.watch("n") { |watched| other.set("n", "theirs"); watched.multi { |m| m.set("n", "mine") } }, nil
  equal redis.get("n"), "theirs"
  equal redis.watch("n") { |watched| watched.multi { |m| m.set("n", "mine"); m.get("n") } }, %w[OK mine]
  refused("ERR unknown command 'nosuch', with args beginning with:") do
    redis.multi { |multi| multi.set("gone", "v"); multi.call([:nosuch]) }
  end
  equal redis.exists?("gone"), false
end

def server(redis, other)
  equal redis.ping, "PONG"
  equal redis.echo(BINARY).b, BINARY
  equal redis.client(:setname, "ruby"), "OK"
  equal redis.client(:getname), "ruby"
  id = other.call([:client, :id])
  equal redis.client(:list).any? { |entry| entry["id"] == id.to_s && entry["resp"] == "2" }, true
  equal redis.client(:kill, :id, id.to_s), 1
  begin
    other.ping
    raise "a connection outlived CLIENT KILL"
  rescue Redis::BaseConnectionError
    equal other.ping, "PONG"
  end
  equal redis.config(:get, "maxmemory"), { "maxmemory" => "0" }
  equal redis.config(:set, "timeout", "600"), "OK"
  equal redis.info["redis_mode"], "standalone"
  equal redis.info("replication")["role"], "master"
  equal (redis.time.first - Time.now.to_i).abs < 60, true
  equal redis.call([:command, :count]).positive?, true
  equal redis.select(0), "OK"
  refused("ERR DB index is out of range") { redis.select(1) }
  wrong = "WRONGPASS invalid username-password pair or user is disabled."
  refused(wrong, Redis::BaseError) { connect(password: "nosuch").ping }
  equal redis.quit, "OK"
end

redis, other = connect, connect
redis.flushdb
values(redis)
redis.flushdb
keys(redis)
transactions(redis, other)
server(redis, other)
puts "ruby-redis session: good (#{Redis::VERSION})"
