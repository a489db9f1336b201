"""Sessions of redis-py with a server: RESP2 and RESP3, with its own parser and with hiredis."""
import sys

try:
    import hiredis  # noqa: F401: redis-py uses it where it is told to, below.
    import redis
except ImportError as error:
    sys.exit(f"redis_session: the package `{error.name}` is missing; ci/test installs it")

import redis_keys
import redis_pubsub
import redis_server
import redis_strings
import redis_transactions
from redis_target import Target


def main():
    chapters = [redis_strings, redis_keys, redis_transactions, redis_pubsub, redis_server]
    for protocol in (2, 3):
        for parser in ("python", "hiredis"):
            count = 0
            for chapter in chapters:
                for session in chapter.SESSIONS:
                    target = Target(protocol, parser)
                    target.client().flushdb()
                    try:
                        session(target)
                    except Exception:
                        print(f"in {session.__name__}, RESP{protocol}, parser: {parser}", file=sys.stderr)
                        raise
                    finally:
                        target.close()
                    count += 1
            print(f"redis-py {redis.__version__}, RESP{protocol}, {parser}: {count} sessions")
    print("redis-py session: good")


main()
