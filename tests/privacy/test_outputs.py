"""What a replay writes, a console shows, and both print: no secret of any request in any of it.

Lines that are refused are among the input. Dead letters hold these as they came, by purpose. Logs
and metrics of workers are looked at in `tests/integration/test_faults.py`.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event
from unittest.mock import patch

import orjson
import pytest
from pyarrow import parquet

from models.options import BudgetOptions
from models.requests.ingestion import BatchBuilder
from schemas.formats import input_format
from stream.cli import main
from stream.console.book import Book
from stream.console.members import export
from stream.console.recorded import Files, read_findings, read_traffic
from stream.console.traffic import Traffic
from stream.console.views import Views
from stream.replay import local
from tests.strategies import KEY
from tests.stream.traffic import CANARY, KEY_CANARY, PAYMENT_CANARY, recording, scored

SECRETS = (CANARY, PAYMENT_CANARY, KEY_CANARY)
SETTINGS = """
[epoch]
seconds = 10_800
[budget]
false_alerts_per_day = 100.0
false_alerts_per_million = 10_000.0
false_discovery_share = 0.5
[learning]
hours = 6.0
"""


def refused() -> list[bytes]:
    """Lines that nobody takes, with a secret in the place that is wrong."""
    secret = " ".join(SECRETS)
    whole = {"id": "bad", "time": 1_760_000_000, "account": "a", "prompt": secret}
    wrong: list[dict[str, object]] = [
        {"time": secret},
        {"prompt": [secret]},
        {"payment": {secret: 1}},
        {"tools": secret},
    ]
    lines = [orjson.dumps({**whole, **one}) for one in wrong]
    return [*lines, lines[0][:-20], secret.encode(), b'{"%b": 1}' % secret.encode()]


def shown(*given: bytes) -> set[str]:
    return {secret for secret in SECRETS for one in given if secret.encode() in one}


def replayed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay with every output it has."""
    lines = recording()
    assert shown(*lines) == set(SECRETS)
    (folder / "events.jsonl").write_bytes(b"\n".join([*lines, *refused()]))
    (folder / "gauger.toml").write_text(SETTINGS)
    monkeypatch.chdir(folder)
    names = ["alerts", "scores", "features", "p-values", "state", "dead-letters"]
    options = [word for name in names for word in (f"--{name}", name)]
    with patch.object(local, "shipped", scored):
        assert main(["replay", "events.jsonl", *options]) == 0
        assert main(["replay", "events.jsonl", "--max-bad-share", "0", "--json"]) == 1


def in_the_console() -> list[bytes]:
    """All that the console's page asks for, of each finding and each account named in it."""
    book, files = Book(Traffic()), Files(alerts="alerts", events=("events.jsonl",), scores="scores")
    read_findings(book, files)
    builder = BatchBuilder(KEY)
    read_traffic(book, files, input_format("native"), builder, Event())
    views = Views(book, BudgetOptions())
    asked = [("overview", {}), ("findings", {}), ("accounts", {"text": "mule"})]
    for alert_id in book.lives:
        asked += [(view, {"id": alert_id}) for view in ("finding", "members", "heat", "graph")]
    asked += [("account", {"name": f"mule-{number}"}) for number in range(20)]
    return [
        *(views.encoded(name, query) for name, query in asked),
        *(export(book, alert_id).encode() for alert_id in book.lives),
    ]


def test_no_output_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    replayed(tmp_path, monkeypatch)
    told = capfd.readouterr()
    assert "7 of 3,178 lines are bad" in told.err
    written = [Path(name).read_bytes() for name in ("alerts", "scores", "state")]
    tables = [str(parquet.read_table(name).to_pylist()) for name in ("features", "p-values")]
    assert all(b"mule-" in one for one in written)
    assert all(len(table) > 1_000 for table in tables)
    assert shown(Path("dead-letters").read_bytes()) == set(SECRETS)
    pages = in_the_console()
    assert sum(b"mule-1" in page for page in pages) > 10
    printed = (told.out + told.err).encode()
    assert shown(*written, *(table.encode() for table in tables), *pages, printed) == set()
