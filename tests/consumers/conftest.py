"""The alerts of the shipped sample, as other people's programs get them."""

from __future__ import annotations

import pytest

from schemas.alert import AlertEvent
from stream.cli import main
from stream.recordings.files import read_alerts
from tests.test_repository import ROOT

SAMPLE = ROOT / "examples"


@pytest.fixture(scope="session")
def sample_alerts(tmp_path_factory: pytest.TempPathFactory) -> list[AlertEvent]:
    path = tmp_path_factory.mktemp("sample") / "alerts.jsonl"
    recording, facts = str(SAMPLE / "events.jsonl.zst"), str(SAMPLE / "facts.jsonl")
    status = main(["replay", recording, "--facts", facts, "--alerts", str(path), "--json"])
    assert status == 0
    return list(read_alerts(str(path)))
