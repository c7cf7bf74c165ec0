"""Paths into a record: dotted keys of flat objects and members of nested ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FieldPaths = Mapping[str, Sequence[str]]
"""For a field of the request event the paths in which it may stand, the first that holds counts."""

FormatPaths = Mapping[str, FieldPaths]
"""The operator's paths, by input format."""

MOST_PARTS = 12
"""Most parts of a path: each way to cut it is tried."""


def find(record: object, path: str) -> Any:
    """What stands at a path; None where nothing does.

    >>> find({"a.b": {"c": 1}}, "a.b.c"), find({"a": {"b.c": 2}}, "a.b.c"), find({"a": [3]}, "a.0")
    (1, 2, 3)
    """
    if isinstance(record, list):
        head, _, tail = path.partition(".")
        if not head.isdecimal() or len(head) > 4 or int(head) >= len(record):
            return None
        member = record[int(head)]
        return find(member, tail) if tail else member
    if not isinstance(record, dict):
        return None
    found = record.get(path)
    cut = path.find(".")
    while found is None and cut > 0:
        inner = record.get(path[:cut])
        if inner is not None:
            found = find(inner, path[cut + 1 :])
        cut = path.find(".", cut + 1)
    return found


def heads(path: str) -> list[str]:
    """The members of a record at which a path may begin.

    >>> heads("a.b.c")
    ['a', 'a.b', 'a.b.c']
    """
    parts = path.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def find_first(record: object, paths: Sequence[str]) -> Any:
    """What stands at the first of the paths that holds something; an empty text is nothing."""
    for path in paths:
        found = find(record, path)
        if found is not None and found != "":
            return found
    return None
