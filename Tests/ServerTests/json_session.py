# Sends every command of the JSON Schema to a server and holds requests and replies against the schema.
import json
import os
import socket
import ssl

from jsonschema import Draft202012Validator

with open(os.environ["SALLYPORT_SCHEMA"], encoding="utf-8") as file:
    SCHEMA = json.load(file)
Draft202012Validator.check_schema(SCHEMA)
DEFINITIONS = SCHEMA["$defs"]
COMMANDS = sorted(name[: -len(".request")] for name in DEFINITIONS if name.endswith(".request"))


def validator(name):
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS})


VALIDATORS = {name: validator(name) for name in DEFINITIONS}


def check(name, value):
    errors = [error.message for error in VALIDATORS[name].iter_errors(value)]
    assert not errors, f"{json.dumps(value)} is no {name}: {errors}"


class Client:
    """One connection; with a token unless told otherwise."""

    def __init__(self, has_token=True):
        context = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
        address = ("localhost", int(os.environ["SALLYPORT_PORT"]))
        raw = socket.create_connection(address, timeout=20)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        if has_token:
            reply = self.ask({"action": "AUTH", "token": os.environ["SALLYPORT_TOKEN"]})
            assert reply == {"result": "OK"}, reply

    def ask_text(self, text):
        self.socket.sendall(text.encode() + b"\n")
        while True:
            reply = json.loads(self.lines.readline())
            check("replyLine", reply)
            if not (isinstance(reply, dict) and "event" in reply):
                return reply

    def ask(self, request):
        return self.ask_text(json.dumps(request))

    def close(self):
        self.socket.close()


def sample(schema):
    """A value that the field's schema allows."""
    if schema is True:
        return [1, {"any": None}]
    if "$ref" in schema:
        return {"bytes": "1", "integer": 1, "pairs": {"1": "1"}}[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return [sample(schema["anyOf"][0])]
    return {"boolean": True, "string": "1"}[schema["type"]]


def requests(command):
    """The command with its required fields, with each optional one beside them, and with all."""
    schema = DEFINITIONS[f"{command}.request"]
    fields = {n: s for n, s in schema["properties"].items() if n not in ("action", "id")}
    least = {n: sample(fields[n]) for n in schema["required"] if n != "action"}
    yield {"action": command, **least}
    yield {"action": command.lower(), "id": f"{command}", **least}
    for name in fields.keys() - least.keys():
        yield {"action": command, "id": 7, **least, name: sample(fields[name])}
    yield {"action": command, **{n: sample(s) for n, s in fields.items()}}


def every_command():
    results = 0
    for command in COMMANDS:
        for request in requests(command):
            check("requestLine", request)
            check(f"{command}.request", request)
            client = Client()
            reply = client.ask(request)
            check(f"{command}.reply", reply)
            assert reply.get("id") == request.get("id"), reply
            results += "result" in reply
            client.close()
    assert results >= len(COMMANDS), f"only {results} results of {len(COMMANDS)} commands"


def values_both_ways():
    client = Client()
    binary = {"base64": "/wBe"}
    examples = [
        ({"action": "SET", "key": "k", "value": "v", "nx": True, "ex": 60}, {"result": "OK"}),
        ({"action": "GET", "namespace": "users^42", "key": "none"}, None),
        ({"action": "SET", "key": binary, "value": binary}, {"result": "OK"}),
        ({"action": "GET", "key": binary, "id": 2**64 - 1}, {"id": 2**64 - 1, "result": binary}),
        ({"action": "MSET", "entries": [[binary, binary], ["a", ""]]}, {"result": "OK"}),
        ({"action": "MGET", "key": [binary, "a", "none"]}, {"result": [binary, "", None]}),
        ({"action": "DEL", "key": [binary, "a"]}, {"result": 2}),
        ({"action": "ECHO", "value": {"any": [1.5, None]}}, {"result": {"any": [1.5, None]}}),
        ({"action": "SET", "key": {"base64": "/14x"}, "value": "v"}, {"result": "OK"}),
    ]
    for request, expected in examples:
        check("requestLine", request)
        reply = client.ask(request)
        check(f"{request['action']}.reply", reply)
        assert expected is None or reply == expected, (request, reply)
    # The namespace of the last key is not UTF-8, so the map comes as an array of couples.
    names = client.ask({"action": "NAMESPACES"})
    check("NAMESPACES.reply", names)
    assert {"base64": "/w=="} in [couple[0] for couple in names["result"]], names
    client.close()


def batches():
    client = Client()
    batch = [{"action": "WHY", "id": 1}, {"action": "GET", "key": "none"}, {"action": "PING"}]
    check("requestLine", batch)
    replies = client.ask(batch)
    assert replies[0] == {"id": 1, "result": 42} and replies[2] == {"result": "PONG"}, replies
    assert replies[1]["error"]["code"] == "key_not_found", replies
    assert client.ask([]) == []
    assert client.ask_text("[{]")["error"]["code"] == "malformed_json"
    client.close()


def what_is_no_request():
    """What the schema refuses, the server refuses too."""
    client = Client()
    refused = [
        {"action": "GET"},
        {"action": "GET", "key": 1},
        {"action": "GET", "key": "k", "colour": "red"},
        {"action": "GET", "key": {"base64": "A"}},
        {"action": "PING", "id": None},
        {"action": "DEL", "key": []},
        {"action": "MSET", "entries": {}},
        {"action": "ADD", "a": 2**63, "b": 1},
        {"action": "NOSUCH"},
        7,
    ]
    for request in refused:
        assert not VALIDATORS["requestLine"].is_valid(request), request
        reply = client.ask(request)
        assert reply["error"]["code"] in ("invalid_request", "unknown_command"), (request, reply)
    client.close()
    stranger = Client(has_token=False)
    assert stranger.ask({"action": "NOSUCH"})["error"]["code"] == "unauthenticated"
    stranger.close()


every_command()
values_both_ways()
batches()
what_is_no_request()
print(f"JSON session: good, {len(COMMANDS)} commands")
