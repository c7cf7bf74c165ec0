"""What is said of fields that vanish from a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.requests.field_watch import FieldChange, FieldWatch
from schemas.request import RequestEvent


def events(count: int, **fields: Any) -> list[RequestEvent]:
    return [RequestEvent(str(row), 1.7e9 + row, "a", **fields) for row in range(count)]


def said(
    watch: FieldWatch, stream: Sequence[RequestEvent], size: int = 100
) -> list[tuple[int, FieldChange]]:
    """What is said, with the number of the sample that brought it."""
    return [
        (number, change)
        for number, first in enumerate(range(0, len(stream), size))
        for change in watch.note(stream[first : first + size])
    ]


def test_nothing_is_said_of_a_steady_stream() -> None:
    mixed = [one for _ in range(3_000) for one in (*events(1, ip="192.0.2.1"), *events(2))]
    assert said(FieldWatch(), mixed) == []


def test_a_field_that_vanishes_is_told_once_with_what_cannot_be_seen() -> None:
    watch = FieldWatch()
    assert said(watch, events(6_000, ip="192.0.2.1", prompt="a")) == []
    [(number, change)] = said(watch, events(6_000, prompt="a"))
    assert 15 < number < 30
    assert (change.field, change.returned) == ("ip", False)
    assert change.blind == ("shared networks", "breadth of an account")
    assert change.share < 0.25 * change.usual


def test_a_field_that_comes_back_is_told_with_what_is_seen_again() -> None:
    watch = FieldWatch()
    said(watch, events(6_000, ip="192.0.2.1"))
    said(watch, events(60_000))
    [(number, change)] = said(watch, events(6_000, ip="192.0.2.1"))
    assert number < 15
    assert (change.field, change.returned) == ("ip", True)
    assert change.blind == ("shared networks", "breadth of an account")
    [(_, again)] = said(watch, events(6_000))
    assert (again.field, again.returned) == ("ip", False)


def test_sight_that_another_field_gives_is_not_lost() -> None:
    watch = FieldWatch()
    said(watch, events(6_000, ip="192.0.2.1", asn=64_500))
    [(_, change)] = said(watch, events(6_000, asn=64_500))
    assert (change.field, change.blind) == ("ip", ("breadth of an account",))
    [(_, change)] = said(watch, events(6_000))
    assert (change.field, change.blind) == ("asn", ("shared networks",))


def test_a_rare_field_may_go() -> None:
    watch = FieldWatch()
    rare = [one for _ in range(2_000) for one in (*events(1, plan="pro"), *events(5))]
    assert said(watch, rare) == []
    assert said(watch, events(20_000)) == []


def test_a_young_stream_is_not_judged() -> None:
    watch = FieldWatch()
    assert said(watch, [*events(300, ip="192.0.2.1"), *events(1_600)]) == []


def test_it_matters_little_how_a_stream_is_cut() -> None:
    stream = [*events(6_000, ip="192.0.2.1"), *events(6_000)]
    fine, coarse = (said(FieldWatch(), stream, size) for size in (10, 200))
    assert [change.field for _, change in fine] == [change.field for _, change in coarse] == ["ip"]
    assert abs(fine[0][0] * 10 - coarse[0][0] * 200) <= 200
