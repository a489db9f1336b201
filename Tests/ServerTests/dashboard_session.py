"""What a person does with the page at / in a headless Chromium, by keyboard, over Chromium's own protocol.

Nothing sleeps: each step waits until the page has become what it is expected to become.
"""
import base64
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PORT = os.environ["SALLYPORT_PORT"]
TOKEN = os.environ["SALLYPORT_TOKEN"]
READER = os.environ.get("SALLYPORT_READER")
PAGE = f"https://localhost:{PORT}/"
PATIENCE = 60


def key_digest():
    """The digest of the server's public key, by which Chromium trusts its certificate and no other."""
    trust = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
    with trust.wrap_socket(socket.create_connection(("localhost", int(PORT))), server_hostname="localhost") as peer:
        certificate = ssl.DER_cert_to_PEM_cert(peer.getpeercert(binary_form=True)).encode()
    key = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=certificate, capture_output=True, check=True)
    form = ["openssl", "pkey", "-pubin", "-outform", "der"]
    der = subprocess.run(form, input=key.stdout, capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Browser:
    """A Chromium with one page."""

    def __init__(self):
        program = os.environ.get("SALLYPORT_TEST_CHROMIUM") or shutil.which("chromium")
        if not program:
            sys.exit("there is no chromium: apt-get install chromium, or set SALLYPORT_TEST_CHROMIUM")
        self.folder = tempfile.mkdtemp(prefix="sallyport-chromium-")
        reads, self.output = os.pipe()
        self.input, writes = os.pipe()

        def arrange():
            # Chromium reads commands from descriptor 3 and writes to 4; either may be in the other's way.
            first, second = os.dup2(reads, 30), os.dup2(writes, 31)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--no-proxy-server",
                f"--user-data-dir={self.folder}", f"--ignore-certificate-errors-spki-list={key_digest()}",
                "about:blank",
            ],
            preexec_fn=arrange,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder},
        )
        os.close(reads)
        os.close(writes)
        self.rest = b""
        self.number = 0
        self.session = None
        self.errors = []
        self.addresses = []

    def open(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.ask(domain + ".enable")
        self.size(1200, 800)
        self.ask("Page.navigate", url=PAGE)
        self.wait("document.readyState === 'complete' && document.title === 'Sallyport'")

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE + 15
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.note(answer)

    def receive(self, deadline):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.input], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.input, 1 << 20) if ready else b""
            assert piece, "Chromium has ended, or does not answer"
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def note(self, event):
        """Keeps what went wrong in the page, and where it has asked for something."""
        name, what = event["method"], event["params"]
        if name == "Runtime.exceptionThrown" or name == "Audits.issueAdded":
            self.errors.append(what)
        elif name == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(what["entry"])
        elif name == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.errors.append(what)
        elif name == "Network.requestWillBeSent":
            self.addresses.append(what["request"]["url"])
        elif name == "Network.webSocketCreated":
            self.addresses.append(what["url"])

    def evaluate(self, text):
        answer = self.ask("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def wait(self, condition):
        """Waits until the page is so; each change of the document is looked at."""
        try:
            self.evaluate(
                """new Promise((resolve, reject) => {
                    const isSo = () => Boolean(%s);
                    const check = () => { if (isSo()) { observer.disconnect(); resolve(true); } };
                    const observer = new MutationObserver(check);
                    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
                    document.addEventListener("readystatechange", check);
                    setTimeout(() => reject(new Error("it never became so")), %d);
                    check();
                })"""
                % (condition, PATIENCE * 1000)
            )
        except AssertionError as error:
            seen = self.evaluate("document.body.innerText")
            raise AssertionError(f"{condition}: {error}\n{seen}\n{self.errors}") from None

    def press(self, key, text=None, modifiers=0):
        codes = {"Enter": 13, "Tab": 9, "ArrowUp": 38, "ArrowDown": 40}
        event = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0), "modifiers": modifiers}
        if key == "Enter":
            text = "\r"
        if text:
            event["text"] = text
        self.ask("Input.dispatchKeyEvent", type="keyDown", **event)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **{**event, "text": ""})

    def type(self, text):
        for character in text:
            self.press(character, character)

    def focus(self):
        return self.evaluate("document.activeElement.id || document.activeElement.textContent")

    def size(self, width, height):
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def take_picture(self, name):
        folder = os.environ.get("SALLYPORT_SCREENSHOTS")
        if folder:
            picture = base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])
            with open(os.path.join(folder, name), "wb") as file:
                file.write(picture)


def sign_in(browser, token):
    browser.wait("document.activeElement.id === 'token'")
    browser.type(token)
    browser.press("Enter")


def command(browser, line, kind, text):
    """Types a line into the console; it is answered by a new entry of that kind and text."""
    before = browser.evaluate("document.querySelectorAll('#log p').length")
    assert browser.focus() == "command", browser.focus()
    browser.type(line)
    browser.press("Enter")
    browser.wait(
        f"[...document.querySelectorAll('#log p')].slice({before})"
        f".some((entry) => entry.className === {json.dumps(kind)} && entry.textContent.includes({json.dumps(text)}))"
    )


def value(key):
    return f"document.querySelector('[data-key={key}] .value').textContent"


def points(key):
    return f"(document.querySelector('[data-key={key}] path.first').getAttribute('d') || '').split(/[ML]/).length - 1"


def figures(browser):
    sign_in(browser, TOKEN)
    browser.wait("!document.getElementById('inside').hidden && document.getElementById('state').textContent === 'Connected'")
    for key in ("requests", "latency", "clients", "memory", "keys", "messages"):
        browser.wait(f"{points(key)} >= 3")
    # The page has two connections of its own.
    browser.wait(f"Number({value('clients')}) >= 2")
    assert browser.evaluate(f"parseFloat({value('requests')})") > 0
    assert "MiB" in browser.evaluate(value("memory")) and "ms" in browser.evaluate(value("latency"))
    assert browser.evaluate(value("keys")) == "0"


def console(browser):
    # The command table is there; it is what gives words their names.
    browser.wait("document.getElementById('console-title').dataset.ready")
    command(browser, 'SET greeting "hello there" EX 600', "reply", "OK")
    command(browser, "get greeting", "reply", "hello there")
    browser.wait(f"{value('keys')} === '1'")
    command(browser, "MSET a 1 b 2", "reply", "OK")
    command(browser, "MGET a b", "reply", '["1","2"]')
    command(browser, "ADD 9223372036854775806 1", "reply", "9223372036854775807")
    command(browser, '{"action":"WHY","id":7}', "reply", "42")
    command(browser, "GET nothing", "failed", "error key_not_found")
    command(browser, "ADD 1", "failed", "not sent: ADD wants a b")
    command(browser, "NOTHING", "failed", "unknown_command")
    command(browser, "SUBSCRIBE news", "reply", "2")
    command(browser, "PUBLISH news '<b>new</b> & old'", "pushed", "push message news: <b>new</b> & old (from development)")
    assert browser.evaluate("document.querySelectorAll('#log b').length") == 0
    browser.wait("parseFloat(document.querySelector('[data-key=messages] .most').textContent.slice(5)) > 0")
    # A line with a token is shown to nobody, and does not come back.
    command(browser, f"AUTH {TOKEN}", "reply", "OK")
    browser.press("ArrowUp")
    assert browser.evaluate("document.getElementById('command').value").startswith("PUBLISH news")
    browser.press("ArrowUp")
    assert browser.evaluate("document.getElementById('command').value") == "SUBSCRIBE news"
    browser.press("ArrowDown")
    browser.press("ArrowDown")
    assert browser.evaluate("document.getElementById('command').value") == ""


def keyboard(browser):
    """Everything can be reached, and what has the focus is seen to have it."""
    reached = []
    for _ in range(4):
        reached.append(browser.focus())
        assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached
        browser.press("Tab")
    assert reached == ["command", "Send", "periodic", "clear"], reached
    names = "[...document.querySelectorAll('input')].every((input) => input.labels.length === 1)"
    assert browser.evaluate(names)
    assert browser.evaluate("document.getElementById('log').getAttribute('aria-live')") == "polite"
    browser.evaluate("document.getElementById('command').focus()")


def secrets(browser):
    assert browser.evaluate("localStorage.length + sessionStorage.length") == 0
    assert browser.ask("Network.getCookies")["cookies"] == []
    assert TOKEN not in browser.evaluate("document.documentElement.outerHTML + location.href")
    assert browser.evaluate("[...document.querySelectorAll('input:not([type=checkbox])')].every((input) => !input.value)")
    expected = {PAGE, f"wss://localhost:{PORT}/ws"}
    others = [a for a in browser.addresses if a not in expected and not a.startswith(("data:image", "about:"))]
    assert others == [], others


def looks(browser):
    browser.evaluate("scrollTo(0, 0)")
    browser.take_picture("dashboard.png")
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    browser.ask("Emulation.setEmulatedMedia", features=[feature])
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") != light
    browser.take_picture("dashboard-dark.png")
    browser.size(360, 740)
    browser.ask("Emulation.setEmulatedMedia", features=[])
    width = browser.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, f"{width} is wider than the window"
    browser.evaluate("scrollTo(0, 0)")
    browser.take_picture("dashboard-narrow.png")
    browser.evaluate("document.getElementById('command').scrollIntoView({block: 'end'})")
    browser.take_picture("dashboard-narrow-console.png")
    browser.size(1200, 800)


def policy(browser):
    """A script, a style and an image of somebody else's do not run: the policy is in force."""
    refused = browser.evaluate(
        """new Promise((resolve) => {
            const refused = new Set();
            document.addEventListener("securitypolicyviolation", (event) => {
                refused.add(event.effectiveDirective);
                if (refused.size === 3) resolve([...refused].sort());
            });
            const style = document.createElement("style");
            style.append("body { color: red }");
            document.head.append(style);
            const image = new Image();
            image.src = "/health";
            try { document.body.innerHTML = "<p>"; } catch {}
        })"""
    )
    assert refused == ["img-src", "require-trusted-types-for", "style-src-elem"], refused


def wait_for_token(name):
    """Waits until the server has read the token file again; EXPLAIN does not know the token before that."""
    trust = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
    headers = {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"}
    body = json.dumps({"action": "EXPLAIN", "subject": name, "command": "METRICS"}).encode()
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            request = urllib.request.Request(PAGE + "v1/command", body, headers)
            return urllib.request.urlopen(request, context=trust, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            assert time.monotonic() < deadline, "the token never became known"


def refusals(browser):
    """A token without a permission is told which; one that is none is told so."""
    if READER:
        wait_for_token("reader")
        browser.evaluate("document.getElementById('leave').click()")
        sign_in(browser, READER)
        browser.wait("document.getElementById('figures-trouble').textContent.includes('@information')")
        browser.wait("document.getElementById('log').textContent.includes('@information')")
        browser.wait(f"{points('latency')} >= 3")
    browser.evaluate("document.getElementById('leave').click()")
    sign_in(browser, "sp_wrong_wrong")
    browser.wait("document.getElementById('trouble').textContent.startsWith('The server refused this token: ')")
    assert browser.evaluate("document.getElementById('inside').hidden")
    browser.take_picture("dashboard-refused.png")
    sign_in(browser, "no token at all")
    browser.wait("document.getElementById('trouble').textContent.startsWith('This is not a token')")


def shutdown(browser):
    sign_in(browser, TOKEN)
    browser.wait("document.getElementById('state').textContent === 'Connected'")
    os.kill(int(os.environ["SALLYPORT_PID"]), signal.SIGTERM)
    browser.wait("/Connection lost.*next attempt/.test(document.getElementById('trouble').textContent)")
    browser.take_picture("dashboard-lost.png")


def main():
    browser = Browser()
    try:
        browser.open()
        print("page: good", flush=True)
        for step in (figures, console, keyboard, secrets, looks):
            step(browser)
            print(f"{step.__name__}: good", flush=True)
        assert browser.errors == [], browser.errors
        print("no error and no violation: good", flush=True)
        # These are refused things, which the browser's log is full of.
        for step in (refusals, policy, shutdown):
            step(browser)
            print(f"{step.__name__}: good", flush=True)
            if step is policy:
                browser.ask("Page.reload")
                browser.wait("document.readyState === 'complete' && document.title === 'Sallyport'")
    finally:
        browser.close()


main()
