"""The key of texts changes while a campaign is at work, whose accounts are replaced meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from models.requests.ingestion import BatchBuilder
from models.requests.key_id import key_id
from models.requests.kinds import KIND_BITS, RENEWED, TieKind, kinds_of
from models.requests.line_reader import LineBlock, LineReader
from models.wire.state import decode_state
from schemas.codec import decode_requests, encode
from schemas.errors import InvalidRecord
from stream.edge import Sketcher
from stream.keys import HashKey
from stream.replay import local
from stream.replay.local import LocalRun
from stream.settings import Settings
from stream.text_key import TextKey
from tests.stream.traffic import DAY, SETTINGS, START, Heard, play, pooled, recording, scored
from tests.stream.traffic import time_of as time_of_line

FORMER = SETTINGS.key
NEW = HashKey(secret=b"n" * 32, id=key_id(b"n" * 32), public=False)
BEGINS, ENDS = START + 1.25 * DAY, START + 1.75 * DAY
OVERLAP = TextKey(NEW, FORMER, round(BEGINS * 1e6), round(ENDS * 1e6))
SUDDEN = replace(OVERLAP, begins=OVERLAP.ends)
KINDS = 2**KIND_BITS - 1


@cache
def lines() -> tuple[bytes, ...]:
    """Accounts are replaced where the overlap begins, and where it ends; none stays longer."""
    times = [START + 0.75 * DAY, BEGINS, ENDS, START + 2.25 * DAY]
    pool = [
        row
        for number, (begin, end) in enumerate(pairwise(times))
        for row in pooled([f"{'abc'[number]}{one}" for one in range(12)], begin, end, 300, number)
    ]
    return tuple(recording(accounts=160, pool=pool))


@dataclass(frozen=True)
class Played:
    """What a recording came to."""

    heard: Heard
    run: LocalRun

    @property
    def findings(self) -> Mapping[str, set[str]]:
        """The accounts that each finding names."""
        found: dict[str, set[str]] = {}
        for alert in map(orjson.loads, self.heard.alerts):
            found.setdefault(alert["alert_id"], set()).update(alert["accounts"])
        return found


def settings_of(texts: TextKey | None) -> Settings:
    return replace(SETTINGS, own_texts=texts)


def opened(settings: Settings, partitions: int = 1, shuffle: int | None = None) -> LocalRun:
    with patch.object(local, "shipped", scored):
        return LocalRun(settings, partitions, shuffle)


@cache
def played(texts: TextKey | None) -> Played:
    run = opened(settings_of(texts))
    return Played(play(run, lines()), run)


def told_before(heard: Heard, moment: float) -> list[bytes]:
    """Alerts and scores of epochs that ended before this time."""
    last = round(moment) // SETTINGS.epoch.seconds
    alerts = [one for one in heard.alerts if orjson.loads(one)["time"] < _written(moment)]
    return alerts + [one for one in heard.scores if orjson.loads(one)["epoch"] < last]


def _written(moment: float) -> str:
    return f"{np.datetime64(round(moment * 1e6), 'us')}Z"


def test_with_an_overlap_the_same_finding_names_the_same_accounts() -> None:
    """Its alerts come at the same times too; but for what ties they rest on, from the turn on."""
    plain, rotated = played(None), played(OVERLAP)
    assert rotated.findings == plain.findings
    [named] = plain.findings.values()
    assert {name[0] for name in named} == set("abc")
    times = [[orjson.loads(one)["time"] for one in each.heard.alerts] for each in (plain, rotated)]
    assert times[0] == times[1]


def test_until_the_overlap_ends_nothing_shows() -> None:
    before = told_before(played(None).heard, ENDS)
    assert before == told_before(played(OVERLAP).heard, ENDS)
    assert before != told_before(played(None).heard, ENDS + DAY)


def test_without_an_overlap_the_campaign_is_found_a_second_time() -> None:
    plain, sudden = played(None).findings, played(SUDDEN).findings
    assert sudden.keys() > plain.keys()
    [known] = plain
    assert not any(name.startswith("c") for name in sudden[known])


@pytest.mark.parametrize(("partitions", "shuffle"), [(3, 11)])
def test_partitions_and_order_do_not_show_in_a_rotation(partitions: int, shuffle: int) -> None:
    run = opened(settings_of(OVERLAP), partitions, shuffle)
    heard = play(run, lines(), 333)
    assert sorted(heard.alerts) == sorted(played(OVERLAP).heard.alerts)


def test_a_saved_state_goes_on_under_the_new_key() -> None:
    """Saved before anything spoke of a new key; its text key alone is refused, as is none of it."""
    start = opened(SETTINGS)
    half = sum(time_of_line(one) < BEGINS for one in lines())
    first = play(start, lines()[:half], finish=False)
    saved = start.save()
    with patch.object(local, "shipped", scored):
        run = LocalRun.load(saved, settings_of(OVERLAP))
    second = play(run, lines()[half:])
    assert first.alerts + second.alerts == played(OVERLAP).heard.alerts
    with pytest.raises(InvalidRecord, match=r"text_key\.previous_file"):
        LocalRun.load(saved, settings_of(TextKey(NEW)))
    assert LocalRun.load(run.save(), settings_of(TextKey(NEW))).counters.events


def fragments(texts: TextKey, rows: Sequence[bytes]) -> set[int]:
    """Tie keys of the texts of requests under the keys of their times."""
    batch = BatchBuilder(FORMER.secret, texts.secrets).build(decode_requests(list(rows)).events)
    kinds = kinds_of(batch.ties)
    shown = batch.ties[(kinds == TieKind.FRAGMENT) | (kinds == RENEWED)]
    return set((shown & ~np.uint64(KINDS) | np.uint64(TieKind.FRAGMENT)).tolist())


def test_what_is_idle_under_the_former_key_leaves() -> None:
    """A tie after `memory.idle_days`, a value of one account a week later."""
    memory = replace(SETTINGS.memory, idle_days=2.0)
    run = opened(replace(settings_of(OVERLAP), memory=memory))
    later = [
        orjson.dumps({**orjson.loads(one), "time": time_of_line(one) + days * DAY, "id": f"{days}"})
        for days in (4, 8, 12)
        for one in lines()[-40:]
    ]
    source = run.open_source()
    run.feed(source, 0, list(lines()))
    held = _held(run)
    former = fragments(TextKey(FORMER), lines())
    assert held & former
    run.feed(source, len(lines()), later)
    run.close_source(source)
    run.finish()
    assert not _held(run) & former
    assert _held(run) & fragments(TextKey(NEW), later)


def _held(run: LocalRun) -> set[int]:
    """Keys of all ties and values of one account in state."""
    stages = run._detector.dump()["ties"]
    return {key for one in stages for name in ("ties", "values") for key in one[name]["key"]}


def test_an_account_is_forgotten_under_both_keys() -> None:
    run = opened(settings_of(OVERLAP))
    play(run, [one for one in lines() if time_of_line(one) < ENDS - 3_600])
    assert {"a0", "b0"} <= _names_in(run.save())
    gone = [run.account_key(name) for name in ("a0", "b0")]
    detector: Any = run._detector
    for key in gone:
        for stage in (*detector._accounts, *detector._ties, detector._head):
            stage.forget(key)
    saved = run.save()
    for key in gone:
        assert key.to_bytes(8, "big") not in saved
        assert key.to_bytes(8, "little") not in saved
    assert not {"a0", "b0"} & _names_in(saved)


def _names_in(saved: bytes) -> set[str]:
    return {name for one in decode_state(saved)["detector"]["accounts"] for name in one["names"]}


_MOMENTS = st.floats(BEGINS - DAY, ENDS + DAY) | st.sampled_from([BEGINS, ENDS, ENDS - 1e-6])
_TEXT = "a text of a good many words that leaves some fragments of itself behind it "


@st.composite
def _requests(draw: st.DrawFn) -> list[bytes]:
    """Requests at any time around an overlap: with text, with sketches of either key or of both."""
    sketchers = [None, Sketcher(FORMER), Sketcher(NEW), Sketcher(NEW, FORMER)]
    rows = []
    for number, moment in enumerate(draw(st.lists(_MOMENTS, min_size=1, max_size=6))):
        words = _TEXT * draw(st.integers(0, 3))
        row = {"id": f"r{number}", "time": moment, "account": "a", "prompt": words + "end"}
        row |= {"system": _TEXT * draw(st.integers(0, 2)), "signatures_issued": ["s"]}
        [event] = decode_requests([orjson.dumps(row)]).events
        sketcher = draw(st.sampled_from(sketchers))
        rows.append(encode(event if sketcher is None else sketcher.events([event])[0]))
    return rows


@hypothesis(max_examples=60)
@given(_requests())
def test_both_ways_of_reading_and_any_cut_give_the_same(rows: list[bytes]) -> None:
    builder = BatchBuilder(FORMER.secret, OVERLAP.secrets)
    whole = LineReader(builder).read(LineBlock.of(rows)).batch
    general = builder.build(decode_requests(rows).events)
    assert whole is not None
    assert whole.ties.tolist() == general.ties.tolist()
    ends = [0, *general.tie_ends.tolist()]
    for row, (start, end) in enumerate(pairwise(ends)):
        alone = builder.build(decode_requests(rows[row : row + 1]).events)
        assert alone.ties.tolist() == general.ties[start:end].tolist()


@hypothesis(max_examples=60)
@given(st.sampled_from([BEGINS - 1, BEGINS, ENDS - 1e-6, ENDS, ENDS + 1]), st.integers(0, 3))
def test_sketches_under_both_keys_are_worth_their_texts(moment: float, words: int) -> None:
    """What was sketched under one key alone counts while that key holds."""
    row = {"id": "r", "time": moment, "account": "a", "prompt": _TEXT * words, "system": _TEXT}
    events = decode_requests([orjson.dumps(row)]).events
    builder = BatchBuilder(FORMER.secret, OVERLAP.secrets)
    shown = sorted(builder.build(events).ties.tolist())
    assert sorted(builder.build(Sketcher(NEW, FORMER).events(events)).ties.tolist()) == shown
    assert not builder.take_dropped_sketches()
    for key in (FORMER, NEW):
        alone = builder.build(Sketcher(key).events(events)).ties
        known = key is NEW or moment < ENDS
        assert bool(builder.take_dropped_sketches()) != known
        expected = BatchBuilder(FORMER.secret, TextKey(key).secrets).build(events).ties
        assert sorted(alone.tolist()) == (sorted(expected.tolist()) if known else [])
