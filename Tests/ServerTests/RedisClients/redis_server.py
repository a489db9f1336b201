"""Getting in and out, and what clients and operators ask of the server."""
import os
import time

import redis
from redis._parsers import _HiredisParser
from redis.utils import str_if_bytes
from redis_target import BINARY, equal, refused


def authentication(target):
    token = os.environ["SALLYPORT_TOKEN"]
    wrong = "invalid username-password pair or user is disabled."
    equal(target.client(username="default").ping(), True)
    stranger = target.client(password="nosuch")
    refused(wrong, stranger.ping, redis.AuthenticationError)
    # Without a token only AUTH, HELLO, PING and QUIT are served; redis-py's own HELLO needs one.
    if target.protocol == 2:
        with target.client(password=None, lib_name=None, lib_version=None).client() as nobody:
            equal(nobody.ping(), True)
            refused("Authentication required.", lambda: nobody.get("k"), redis.AuthenticationError)
            refused(wrong, lambda: nobody.execute_command("AUTH", "nosuch"), redis.AuthenticationError)
            equal(nobody.auth(token), True)
            equal(nobody.get("k"), None)
    client = target.client()
    name = client.execute_command("WHOAMI").decode()
    equal(target.client(username=name).ping(), True)
    refused(wrong, target.client(username="other").ping, redis.AuthenticationError)


def hello(target):
    with target.client().client() as client:
        # Its own parsers read one protocol each.
        versions = (3, 2, target.protocol) if target.parser is _HiredisParser else (target.protocol,)
        for version in versions:
            answer = client.execute_command("HELLO", version)
            fields = answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))
            equal(fields[b"proto"], version)
            equal([fields[b"server"], fields[b"version"]], [b"sallyport", b"7.0.0"])
            equal(fields[b"mode"], b"standalone")
        refused("NOPROTO unsupported protocol version", lambda: client.execute_command("HELLO", 4))
        equal(client.ping(), True)
    client = target.client(client_name="named", lib_name="library", lib_version="1.2")
    info = client.client_info()
    equal([info["name"], info["lib-name"], info["lib-ver"]], ["named", "library", "1.2"])
    equal(info["resp"], str(target.protocol))


def clients(target):
    client, other = target.client(), target.client()
    with client.client() as one, other.client() as two:
        equal(one.client_setname("one"), True)
        equal(str_if_bytes(one.client_getname()), "one")
        equal(two.client_getname(), None)
        refused(
            "Client names cannot contain spaces, newlines or special characters.",
            lambda: one.client_setname("a b"),
        )
        number = two.client_id()
        ids = {int(entry["id"]): entry for entry in one.client_list()}
        equal(ids[one.client_id()]["name"], "one")
        equal(ids[number]["cmd"].split("|")[0], "client")
        equal([entry["id"] for entry in one.client_list(client_id=[str(number)])], [str(number)])
        equal([entry["id"] for entry in one.client_list(_type="pubsub")], [])
        equal(one.client_info()["addr"], ids[one.client_id()]["addr"])
        equal(one.client_no_evict("ON"), b"OK")
        equal(one.client_no_touch("OFF"), b"OK")
        killed(one, two, lambda: one.client_kill_filter(_id=str(number)), 1)
        killed(one, two, lambda: one.client_kill(address_of(one, two)), True)
        killed(one, two, lambda: one.client_kill_filter(addr=address_of(one, two)), 1)
        refused("No such client", lambda: one.client_kill("1.2.3.4:5"))


def address_of(one, two):
    number = two.client_id()
    (entry,) = one.client_list(client_id=[str(number)])
    return entry["addr"]


def killed(one, two, kill, answer):
    """`kill` ends the connection of `two`, which then makes a new one."""
    number = two.client_id()
    equal(kill(), answer)
    while one.client_list(client_id=[str(number)]):
        pass
    two.connection.disconnect()
    equal(two.client_id() > number, True)


def silence(target):
    """CLIENT REPLY, for which a client would wait for answers that do not come."""
    connection = target.connection()
    connection.send("CLIENT", "REPLY", "OFF")
    connection.send("SET", "k", "1")
    connection.send("INCR", "k")
    equal(connection.ask("CLIENT", "REPLY", "ON"), b"OK")
    connection.send("CLIENT", "REPLY", "SKIP")
    connection.send("INCR", "k")
    equal(connection.ask("GET", "k"), b"3")


def settings(target):
    client = target.client()
    equal(client.config_get("maxmemory*"), {"maxmemory": "0", "maxmemory-policy": "noeviction"})
    equal(client.config_get("save", "appendonly"), {"save": "", "appendonly": "no"})
    before = client.config_get("timeout")["timeout"]
    equal(client.config_set("timeout", 77), True)
    equal(client.config_get("timeout"), {"timeout": "77"})
    equal(client.config_set("timeout", before), True)
    try:
        client.config_set("nosuch", 1)
        raise AssertionError("a setting that does not exist was set")
    except redis.ResponseError as error:
        equal(str(error).startswith("Unknown option"), True)


def information(target):
    client = target.client()
    client.set("k", "v", ex=100)
    info = client.info()
    equal(info["redis_mode"], "standalone")
    equal(info["role"], "master")
    equal(info["cluster_enabled"], 0)
    equal(info["loading"], 0)
    equal(info["connected_clients"] >= 1, True)
    equal(info["db0"], {"keys": 1, "expires": 1, "avg_ttl": 0})
    equal("used_memory" in client.info("memory"), True)
    equal("role" in client.info("memory"), False)
    seconds, microseconds = client.time()
    equal(abs(seconds - time.time()) < 60 and 0 <= microseconds < 1_000_000, True)
    equal(client.echo(BINARY), BINARY)
    equal(client.ping(), True)


def commands(target):
    client = target.client()
    count = client.command_count()
    table = client.command()
    equal(len(table), count)
    get = {key: table["get"][key] for key in ("name", "arity", "first_key_pos", "last_key_pos")}
    equal(get, {"name": "get", "arity": 2, "first_key_pos": 1, "last_key_pos": 1})
    equal("readonly" in table["get"]["flags"], True)
    names = client.command_list()
    equal(len(names), count)
    equal(client.command_list(pattern="mge*"), [b"mget"])
    ask = target.connection().ask
    equal(ask("COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"), [b"a", b"b"])
    equal(ask("COMMAND", "GETKEYS", "GET", "a"), [b"a"])
    refused("The command has no key arguments", lambda: ask("COMMAND", "GETKEYS", "PING"))
    docs = ask("COMMAND", "DOCS", "SET", "NOSUCH")
    fields = docs[b"set"] if isinstance(docs, dict) else dict(zip(docs[1][::2], docs[1][1::2]))
    equal(fields[b"group"], b"string")
    get, nothing = ask("COMMAND", "INFO", "GET", "NOSUCH")
    equal([get[0], nothing], [b"get", None])
    refused(
        "unknown command 'NOSUCH', with args beginning with: 'a' 'b c' ",
        lambda: client.execute_command("NOSUCH", "a", "b c"),
    )


def databases(target):
    client = target.client()
    equal(client.select(0), True)
    refused("DB index is out of range", lambda: client.select(1))
    refused("DB index is out of range", target.client(db=1).ping)


def reset(target):
    ask = target.connection().ask
    equal(ask("CLIENT", "SETNAME", "me"), b"OK")
    equal(ask("MULTI"), b"OK")
    equal(ask("RESET"), b"RESET")
    equal(ask("AUTH", os.environ["SALLYPORT_TOKEN"]), b"OK")
    equal(b" resp=2 " in ask("CLIENT", "INFO"), True)
    # redis-py's own parser of RESP3 does not know the nil of RESP2.
    if target.protocol == 2 or target.parser is _HiredisParser:
        equal(ask("CLIENT", "GETNAME"), None)
    refused("EXEC without MULTI", lambda: ask("EXEC"))
    equal(ask("RESET"), b"RESET")
    equal(ask("PING"), b"PONG")
    refused("Authentication required.", lambda: ask("GET", "k"), redis.AuthenticationError)


def many_connections(target):
    pool = [target.client().client() for _ in range(20)]
    for number, client in enumerate(pool):
        client.set(f"k{number}", number)
    for number, client in enumerate(pool):
        equal(client.get(f"k{(number + 7) % 20}"), str((number + 7) % 20).encode())
    for client in pool:
        client.close()


SESSIONS = [
    authentication,
    hello,
    clients,
    silence,
    settings,
    information,
    commands,
    databases,
    reset,
    many_connections,
]
