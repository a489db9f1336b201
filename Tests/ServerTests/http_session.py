"""A session of Python's own HTTP client with a server."""
import http.client
import json
import os
import ssl
import threading

CONTEXT = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
TOKEN = {"Authorization": "Bearer " + os.environ["SALLYPORT_TOKEN"]}


def connect():
    port = int(os.environ["SALLYPORT_PORT"])
    return http.client.HTTPSConnection("localhost", port, timeout=30, context=CONTEXT)


def ask(client, method, target, body=None, headers=None, **options):
    client.request(method, target, body=body, headers={**TOKEN, **(headers or {})}, **options)
    response = client.getresponse()
    return response.status, response.read(), dict(response.getheaders())


def command(client, value):
    kind = {"Content-Type": "application/json"}
    status, body, _ = ask(client, "POST", "/v1/command", json.dumps(value, indent=2), kind)
    return status, json.loads(body)


def values(client):
    assert ask(client, "PUT", "/v1/kv/k", b"v1")[0] == 204
    status, body, headers = ask(client, "GET", "/v1/kv/k")
    assert (status, body) == (200, b"v1")
    status, body, head = ask(client, "HEAD", "/v1/kv/k")
    assert (status, body, head) == (200, b"", headers)
    large = os.urandom(10 << 20)
    assert ask(client, "PUT", "/v1/kv/large", large)[0] == 204
    assert ask(client, "GET", "/v1/kv/large")[1] == large
    pieces = [large[at : at + 70_001] for at in range(0, len(large), 70_001)]
    assert ask(client, "PUT", "/v1/kv/chunks", iter(pieces), encode_chunked=True)[0] == 204
    assert ask(client, "GET", "/v1/kv/chunks")[1] == large
    blanks = b"\r\n\r\n" * 50_000
    assert ask(client, "PUT", "/v1/kv/blanks", iter([blanks]), encode_chunked=True)[0] == 204
    assert ask(client, "GET", "/v1/kv/blanks")[1] == blanks
    assert ask(client, "DELETE", "/v1/kv/large")[0] == 204


def commands(client):
    assert command(client, {"action": "ADD", "a": 2, "b": 3}) == (200, {"result": 5})
    batch = [{"action": "SET", "key": "é", "value": "ü"}, {"action": "GET", "key": "é"}]
    assert command(client, batch) == (200, [{"result": "OK"}, {"result": "ü"}])
    assert command(client, {"action": "GET", "key": "nothing"})[0] == 404


def counts(client):
    for _ in range(200):
        while True:
            _, body, headers = ask(client, "GET", "/v1/kv/count")
            new = str(int(body) + 1).encode()
            status, _, _ = ask(client, "PUT", "/v1/kv/count", new, {"If-Match": headers["ETag"]})
            assert status in (204, 412), status
            if status == 204:
                break


def race():
    """Two clients count together by compare-and-set: no step is lost."""
    client = connect()
    ask(client, "PUT", "/v1/kv/count", b"0")
    threads = [threading.Thread(target=counts, args=(connect(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(client, "GET", "/v1/kv/count")[1] == b"400"


def reports(client):
    status = json.loads(ask(client, "GET", "/status")[1])
    assert status["version"] and status["clients"]["authenticated"] >= 1
    assert ask(client, "GET", "/metrics/prometheus")[1].startswith(b"# HELP sallyport_")
    for target in ("/health", "/healthz"):
        assert ask(client, "GET", target)[0] == 200
    # Whether a test's machine is overloaded is nobody's fault.
    assert ask(client, "GET", "/readyz")[0] in (200, 503)


def main():
    client = connect()
    values(client)
    local = client.sock.getsockname()
    commands(client)
    reports(client)
    assert client.sock.getsockname() == local, "all on one connection"
    race()
    print("http session: good")


main()
