from __future__ import annotations

import csv
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import AlertEvent, Entity, Evidence, TieRecord
from schemas.score import ScoreRecord
from stream.findings.containment import account_rows, as_csv
from stream.findings.lives import accounts_of, explain, lives, sightings, status_of, ties_of
from tests.models.alerts import alert

FIRST = alert("f", ["a", "b"], at=60)
SECOND = alert("f", ["b", "c"], at=120, sequence=1)
CLOSED = msgspec.structs.replace(alert("f", [], at=180, sequence=2), activity="close")
LIFE = [FIRST, SECOND, CLOSED]
OTHER = alert("g", ["z"], at=90)


@given(st.permutations([*LIFE, OTHER, FIRST, SECOND]))
def test_lives_are_in_order_whatever_the_order_of_events(events: list[AlertEvent]) -> None:
    assert lives(events) == {"f": LIFE, "g": [OTHER]}


def test_an_account_is_named_since_its_first_event() -> None:
    assert accounts_of(LIFE) == {"a": FIRST.time, "b": FIRST.time, "c": SECOND.time}


@pytest.mark.parametrize(
    ("life", "status"),
    [
        (LIFE[:2], "open"),
        (LIFE, "closed"),
        ([FIRST, msgspec.structs.replace(CLOSED, severity="info")], "dismissed"),
    ],
)
def test_a_finding_is_open_closed_or_dismissed(life: list[AlertEvent], status: str) -> None:
    assert status_of(life) == explain(life).status == status


def test_a_tie_is_told_as_the_latest_event_tells_it() -> None:
    grown = msgspec.structs.replace(
        SECOND, ties=[TieRecord("fragment", "ab12", None, 9), TieRecord("network", "c", "n", 2)]
    )
    assert [tie.accounts for tie in ties_of([FIRST, grown])] == [9, 2]


def test_an_explanation_guides_by_signal_each_once() -> None:
    evidence = [
        Evidence("gauger.youth", 0.2, 0.5, 6.0, "slow starts"),
        Evidence("gauger.youth", 0.1, 0.5, 4.0, "few requests"),
        Evidence("of.tomorrow", 0.1, 0.5, 1.0, "unheard of"),
    ]
    found = explain([msgspec.structs.replace(FIRST, evidence=evidence)])
    assert [guide.signal for guide in found.guides] == ["gauger.youth"]
    assert found.guides[0].runbook
    assert found.guides[0].lookalikes
    assert found.evidence == evidence
    assert [technique.name for technique in found.techniques] == [
        "Exfiltration via AI Inference API"
    ]
    assert [step.new_accounts for step in found.life] == [2]


def test_sightings_are_findings_that_ever_showed_a_value() -> None:
    gone = msgspec.structs.replace(CLOSED, ties=[])
    (found,) = sightings([[FIRST, gone], [OTHER]], lambda tie: tie.accounts == 2)
    assert (found.alert_id, found.accounts, found.status) == ("f", ["a", "b"], "closed")
    assert sightings([[FIRST]], lambda tie: tie.digest == "cd34") == []


def score(account: str, epoch: int, requests: int) -> ScoreRecord:
    return ScoreRecord(Entity("account", account), epoch, 0.5, 0.5, requests, [])


@given(st.permutations([score("a", 1, 10), score("a", 3, 30), score("z", 9, 90)]))
def test_an_account_has_its_latest_score(scores: list[ScoreRecord]) -> None:
    rows = {row.account: row for row in account_rows(LIFE, scores)}
    assert rows.keys() == {"a", "b", "c"}
    assert (rows["a"].requests, rows["b"].requests, rows["b"].score) == (30, None, None)
    assert rows["c"].confidence == 1 - CLOSED.q_value


NAMES = st.text(st.sampled_from("=+-@\t\r\n\uff1d\uff20 ',\"aé"), min_size=1, max_size=6)


@given(st.lists(NAMES, min_size=1, unique=True))
def test_no_cell_is_a_formula_and_nothing_else_is_changed(names: list[str]) -> None:
    rows = account_rows([alert("f", names, at=0)])
    header, *cells = csv.reader(io.StringIO(as_csv(rows), newline=""))
    assert header[0] == "account"
    assert len(cells) == len(names)
    for name, (cell, *_) in zip(names, cells, strict=True):
        assert cell[0] not in "=+-@\t\r\n\uff1d\uff20"
        assert cell in {name, f"'{name}"}
