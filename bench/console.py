"""How long an analyst waits for the console: `make bench-console`.

A finished replay of a million requests of 200,000 accounts, with a finding of 5,000 accounts among
others, is written and served as `gauger console` serves it. Told are the seconds until all is read,
the memory of the server, and medians over rounds: of each answer by itself (every view made anew),
and, where Chromium is installed, of pages from the click until their last panel is filled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import orjson

from bench.scene import Campaign, Scene, alert_lines
from stream.keys import read_key
from tests.broker.chromium import find_chromium
from tests.stream.console.webdriver import Browser, browse, driving

_VIEWS = ("overview", "findings", "finding", "graph", "heat", "members")
_FIRST_PAGE, _CLUSTER_PAGE = 1.5, 1.0


def scene(accounts: int, requests: int, members: int) -> Scene:
    """Campaigns of 40, 400 and `members` accounts among ordinary ones; requests without texts."""
    sizes = {"small": 40, "middle": 400, "large": members}
    campaigns = tuple(
        Campaign(
            name=name, accounts=size, from_hour=10 + 9 * place, to_hour=90 + 9 * place,
            requests=10, severity="critical" if size > 200 else "high",
        )
        for place, (name, size) in enumerate(sizes.items())
    )  # fmt: skip
    named = sum(sizes.values())
    return Scene(
        ordinary=accounts - named,
        requests=requests - 10 * named,
        hours=168,
        campaigns=campaigns,
        texts=False,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-console", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    drawn = scene(arguments.accounts, arguments.requests, arguments.members)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lines = drawn.lines()
        (folder / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        told = alert_lines(drawn, read_key(None).secret)
        (folder / "alerts.jsonl").write_bytes(b"\n".join(told) + b"\n")
        print(f"{len(lines):,} requests, {arguments.accounts:,} accounts")
        with served(folder) as (link, process):
            _measure(folder, link, process, arguments.rounds)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """The console over the folder's files: the link that it prints, and its process."""
    command = [
        *(sys.executable, "-m", "stream.cli", "console", "--port", "0"),
        *("--alerts", str(folder / "alerts.jsonl"), "--events", str(folder / "events.jsonl")),
    ]
    environ = {**os.environ, "GAUGER_CONSOLE__AUDIT_FILE": str(folder / "audit.jsonl")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().partition(": ")[2].strip(), process.pid
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def _measure(folder: Path, link: str, process: int, rounds: int) -> None:
    begun = time.perf_counter()
    client = Client(link)
    while client.reading():
        time.sleep(0.5)
    print(f"read in {time.perf_counter() - begun:.1f} s, {_memory(process):,.0f} MB")
    rows = orjson.loads(client.get("findings", {}))["rows"]
    largest = max(rows, key=lambda row: row["accounts"])
    for view in _VIEWS:
        query = {"id": largest["alert_id"]} if view not in {"overview", "findings"} else {}
        # A query of its own each time: nothing is given again.
        queries = [{**query, "turn": str(turn)} for turn in range(rounds)]
        seconds = [_timed(partial(client.get, view, one)) for one in queries]
        size = len(client.get(view, query))
        print(f"  {view:<10}{statistics.median(seconds):>8.3f} s {size:>9,} B")
    if shutil.which("chromium") and shutil.which("chromedriver"):
        _pages(folder, link, rows, rounds)
    else:
        print("no Chromium here: pages were not measured")


def _pages(folder: Path, link: str, rows: list[dict[str, Any]], rounds: int) -> None:
    chromium = find_chromium()
    with driving(chromium, folder) as driver:
        browser = browse(driver, chromium, folder / "profile")
        browser.open(link)
        _wait(browser, "#main .tiles")
        url, waits = link.partition("#")[0], []
        for _ in range(rounds):
            browser.open("about:blank")
            waits.append(_timed(partial(_first, browser, url)))
        _tell("first page", waits, _FIRST_PAGE)
        for row in rows:
            waits = []
            for _ in range(rounds):
                _first(browser, url)
                waits.append(_timed(partial(_cluster, browser, str(row["alert_id"]))))
            _tell(f"cluster page, {row['accounts']:,} accounts", waits, _CLUSTER_PAGE)
        browser.close()


def _first(browser: Browser, url: str) -> None:
    browser.open(url)
    _wait(browser, "#main svg")


def _cluster(browser: Browser, alert_id: str) -> None:
    browser.run("location.hash = arguments[0]", f"#/findings/{alert_id}")
    for part in (".crumbs .mono", "#members tbody tr", "#activity canvas", ".graph .node"):
        _wait(browser, f"#main > div:not([hidden]) {part}")


def _wait(browser: Browser, selector: str) -> None:
    """Until an element is there, in a page that has been filled and painted."""
    script = "return !document.querySelector('[aria-busy]') && document.querySelector(arguments[0])"
    browser.until(lambda: browser.run(script, selector), selector)


def _tell(name: str, seconds: list[float], most: float) -> None:
    verdict = "" if max(seconds) <= most else f"  over {most} s"
    print(f"  {name:<32}{statistics.median(seconds):>8.2f} s, at most {max(seconds):.2f}{verdict}")


def _timed(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def _memory(process: int) -> float:
    """Resident memory of a process, MB."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    [size] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(size) / 1_000


class Client:
    """Somebody who has signed in; `link` is what the console printed."""

    def __init__(self, link: str) -> None:
        address, _, token = link.removeprefix("http://").partition("/#token=")
        self._connection = HTTPConnection(address)
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/api/sign-in", orjson.dumps({"token": token}), headers)
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def get(self, view: str, query: dict[str, str]) -> bytes:
        """A view."""
        self._connection.request(
            "GET", f"/api/{view}?{urlencode(query)}", headers={"Cookie": self._cookie}
        )
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{view}: {answer.status}")
        return body

    def reading(self) -> str:
        """What the server still reads."""
        self._connection.request("GET", "/api/news", headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        line = answer.readline()
        self._connection.close()
        return str(orjson.loads(line.removeprefix(b"data: "))["reading"])


if __name__ == "__main__":
    main()
