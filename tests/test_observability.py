"""Dashboard, rules and scrape settings, against the metrics that there are and by promtool."""

from __future__ import annotations

import re
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from models.signals import SIGNALS
from stream.monitoring.metrics import ALL, StageMetrics
from stream.serving.tokens import read_tokens
from tests.broker.packages import Programs

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
RULES = yaml.safe_load((DEPLOY / "gauger-rules.yml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD = orjson.loads((DEPLOY / "dashboard.json").read_bytes())
OPERATIONS = (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")
NAME = re.compile(r"\b(?:gauger_\w+|gauger:\w+|process_\w+|up\b)")


def told() -> set[str]:
    """Names of all samples that our processes tell."""
    found = {"up"}
    for family in (family for kind in ALL for family in kind().registry.collect()):
        endings = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_count", "_sum"],
        }.get(family.type, [""])
        found |= {family.name + ending for ending in endings}
    return found


TOLD = told()
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def expressions() -> list[str]:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    shown = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return shown + [rule["expr"] for rule in RULES]


@pytest.mark.parametrize("expression", expressions())
def test_whatever_is_asked_for_is_told(expression: str) -> None:
    asked = set(NAME.findall(expression))
    assert asked
    assert asked <= TOLD | RECORDED


def test_whatever_is_told_is_shown() -> None:
    shown = {name for expression in expressions() for name in NAME.findall(expression)}
    ours = {name for name in TOLD if name.startswith("gauger_")}
    assert {name for name in ours - shown if not name.endswith(("_count", "_sum"))} == set()


def test_names_follow_the_conventions() -> None:
    for kind in ALL:
        for family in kind().registry.collect():
            assert re.fullmatch(r"(?:gauger|process)_[a-z_]+", family.name)
            assert family.documentation.endswith(".")
            if family.type == "histogram":
                assert family.name.endswith("_seconds")
            # Base units alone: no milliseconds, no megabytes, no per cent.
            assert not re.search(r"_(?:ms|millis\w*|minutes|hours|kb|mb|percent)\b", family.name)


def test_what_is_rare_is_told_before_it_happens() -> None:
    """The first finding of a signal is an increase; it would be none from a series that begins."""
    metrics = StageMetrics()
    rare = {"gauger_alerts_total": 15, "gauger_findings_total": len(SIGNALS)}
    samples = [one for family in metrics.registry.collect() for one in family.samples]
    for name, count in rare.items():
        assert [one.value for one in samples if one.name == name] == [0.0] * count


def test_no_label_can_hold_what_comes_from_traffic() -> None:
    labels = {name for kind in ALL for _, _, names, _ in kind().catalogue for name in names}
    assert labels == {
        *("topic", "partition", "field", "stage", "activity", "severity", "signal"),
        *("verdict", "status"),
    }


def test_each_panel_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("name", [rule["alert"] for rule in RULES if "alert" in rule])
def test_every_alert_has_its_line_in_the_operations_guide(name: str) -> None:
    assert f"`{name}`" in OPERATIONS


def test_the_token_of_the_containers_is_known_to_them() -> None:
    token = (DEPLOY / "metrics.token").read_text("utf-8").strip()
    tokens = read_tokens(DEPLOY / "metrics.tokens")
    assert tokens.client(f"Bearer {token}") == "prometheus"
    assert sha256(token.encode()).hexdigest() in (DEPLOY / "metrics.tokens").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "rules", "gauger-rules.yml"],
        ["test", "rules", "gauger-rules-test.yml"],
        ["check", "config", "prometheus.yml"],
    ],
    ids=" ".join,
)
def test_promtool_agrees(arguments: list[str], programs: Programs) -> None:
    done = subprocess.run(
        [str(programs.promtool), *arguments],
        cwd=DEPLOY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


def test_promtool_understands_every_query_of_the_dashboard(
    programs: Programs, tmp_path: Path
) -> None:
    queries = [
        {"record": f"asked:{number}", "expr": expression}
        for number, expression in enumerate(expressions())
    ]
    rules = tmp_path / "asked.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": queries}]}), "utf-8")
    done = subprocess.run(
        [str(programs.promtool), "check", "rules", str(rules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
