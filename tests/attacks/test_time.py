"""Times that lie: far ahead to close epochs early, far back to be forgotten at once, or stalled.

What a watermark believes is held by `tests/models/sources/test_watermark.py`; that rows from 1970
and 2100 are late, or a dead letter, by `tests/stream/replay/test_local.py`.
"""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from models.accounts.duplicates import Duplicates
from models.options import EpochOptions
from models.requests.ingestion import BatchBuilder
from models.sources.source import MOST_HELD_BYTES, MOST_PARKED_BYTES, Source
from models.sources.watermark import HOUR, Watermark
from models.wire.state import encode_state
from schemas.codec import decode_requests
from tests.attacks.worlds import ordinary, replayed
from tests.strategies import KEY
from tests.stream.traffic import START, open_run

YEAR_2100 = 4_102_444_800.0
DAY = 86_400_000_000
BROKER_TAKES = 2**20

BUILDER = BatchBuilder(KEY)


def fed(source: Source, rows: list[dict[str, object]], first: int) -> None:
    lines = [orjson.dumps(row) for row in rows]
    decoded = decode_requests(lines)
    assert decoded.rejects == []
    source.admit(BUILDER.build(decoded.events), range(first, first + len(lines)), lines)


def waiting(number: int, **more: object) -> dict[str, object]:
    """A request of one sender, ever further ahead, so that nothing confirms it."""
    return {"id": f"f{number}", "time": YEAR_2100 + number * 4_000, "account": "bad", **more}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"user_agent": "u" * 5_000, "signatures_presented": [f"s{one}" for one in range(1_500)]},
        {"prompt": "seldom heard words " * 3_000},
    ],
    ids=["plain", "values", "texts"],
)
def test_rows_from_the_future_wait_within_bounds(more: dict[str, object]) -> None:
    """Forged requests far ahead, each as large as it may be, between ordinary ones.

    The rows that wait must fit the record in which a standing is saved: beyond that ingestion would
    stop for good, as it could neither save the standing nor go on without.
    """
    source = Source(EpochOptions())
    ordinary_rows = [
        {"id": f"o{number}", "time": START + number, "account": f"u{number % 7}", "user_agent": "x"}
        for number in range(1_100)
    ]
    fed(source, ordinary_rows[:100], 0)
    for start in range(0, 1_000, 50):
        rows = [
            row
            for number in range(start, start + 50)
            for row in (waiting(number, **more), ordinary_rows[100 + number])
        ]
        fed(source, rows, 100 + 2 * start)
    assert source.parked
    assert len(encode_state(source.dump())) < BROKER_TAKES
    assert source._parked_bytes <= MOST_PARKED_BYTES
    assert source._held <= MOST_HELD_BYTES
    assert len(source.take_refused()) + source.parked == 1_000
    watermark = source.watermark
    assert watermark is not None
    assert watermark == round((START + 1_099) * 1e6)


def test_rows_that_wait_do_not_slow_those_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand forged requests wait for ever: each later one must not look at all of them."""
    watermark = Watermark()
    accounts = np.arange(100, dtype=np.uint64)
    on_time = np.arange(100, dtype=np.int64) + round(START * 1e6)
    watermark.admit(on_time, accounts, 0)
    ahead = on_time[-1] + HOUR * np.arange(40, 1_040)
    for number in range(0, 1_000, 100):
        waiting_rows = np.append(ahead[number : number + 100], on_time[-1])
        watermark.admit(waiting_rows, np.full(101, 7, np.uint64), 100 + number)
    released: list[object] = []
    monkeypatch.setattr(watermark, "_release", released.append)
    believed = watermark.admit(on_time + 1_000, accounts, 1_100)
    assert believed.numbers.tolist() == list(range(1_100, 1_200))
    assert (len(watermark), released) == (1_000, [])


def test_a_day_of_long_ago_costs_less_than_two_kilobytes() -> None:
    """Each forged request is of another day since 1970; hashes of each are remembered for a while.

    There are 20,370 such days until the tests' own; a set of 16 places is made for each.
    """
    days = np.arange(20_370, dtype=np.int64)
    duplicates = Duplicates()
    hashes = days.astype(np.uint64) + np.uint64(1)
    fresh, _ = duplicates.admit(days * DAY, hashes, hashes)
    assert fresh.all()
    held = [keys._keys.nbytes for keys in duplicates._requests.values()]
    assert len(held) == len(days)
    assert sum(held) <= 16 * 8 * len(days)
    duplicates.forget_before(20_400 * DAY)
    assert duplicates._requests == {}


def test_lying_times_change_no_score_of_ordinary_accounts() -> None:
    """Requests from 1970 and from 2100, fewer than confirm each other, all along the recording."""
    lines = ordinary()
    forged = [
        {"id": f"l{number}", "time": time, "account": "liar"}
        for number in range(30)
        for time in (number * 86_400.0, YEAR_2100 + number * 8_000)
    ]
    known = [orjson.loads(one) for one in lines]
    step = len(known) // len(forged)
    mixed = [orjson.dumps(row) for row in known]
    for number, row in enumerate(forged):
        mixed.insert((number + 1) * step + number, orjson.dumps(row))
    _, expected = replayed(lines)
    run, heard = replayed(mixed)
    assert heard.alerts == expected.alerts
    assert run.counters.bad + run.counters.late >= 30
    assert run.counters.epochs <= 3 * 48 + 2


def test_a_source_that_sends_nothing_believable_holds_its_run_back_and_no_memory() -> None:
    """A stall: one of two sources sends only times that nothing confirms, so no epoch may close.

    In one process this lasts until the source ends; over Kafka until it has nothing to read. What
    the other source sends meanwhile waits in open partials, as large as its accounts and values.
    """
    run = open_run()
    good, stalled = run.open_source(), run.open_source()
    lines = ordinary()
    for number in range(0, len(lines), 100):
        outcome = run.feed(good, number, lines[number : number + 100])
        assert outcome.scores == []
        run.feed(stalled, number, [orjson.dumps(waiting(number))])
    assert run.counters.parked <= 1_000
    assert run.counters.epochs == 0
    run.close_source(stalled)
    run.close_source(good)
    assert run.finish().scores or run.counters.epochs > 0
