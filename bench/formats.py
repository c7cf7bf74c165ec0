"""Input formats beside the native one on the same requests: `make bench-formats`.

Every request is written as each gateway would log it, then decoded in blocks; rates are in relation
to the native format of the same run, CPU time, medians over interleaved rounds. Formats without
text (envoy, azure) are measured beside native events without text. A gateway's record says more
than a native one, so its bytes are told too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import orjson

from bench.gateways import Event, azure, bedrock, envoy, kong, litellm, otel
from bench.measure import interleave
from bench.recordings import simulated, without_text
from schemas.formats import InputFormat, input_format
from stream.recordings.blocks import BLOCK_LINES

EVENTS = 20_000
ROUNDS = 7
LEAST = 1 / 3
_PATHS = {"envoy": {"account": ["x-account-id"]}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-formats", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    events = simulated(arguments.events)
    with_text = {"native": orjson.dumps, **_WRITERS_WITH_TEXT}
    bare = {"native": orjson.dumps, **_WRITERS_WITHOUT_TEXT}
    _table("1.2 kB with text", events, with_text, arguments.rounds)
    _table("metadata only", without_text(events), bare, arguments.rounds)


def _table(
    title: str, events: list[Event], writers: dict[str, Callable[[Event], bytes]], rounds: int
) -> None:
    lines = {name: list(map(write, events)) for name, write in writers.items()}
    jobs = {name: partial(decode, _format(name), written) for name, written in lines.items()}
    jobs["orjson.loads of native"] = partial(_parse, lines["native"])
    timings = interleave(jobs, rounds)
    print(f"{title}: {len(events):,} requests, {rounds} rounds")
    for name in jobs:
        written = lines.get(name, lines["native"])
        size = sum(map(len, written)) / len(written)
        rate = len(events) / timings.cpu_median(name)
        share = 1 / timings.ratio(name, "native")
        verdict = "" if share >= LEAST else "  below 1/3"
        print(f"  {name:<24}{size:>7,.0f} B {rate:>11,.0f}/s {share:>6.2f} of native{verdict}")


def _format(name: str) -> InputFormat:
    return input_format(name.partition(" ")[0], _PATHS)


def decode(read: InputFormat, lines: list[bytes]) -> None:
    """Decode all lines, block by block."""
    for start in range(0, len(lines), BLOCK_LINES):
        decoded = read(lines[start : start + BLOCK_LINES])
        if decoded.rejects:
            raise SystemExit(f"a record was refused: {decoded.rejects[0][1]}")


def _parse(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


_WRITERS_WITH_TEXT: dict[str, Callable[[Event], bytes]] = {
    "litellm": litellm,
    "otel": otel,
    "kong": kong,
    "bedrock": bedrock,
    "auto (litellm)": litellm,
    "auto (otel)": otel,
    "auto (kong)": kong,
    "auto (bedrock)": bedrock,
}
_WRITERS_WITHOUT_TEXT: dict[str, Callable[[Event], bytes]] = {
    "envoy": envoy,
    "azure": azure,
    "auto (envoy)": envoy,
    "auto (azure)": azure,
}


if __name__ == "__main__":
    main()
