"""Run a test broker in the foreground until interrupted: `python -m tests.broker --port 9092`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from tests.broker.engines import find_engine
from tests.broker.harness import BrokerFailed, KafkaBroker
from tests.broker.jars import NoBroker


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.broker", description=__doc__)
    parser.add_argument("--port", type=int, help="of the listener without security")
    parser.add_argument("--secured", action="store_true", help="listen for TLS and SASL as well")
    parser.add_argument("--heap", default="512m", help="Java's heap (default: %(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(
            Path(folder),
            secured=arguments.secured,
            port=arguments.port,
            engine=find_engine(),
            heap=arguments.heap,
        )
        with broker:
            print(f"listening on {broker.bootstrap_servers}", flush=True)
            if broker.certificates:
                print(f"SASL over TLS on {broker.sasl_servers}, users {broker.users}", flush=True)
                print(f"TLS on {broker.tls_servers}, {broker.certificates}", flush=True)
            signal.pause()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NoBroker, BrokerFailed) as error:
        sys.exit(str(error))
