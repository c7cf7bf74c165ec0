"""The shipped Sigma rules, converted by pySigma and run over the sample's alerts in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from schemas.alert import AlertEvent, TieRecord
from tests.models.alerts import alert
from tests.test_repository import ROOT

RULES = sorted((ROOT / "examples" / "sigma").glob("*.yml"))
MEANT: dict[str, Callable[[AlertEvent], bool]] = {
    "containment_advised": lambda event: event.response.action in {"limit", "hold", "ban"},
    "large_campaign": lambda event: (
        event.severity in {"high", "critical"} and event.activity != "close"
    ),
    "reseller": lambda event: (
        "AML.T0008.005" in event.techniques or any(tie.kind == "signature" for tie in event.ties)
    ),
    "shared_payment": lambda event: any(tie.kind == "payment" for tie in event.ties),
    "sign_up_wave": lambda event: (
        "AML.T0021" in event.techniques and event.activity == "update" and event.accounts_total >= 5
    ),
}
"""What each rule should hit, said again in Python."""


def flat(event: AlertEvent) -> dict[str, Any]:
    """A row as log stores flatten JSON: objects by dotted names, lists as text."""
    row: dict[str, Any] = {}
    for name, value in msgspec.to_builtins(event).items():
        if isinstance(value, dict):
            row |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            row[name] = orjson.dumps(value).decode() if isinstance(value, list) else value
    return row


def hits(rule: Path, events: list[AlertEvent]) -> list[str]:
    """Ids of the events that a rule finds, in the order of the rows."""
    collection = SigmaCollection.from_yaml(rule.read_text("utf-8"))
    assert collection.errors == []
    (query,) = sqliteBackend().convert(collection)
    rows = [flat(event) for event in events]
    columns = ", ".join(f'"{name}"' for name in rows[0])
    marks = ", ".join("?" * len(rows[0]))
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE TABLE logs ({columns})")
        database.executemany(
            f"INSERT INTO logs VALUES ({marks})", [[*row.values()] for row in rows]
        )
        database.row_factory = sqlite3.Row
        return [row["event_id"] for row in database.execute(query)]
    finally:
        database.close()


def with_proxy() -> list[AlertEvent]:
    """Alerts that the sample has none like: signatures that cross, a small wave, a closed one."""
    small = msgspec.structs.replace(
        alert("s", ["a"], at=60, sequence=1, severity="low"), techniques=["AML.T0021"]
    )
    crossing = msgspec.structs.replace(
        alert("x", ["b"], at=60), ties=[TieRecord("signature", "ab12", None, 9)]
    )
    relay = msgspec.structs.replace(alert("r", ["c"], at=60), techniques=["AML.T0008.005"])
    closed = msgspec.structs.replace(alert("c", ["d"], at=60), activity="close")
    return [small, crossing, relay, closed]


def test_every_rule_is_tested() -> None:
    assert {rule.stem for rule in RULES} == MEANT.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.stem)
def test_a_rule_hits_what_it_means_to(rule: Path, sample_alerts: list[AlertEvent]) -> None:
    events = [*sample_alerts, *with_proxy()]
    meant = [event.event_id for event in events if MEANT[rule.stem](event)]
    assert 0 < len(meant) < len(events)
    assert hits(rule, events) == meant


def test_the_campaign_of_the_sample_is_hit(sample_alerts: list[AlertEvent]) -> None:
    found = {rule.stem for rule in RULES if hits(rule, sample_alerts)}
    assert {"containment_advised", "large_campaign", "shared_payment", "sign_up_wave"} <= found
