"""What another key means: nothing that was hashed under one is of use under the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.requests.ingestion import BatchBuilder
from schemas.errors import InvalidRecord
from schemas.request import RequestEvent
from stream.edge import Sketcher
from stream.keys import read_key
from stream.replay.local import LocalRun
from tests.strategies import START
from tests.stream.traffic import SETTINGS

OLD, NEW = read_key(None), "a key of sixteen bytes or more"


def test_a_state_is_not_gone_on_with_under_another_key(tmp_path: Path) -> None:
    """All accounts would begin anew beside what is kept of them, where `forget` finds nothing."""
    path = tmp_path / "key"
    path.write_text(NEW)
    other = replace(SETTINGS, key=read_key(path))
    saved = LocalRun(SETTINGS).save()
    with pytest.raises(InvalidRecord, match=f"made under key {OLD.id}"):
        LocalRun.load(saved, other)
    assert LocalRun.load(saved, SETTINGS).counters.events == 0


def test_after_a_rotation_nothing_that_was_shared_is_known_again(tmp_path: Path) -> None:
    """The same account with the same payment, under two keys; and a sketch under the old one."""
    path = tmp_path / "key"
    path.write_text(NEW)
    event = RequestEvent(id="r", time=float(START), account="a", payment="p", user_agent="u")
    batches = [BatchBuilder(key.secret).build([event]) for key in (OLD, read_key(path))]
    assert not set(batches[0].ties.tolist()) & set(batches[1].ties.tolist())
    assert batches[0].account[0] != batches[1].account[0]
    words = "a sentence of some length that leaves a few fragments behind " * 20
    [sketched] = Sketcher(OLD).events([replace_prompt(event, words)])
    builder = BatchBuilder(read_key(path).secret)
    assert len(builder.build([sketched]).ties) == len(batches[1].ties)
    assert dict(builder.take_dropped_sketches()) == {"unknown key": 1}


def replace_prompt(event: RequestEvent, prompt: str) -> RequestEvent:
    return RequestEvent(id=event.id, time=event.time, account="a", prompt=prompt, payment="p",
                        user_agent="u")  # fmt: skip
