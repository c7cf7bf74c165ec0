"""Consoles that a browser can visit, and what a visit must leave behind: nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from stream.console.book import Book
from tests.stream.console.desk import desk, token_of
from tests.stream.console.webdriver import Browser

ENTER = "\ue007"


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[str]:
    """`gauger console` as a process; the link that it prints."""
    command = [sys.executable, "-m", "stream.cli", "console", "--port", "0", *arguments]
    environ = {**os.environ, "GAUGER_CONSOLE__AUDIT_FILE": str(folder / "audit.jsonl")}
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environ)
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline().decode()
            try:
                assert line.startswith("gauger console: "), (folder / "console.log").read_text()
                yield line.removeprefix("gauger console: ").strip()
            finally:
                process.terminate()
                assert process.wait(20) == 0


@contextmanager
def serving(folder: Path, book: Book) -> Iterator[str]:
    """A console in this process, over a book that the test goes on writing."""
    loop, ready, url = asyncio.new_event_loop(), threading.Event(), ""
    over = asyncio.Event()

    async def run() -> None:
        nonlocal url
        async with desk(folder, book) as one:
            url = one.url
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(20)
        yield url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        loop.close()


def sign_in(browser: Browser, url: str, name: str, page: str = "") -> None:
    browser.open(f"{url}/{page}")
    browser.see("Sign in")
    browser.write("#token", token_of(name) + ENTER)
    browser.until(lambda: name in browser.text("#who"), "the name of whoever signed in")


def assert_clean(browser: Browser, url: str) -> None:
    """Nothing went wrong in the page, and nothing was asked of anybody else."""
    logged = browser.logs("browser")
    assert [one["message"] for one in logged if one["level"] in {"SEVERE", "WARNING"}] == []
    events = [orjson.loads(one["message"])["message"] for one in browser.logs("performance")]
    asked = [
        one["params"]["request"]["url"]
        for one in events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert asked
    origin = url.partition("/#")[0]
    assert [one for one in asked if not one.startswith((origin, "about:", "data:"))] == []


def over(folder: Path) -> list[str]:
    names = ("alerts", "events", "scores", "feedback")
    return [word for name in names for word in (f"--{name}", str(folder / f"{name}.jsonl"))]
