"""Data races: ThreadSanitizer on the tests where threads meet, and on a server under load."""
from gatelib.sanitizers import Sanitizer

DESCRIPTION = "ThreadSanitizer on the tests where threads meet, and on a server with two loops under load"
# Where threads meet: loops and mailboxes, the locks of the keyspace, channels, tokens, and the whole server.
# Left out: what runs on one thread (codecs, commands, tables), and what runs other programs for minutes.
TESTS = {
    "ReactorTests": "Descriptor|EventLoop|HandOver|KeepAlive|LoopTimer|Socket",
    "KeyspaceTests": "Compare|Exclusive|Many|MemoryLimit|Observed|Quota|Transfer",
    "PubSubTests": "Observer|Retention|Subscription",
    "AccessTests": "Authority|GCRA|TokenFileEditor|TokenMeter",
    "ServerTests": "Concurrency|Transaction|PubSub|Observe|Embedding|Resume|Shutdown|HandshakeQueue",
}
SECONDS = 10


def run(gate, report):
    sanitizer = Sanitizer(gate, "thread", TESTS)
    if not report.check("the sanitizer itself", sanitizer.probe):
        return
    if gate.plant:
        gate.say("  the tests are left out: what is planted is in the server")
    else:
        report.check("tests", sanitizer.tests)
    report.check("server under load", lambda: sanitizer.serve(SECONDS))
