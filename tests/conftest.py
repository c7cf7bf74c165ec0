"""What all tests share: the real corpora, Hypothesis without clocks, and a loud last word."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests.broker.packages import NoPackages, Programs, find_programs
from tests.leaving import leave_out

ROOT = Path(__file__).resolve().parent.parent

# A busy machine is no bug: no example fails for having been slow.
hypothesis.settings.register_profile(
    "steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for brokers and workers come first: what only computes fills their gaps.

    They are also the longest; at the end, where nothing can run beside them, they would add all
    of their time.
    """
    waiting = {item.path for item in items if item.get_closest_marker("broker")}
    items.sort(key=lambda item: item.path not in waiting)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of the real corpora; tests that ask for it are left out where it is absent."""
    folder = ROOT / os.environ.get("GAUGER_DATA_DIR", "../shared/data")
    if not folder.is_dir():
        leave_out("GAUGER_DATA_DIR has no corpora")
    return folder


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Real consumers of alerts and metrics; the test is left out, loudly, where there are none."""
    try:
        return find_programs()
    except NoPackages as error:
        leave_out(f"no rsyslog, kcat and Prometheus: {error}")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """What a test sets up of logging ends with it: the streams it writes to are closed by then."""
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(handler)
    for client in ("aiokafka", "kafka"):
        logging.getLogger(client).setLevel(logging.NOTSET)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested, and why, where nobody overlooks it."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    deselected = len(terminalreporter.stats.get("deselected", []))
    if deselected:
        reasons["deselected on the command line"] = deselected
    if reasons:
        terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"{tests} test{'s' * (tests > 1)}: {reason}")
