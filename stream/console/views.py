"""Views of the book as JSON, each made once for what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from models.options import BudgetOptions
from schemas.codec import encode
from stream.console.book import Book
from stream.console.finding import listed, page
from stream.console.graph import graph
from stream.console.heat import heat
from stream.console.members import SORTS, members
from stream.console.overview import overview
from stream.console.profile import profile
from stream.findings.lives import Status

_MOST_KEPT = 64
_MOST_ROWS = 200
_MOST_TEXT = 200
_STATUSES: tuple[Status | str, ...] = ("", "open", "closed", "dismissed")

Query = Mapping[str, str]


class Unfit(ValueError):
    """A query that asks for what there is not."""


class Names(msgspec.Struct, frozen=True):
    """Accounts whose name holds a text."""

    accounts: list[str]


class Views:
    """Encoded views; one that was made for the same version of the book is given again.

    Args:
        book: What is known.
        budget: The budget of false alerts.
    """

    def __init__(self, book: Book, budget: BudgetOptions) -> None:
        self._book = book
        self._kept: dict[tuple[str, ...], tuple[int, bytes]] = {}
        self._makers: dict[str, Callable[[Query], msgspec.Struct]] = {
            "overview": lambda _: overview(book, budget),
            "findings": self._findings,
            "finding": lambda query: page(book, query["id"]),
            "members": self._members,
            "heat": lambda query: heat(book, query["id"]),
            "graph": lambda query: graph(book, query["id"]),
            "account": lambda query: profile(book, query["name"]),
            "accounts": lambda query: Names(book.accounts_like(_text(query), 20)),
        }

    def __contains__(self, name: str) -> bool:
        return name in self._makers

    def encoded(self, name: str, query: Query) -> bytes:
        """A view as JSON.

        Raises:
            KeyError: There is no such finding.
            Unfit: The query makes no sense.
        """
        key = (name, *(part for pair in sorted(query.items()) for part in pair))
        with self._book.lock:
            known = self._kept.pop(key, None)
            if known is None or known[0] != self._book.version:
                known = self._book.version, encode(self._makers[name](query))
            self._kept[key] = known
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return known[1]

    def _findings(self, query: Query) -> msgspec.Struct:
        status = query.get("status", "")
        if status not in _STATUSES:
            raise Unfit(f"there is no status {status}")
        start, most = _range(query)
        return listed(self._book, _text(query), status, start, most)

    def _members(self, query: Query) -> msgspec.Struct:
        sort = query.get("sort", "named")
        if sort not in SORTS:
            raise Unfit(f"accounts have no {sort}")
        start, most = _range(query)
        down = query.get("down") == "1"
        return members(
            self._book, query["id"], _text(query), sort, down=down, start=start, most=most
        )


def _text(query: Query) -> str:
    return query.get("text", "").strip()[:_MOST_TEXT]


def _range(query: Query) -> tuple[int, int]:
    try:
        start, most = int(query.get("start", "0")), int(query.get("most", "50"))
    except ValueError as error:
        raise Unfit("start and most are whole numbers") from error
    if start < 0 or not 1 <= most <= _MOST_ROWS:
        raise Unfit(f"start is at least 0, most 1 to {_MOST_ROWS}")
    return start, most
