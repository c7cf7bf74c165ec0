"""Rows to JSON lines: text from recipes, numbers to strings, fields lost on the way left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import isnan
from typing import Any, TypeAlias

import numpy as np
import orjson

from stream.simulator.clients import CLIENTS
from stream.simulator.randomness import mix
from stream.simulator.rows import DROPPABLE, MODELS, OPERATIONS, PLANS, ROUTES, STOPS, Rows
from stream.simulator.world import World

Record: TypeAlias = dict[str, Any]

_TEXT_BYTES = 64_000


class Renderer:
    """Turns rows of a world into the request events of the contract, one JSON object a line."""

    def __init__(self, world: World) -> None:
        people = world.people.table
        self._world = world
        self._names = [f"acct_{value:016x}" for value in mix(np.arange(people.size), 101).tolist()]
        self._orgs = _coded("org", people["org"], 102)
        self._payments = _coded("pay", people["payment"], 103)
        self._created = [stamp(seconds) for seconds in people["created"].tolist()]
        self._plans = [PLANS[code] for code in people["plan"].tolist()]
        self._dropped: dict[int, frozenset[str]] = {0: frozenset()}

    def account_name(self, account: int) -> str:
        """The id under which an account appears."""
        return self._names[account]

    def facts(self, account: int) -> dict[str, Any]:
        """Sign-up facts of an account."""
        record = {
            "account": self._names[account],
            "account_created": self._created[account],
            "payment": self._payments[account],
            "plan": self._plans[account],
            "org": self._orgs[account],
        }
        return {name: value for name, value in record.items() if value is not None}

    def lines(self, rng: np.random.Generator, rows: Rows, first: int) -> list[bytes]:
        """One line for each row, in the order given; `first` numbers the request ids."""
        options = orjson.OPT_APPEND_NEWLINE
        return [orjson.dumps(record, option=options) for record in self.records(rng, rows, first)]

    def records(self, rng: np.random.Generator, rows: Rows, first: int) -> Iterator[Record]:
        """The same as dictionaries."""
        columns = self._columns(rng, rows, first)
        names = list(columns)
        masks = rows["mask"].tolist()
        for mask, values in zip(masks, zip(*columns.values(), strict=True), strict=True):
            record = {
                n: value for n, value in zip(names, values, strict=False) if value is not None
            }
            for name in self._lost(mask) if mask else ():
                record.pop(name, None)
            yield record

    def _lost(self, mask: int) -> frozenset[str]:
        if mask not in self._dropped:
            lost = {name for bit, name in enumerate(DROPPABLE) if mask >> bit & 1}
            if "signatures" in lost:
                lost |= {"signatures_issued", "signatures_presented"}
            self._dropped[mask] = frozenset(lost)
        return self._dropped[mask]

    def _columns(self, rng: np.random.Generator, rows: Rows, first: int) -> dict[str, list[Any]]:
        accounts = rows["account"].tolist()
        networks = self._world.networks
        blocks = rows["network"].tolist()
        numbers = mix(np.arange(first, first + rows.size), 104).tolist()
        keys = mix(rows["account"].astype(np.int64) * 64 + rows["key"], 105).tolist()
        columns: dict[str, list[Any]] = {
            "id": [f"req_{number:016x}" for number in numbers],
            "time": np.round(rows["time"], 3).tolist(),
            "account": [self._names[i] for i in accounts],
            "org": [self._orgs[i] for i in accounts],
            "api_key": [f"key_{key:016x}"[:14] for key in keys],
            "end_user": _optional(rows["end_user"], "user_%013x"),
            "session": _optional(rows["session"], "sess_%012x"),
            "route": [ROUTES[i] for i in rows["route"].tolist()],
            "operation": [OPERATIONS[i] for i in rows["operation"].tolist()],
            "model": [MODELS[i] for i in rows["model"].tolist()],
            "ip": [
                f"{networks.prefixes[i]}{h}"
                for i, h in zip(blocks, rows["host"].tolist(), strict=True)
            ],
            "asn": [networks.asns[i] for i in blocks],
            "country": [networks.countries[i] for i in blocks],
            "user_agent": [CLIENTS[i][0] for i in rows["client"].tolist()],
            "tls_fingerprint": [CLIENTS[i][1] for i in rows["client"].tolist()],
            "payment": [self._payments[i] for i in accounts],
            "plan": [self._plans[i] for i in accounts],
            "account_created": [self._created[i] for i in accounts],
        }
        columns.update(self._usage(rows))
        if not self._world.scenario.metadata_only:
            columns["system"] = [
                self._world.systems[i] if i >= 0 else None for i in rows["system"].tolist()
            ]
            columns["prompt"] = self.prompts(rng, rows)
        return columns

    def _usage(self, rows: Rows) -> dict[str, list[Any]]:
        toolsets = self._world.toolsets
        temperature = rows["temperature"].tolist()
        return {
            "input_tokens": rows["input"].tolist(),
            "cached_tokens": rows["cached"].tolist(),
            "output_tokens": rows["output"].tolist(),
            "reasoning_tokens": rows["reasoning"].tolist(),
            "max_tokens": [value if value >= 0 else None for value in rows["max_tokens"].tolist()],
            "temperature": [None if isnan(value) else value for value in temperature],
            "n": rows["n"].tolist(),
            "messages": rows["messages"].tolist(),
            "images": rows["images"].tolist(),
            "tools": [toolsets[i] if i >= 0 else None for i in rows["tools"].tolist()],
            "stop_reason": [STOPS[i] for i in rows["stop"].tolist()],
            "status": rows["status"].tolist(),
            "latency_ms": rows["latency"].tolist(),
            "refused": rows["refused"].tolist(),
            "signatures_issued": _signatures(rows["issued"]),
            "signatures_presented": _signatures(rows["presented"]),
        }

    def prompts(self, rng: np.random.Generator, rows: Rows) -> list[str]:
        """The new text of each request: a fixed text or a framed body, a fragment inside."""
        world = self._world
        bodies = world.text.write(
            rng, rows["style"].astype(np.int64), rows["words"] * (rows["fixed"] < 0)
        )
        texts = []
        recipes = zip(
            bodies, rows["fixed"].tolist(), rows["frame"].tolist(), rows["fragment"].tolist(),
            rows["position"].tolist(), strict=True,
        )  # fmt: skip
        for body, fixed, frame, fragment, position in recipes:
            text = body if fixed < 0 else world.fixed[fixed]
            if frame >= 0:
                head, tail = world.frames[frame]
                text = "\n".join(part for part in (head, text, tail) if part)
            if fragment >= 0:
                text = insert(text, world.fragments[fragment], position)
            texts.append(text[:_TEXT_BYTES])
        return texts


def insert(text: str, fragment: str, position: float) -> str:
    """The text with a fragment at the word boundary that lies at the given share of its length."""
    place = text.find(" ", int(len(text) * position)) if position < 1.0 else -1
    if position <= 0.0:
        return f"{fragment} {text}"
    if place < 0:
        return f"{text} {fragment}"
    return f"{text[:place]} {fragment}{text[place:]}"


def stamp(seconds: float) -> str:
    """RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _coded(prefix: str, numbers: Any, salt: int) -> list[str | None]:
    codes = mix(numbers.astype(np.int64), salt).tolist()
    return [
        f"{prefix}_{c:016x}" if n >= 0 else None
        for n, c in zip(numbers.tolist(), codes, strict=True)
    ]


def _optional(numbers: Any, pattern: str) -> list[str | None]:
    return [pattern % number if number >= 0 else None for number in numbers.tolist()]


def _signatures(numbers: Any) -> list[list[str] | None]:
    return [[f"sig_{number:016x}"] if number >= 0 else None for number in numbers.tolist()]
