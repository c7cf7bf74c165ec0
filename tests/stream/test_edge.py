from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from schemas.codec import decode_request, decode_requests, encode
from schemas.errors import InvalidRecord
from schemas.request import RequestEvent
from stream.edge import Sketcher
from stream.keys import read_key
from tests.strategies import events
from tests.stream.traffic import Heard, load_run, open_run, play, recording

BUILDER = BatchBuilder(read_key(None).secret)
PROMPT = "Explain step by step how the tide follows the moon, and why there are two a day."


@pytest.fixture(scope="module")
def sketcher() -> Sketcher:
    return Sketcher(None)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return recording(accounts=130, requests=4)


@pytest.fixture(scope="module")
def whole(lines: list[bytes]) -> Heard:
    return play(open_run(2), lines)


def sketched(sketcher: Sketcher, lines: list[bytes]) -> list[bytes]:
    return [encode(event) for event in sketcher.events(decode_requests(lines).events)]


def assert_alike(one: EventBatch, other: EventBatch) -> None:
    """Every column is the same; the ties of a row may stand in another order."""
    for column in fields(EventBatch):
        name = column.name
        if name == "ties":
            rows = np.repeat(np.arange(len(one)), np.diff(one.tie_ends, prepend=0))
            orders = [np.lexsort((batch.ties, rows)) for batch in (one, other)]
            assert (one.ties[orders[0]] == other.ties[orders[1]]).all()
        else:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


@given(st.lists(events, max_size=30))
def test_a_sketch_is_to_the_detector_what_the_text_is(requests: list[RequestEvent]) -> None:
    made = Sketcher(None).events(requests)
    assert not any(event.prompt or event.system for event in made)
    assert_alike(BUILDER.build(requests), BUILDER.build(made))
    assert not BUILDER.take_dropped_sketches()


def test_alerts_and_scores_are_the_same(
    sketcher: Sketcher, lines: list[bytes], whole: Heard
) -> None:
    made = sketched(sketcher, lines)
    assert not any(b'"prompt"' in one for one in made)
    heard = play(open_run(2), made)
    assert heard.alerts
    assert (heard.alerts, heard.scores) == (whole.alerts, whole.scores)


def test_sketches_under_another_key_are_dropped_and_counted_over_a_restart(
    lines: list[bytes], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("another key, of the edge alone")
    made = sketched(Sketcher(tmp_path / "key"), lines[:300])
    made[7] = orjson.dumps(orjson.loads(made[7]) | {"sketch": "?"})
    run = open_run()
    play(run, made[:200], finish=False)
    run = load_run(run.save())
    play(run, made[200:])
    assert run.counters.events == 300
    assert run.counters.dropped_sketches == {"unknown key": 299, "damaged": 1}


def test_where_there_is_text_its_sketch_does_not_count(sketcher: Sketcher) -> None:
    event = decode_request(b'{"id":"r","time":1,"account":"a","prompt":"%s"}' % PROMPT.encode())
    both = decode_request(
        orjson.dumps({**orjson.loads(encode(event)), "sketch": sketcher.sketch(prompt="x " * 90)})
    )
    assert_alike(BUILDER.build([event]), BUILDER.build([both]))


def test_an_event_is_made_without_its_texts(sketcher: Sketcher) -> None:
    time = datetime(2026, 11, 2, 8, tzinfo=UTC)
    line = sketcher.event(id="r", time=time, account="a", prompt=PROMPT, system="Be brief.", x=1)
    assert orjson.loads(line) == {
        "id": "r",
        "time": time.timestamp(),
        "account": "a",
        "sketch": sketcher.sketch("Be brief.", PROMPT),
    }


def test_an_event_without_text_has_no_sketch(sketcher: Sketcher) -> None:
    line = sketcher.event(id="r", time=1, account="a", prompt="", system=None)
    assert orjson.loads(line) == {"id": "r", "time": 1.0, "account": "a"}
    made = sketcher.sketch(prompt=PROMPT)
    assert orjson.loads(sketcher.event(id="r", time=1, account="a", sketch=made))["sketch"] == made


@pytest.mark.parametrize("fields", [{"id": "r", "time": 1}, {"id": "r", "time": 1, "account": {1}}])
def test_an_event_that_breaks_the_contract_is_refused(
    sketcher: Sketcher, fields: dict[str, object]
) -> None:
    with pytest.raises(InvalidRecord):
        sketcher.event(**fields)


def test_a_sketch_needs_its_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sixteen bytes or more of it")
    assert Sketcher(tmp_path / "key").sketch(prompt=PROMPT) != Sketcher(None).sketch(prompt=PROMPT)
    with pytest.raises(ValueError, match="cannot read"):
        Sketcher(tmp_path / "none")


def test_threads_do_not_disturb_each_other(sketcher: Sketcher) -> None:
    texts = [f"{PROMPT} {'wave ' * place} and so on for ever and a day" for place in range(200)]
    expected = [sketcher.sketch(prompt=text) for text in texts]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda text: sketcher.sketch(prompt=text), texts))
    assert made == expected
