"""The detector in one process: what it counts, refuses and keeps."""

from __future__ import annotations

import pytest

from schemas.errors import InvalidRecord
from tests.stream.traffic import START, line, load_run, open_run, play

YEAR_2100 = 4_102_444_800


def quiet(count: int, step: float = 60.0, accounts: int = 7) -> list[bytes]:
    """Plain requests in order of time."""
    return [
        line(id=f"q{row}", time=START + row * step, account=f"plain-{row % accounts}")
        for row in range(count)
    ]


def test_a_state_of_other_partitions_is_refused() -> None:
    run = open_run(2)
    play(run, quiet(100), finish=False)
    with pytest.raises(InvalidRecord, match="2 partitions"):
        load_run(run.save(), 3)


def test_no_secret_field_is_in_the_state() -> None:
    secrets = {
        name: f"{name}-secret-canary"
        for name in ("system", "prompt", "payment", "api_key", "session", "end_user")
    }
    words = {
        name: f"{text} " * 30 for name, text in secrets.items() if name in {"system", "prompt"}
    }
    rows = [
        line(id=f"s{row}", time=START + row, account=f"holder-{row % 5}", **{**secrets, **words})
        for row in range(80)
    ]
    run = open_run()
    play(run, rows, finish=False)
    saved = run.save()
    assert b"holder-3" in saved
    assert b"secret-canary" not in saved


def test_a_request_counts_once_however_often_it_comes() -> None:
    rows = quiet(120)
    twice, once = open_run(), open_run()
    heard = play(twice, [row for row in rows for _ in range(2)], size=37)
    assert (twice.counters.events, twice.counters.duplicates) == (120, 120)
    assert heard.scores == play(once, rows).scores
    assert twice.counters.reused_ids == 0


def test_a_request_of_another_account_or_time_is_no_duplicate() -> None:
    same = {"id": "one", "time": START + 1000}
    rows = [
        *quiet(100),
        line(account="first", **same),
        line(account="second", **same),
        line(account="first", id="one", time=START + 1001),
    ]
    run = open_run()
    play(run, rows)
    assert (run.counters.events, run.counters.duplicates) == (103, 0)
    assert run.counters.reused_ids == 1


def test_a_late_request_counts_in_the_next_open_epoch() -> None:
    rows = quiet(400)
    run = open_run()
    play(run, [*rows, line(id="late", time=START + 60.5, account="plain-0")])
    assert run.counters.late == 1
    assert run.counters.events == 401


def test_a_request_from_2100_is_one_dead_letter() -> None:
    rows = quiet(300)
    rows.insert(150, line(id="far", time=YEAR_2100, account="plain-1"))
    run = open_run()
    heard = play(run, rows)
    [letter] = heard.dead_letters
    assert (letter.field, letter.offset, letter.raw) == ("time", 150, rows[150])
    assert run.counters.events == 300
    assert run.counters.bad == 1
    assert run.counters.late == 0
    assert run.counters.parked == 0


def test_a_request_from_2100_may_come_first() -> None:
    rows = [line(id="far", time=YEAR_2100, account="plain-1"), *quiet(300)]
    run = open_run()
    heard = play(run, rows)
    assert [letter.offset for letter in heard.dead_letters] == [0]
    assert run.counters.events == 300
    assert run.watermark == (START + 299 * 60) * 1_000_000


def test_a_request_from_1970_is_late() -> None:
    rows = quiet(300)
    rows.insert(150, line(id="old", time=0, account="plain-1"))
    run = open_run()
    heard = play(run, rows, size=100)
    assert heard.dead_letters == []
    assert (run.counters.events, run.counters.late) == (301, 1)


def test_a_request_from_1970_may_come_first_in_a_short_file() -> None:
    run = open_run()
    heard = play(run, [line(id="old", time=0, account="plain-1"), *quiet(20)])
    assert heard.dead_letters == []
    assert run.counters.events == 21
    assert run.watermark_of(0) == (START + 19 * 60) * 1_000_000


def test_broken_lines_become_dead_letters_in_their_place() -> None:
    rows = quiet(60)
    rows.insert(10, b'{"id": "x", "time": "yesterday", "account": "a"}')
    rows.insert(20, b"not json")
    run = open_run()
    heard = play(run, rows, size=7)
    assert [(letter.offset, letter.raw) for letter in heard.dead_letters] == [
        (10, rows[10]),
        (20, b"not json"),
    ]
    assert heard.dead_letters[0].field == "time"
    assert run.counters.events == 60
    assert run.counters.bad == 2


def test_unknown_fields_are_counted() -> None:
    run = open_run()
    play(
        run, [line(id=f"u{row}", time=START + row, account="a", colour="red") for row in range(40)]
    )
    assert run.counters.unknown_fields == {"colour": 40}


def test_an_empty_source_holds_nobody_back() -> None:
    run = open_run()
    empty, full = run.open_source(), run.open_source()
    run.feed(full, 0, quiet(200))
    before = run.watermark
    run.close_source(empty)
    assert (before, run.watermark) == (None, (START + 199 * 60) * 1_000_000)
    run.close_source(full)
    run.finish()
    assert run.counters.events == 200


def test_a_short_file_counts_whole() -> None:
    run = open_run()
    heard = play(run, quiet(3, step=7_200))
    assert heard.dead_letters == []
    assert run.counters.events == 3
