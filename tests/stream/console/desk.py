"""A console over a scene, and somebody who asks it things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.scene import SMALL, Campaign, Scene
from models.options import BudgetOptions
from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from schemas.alert import AlertEvent
from schemas.codec import decode_requests, encode
from schemas.score import ScoreRecord
from stream.console.access import Access, Proxy
from stream.console.application import Console
from stream.console.audit import AuditLog
from stream.console.book import Book
from stream.console.deciding import FileWriter, Writer
from stream.console.options import ConsoleOptions
from stream.console.traffic import Traffic
from stream.console.views import Views
from stream.serving.server import serve
from stream.serving.tokens import Tokens
from tests.strategies import KEY

TOKENS = {"ada": "analyst", "bo": "viewer"}
DISMISS: dict[str, Any] = {
    "verdict": "dismiss",
    "reason": "a course of the university",
    "sequence": 3,
}
ALERT = b"mule".hex().ljust(24, "0")
PROXY = Proxy("X-Forwarded-User", frozenset({"cleo"}), frozenset({"127.0.0.1"}))


@cache
def batches(scene: Scene = SMALL, size: int = 1_000) -> tuple[EventBatch, ...]:
    builder, lines = BatchBuilder(KEY), scene.lines()
    return tuple(
        builder.build(decode_requests(lines[start : start + size]).events)
        for start in range(0, len(lines), size)
    )


@cache
def alerts(scene: Scene = SMALL) -> tuple[AlertEvent, ...]:
    return tuple(scene.alerts(KEY))


@cache
def scores(scene: Scene = SMALL) -> tuple[ScoreRecord, ...]:
    return tuple(scene.scores())


def book_of(scene: Scene = SMALL) -> Book:
    """All of a scene."""
    book = Book(Traffic())
    for event in alerts(scene):
        book.add_alert(event)
    for score in scores(scene):
        book.add_score(encode(score), score)
    for batch in batches(scene):
        book.add_batch(batch)
    return book


LARGE = Scene(
    ordinary=10,
    requests=10,
    hours=48,
    texts=False,
    campaigns=(
        Campaign(
            name="many", accounts=5_000, from_hour=2, to_hour=40, requests=3, severity="critical"
        ),
    ),
)
"""A finding of five thousand accounts."""


@cache
def large() -> Book:
    """All of it; no test may change it."""
    return book_of(LARGE)


def large_alert() -> str:
    """The id of its finding."""
    return next(iter(large().lives))


def token_of(name: str) -> str:
    return f"{name}-token-{'x' * 30}"


def tokens() -> Tokens:
    digests = {name: sha256(token_of(name).encode()).digest() for name in TOKENS}
    return Tokens(digests, TOKENS)


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Desk:
    """A console that listens, and its files."""

    book: Book
    folder: Path
    url: str
    session: aiohttp.ClientSession
    proof: str = ""

    async def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        """GET, or POST of a body."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else orjson.dumps(body)
        if data is not None:
            sent = {"Content-Type": "application/json", "X-Gauger-Proof": self.proof, **sent}
        method = "GET" if body is None else "POST"
        url = f"{self.url}{path}"
        async with self.session.request(method, url, data=data, headers=sent) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def sign_in(self, name: str) -> None:
        """Come as somebody."""
        assert (await self.ask("/api/sign-in", {"token": token_of(name)})).status == 200
        self.proof = (await self.ask("/api/session")).json["proof"]

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Lines of a file that the console writes: `audit` or `feedback`."""
        text = (self.folder / f"{name}.jsonl").read_bytes()
        return [orjson.loads(line) for line in text.splitlines()]


@asynccontextmanager
async def desk(
    folder: Path,
    book: Book | None = None,
    *,
    writer: Callable[[Path], Writer | None] = FileWriter,
    proxy: Proxy | None = None,
) -> AsyncIterator[Desk]:
    """Listen until the block ends."""
    book = book or book_of()
    audit = AuditLog(folder / "audit.jsonl")
    console = Console(
        book,
        Views(book, BudgetOptions()),
        Access(tokens(), proxy, frozenset({"127.0.0.1"})),
        audit,
        writer(folder / "feedback.jsonl"),
        secure=False,
    )
    serving = await serve(console.application(), ConsoleOptions(port=0), None, 1.0)
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Desk(book, folder, serving.url, session)
    finally:
        await serving.stop()
        audit.close()


Scenario = Callable[[Desk], Coroutine[Any, Any, None]]


def at_the_desk(folder: Path, scenario: Scenario, **options: Any) -> None:
    async def run() -> None:
        async with desk(folder, **options) as one:
            await scenario(one)

    asyncio.run(run())
