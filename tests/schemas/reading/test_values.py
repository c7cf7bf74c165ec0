from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import parameters, paths, values
from schemas.reading.paths import find, find_first
from schemas.reading.values import address, digest, is_redacted, located, number, unix_time


@pytest.mark.parametrize("module", [parameters, paths, values])
def test_what_the_docstrings_show_holds(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@given(
    seconds=st.integers(10**9, 4 * 10**9),
    unit=st.sampled_from([1, 10**3, 10**6, 10**9]),
    as_text=st.booleans(),
)
def test_a_time_is_read_in_any_unit_as_number_and_as_text(
    seconds: int, unit: int, *, as_text: bool
) -> None:
    written = seconds * unit
    assert unix_time(str(written) if as_text else written) == seconds


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-18T10:26:40.7190000Z", "2026-11-18T10:26:40.7190000Z"),
        ("2026-11-18 10:26:40.719", "2026-11-18T10:26:40.719Z"),
        ("2026-11-18T10:26:40+01:00", "2026-11-18T10:26:40+01:00"),
        ("1795000000.719", 1_795_000_000.719),
        (True, None),
        ("", None),
        ([], None),
    ],
)
def test_a_time_is_read_as_text(written: object, read: object) -> None:
    assert unix_time(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:40112", "198.51.100.7"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        ("81.2.69.***", "81.2.69.0/24"),
        ("81.2.69.xxx", "81.2.69.0/24"),
        ("81.2.***.***", None),
        ("/var/run/socket", None),
        ("", None),
        (7, None),
    ],
)
def test_an_address_is_what_is_known_of_it(written: object, read: str | None) -> None:
    assert address(written) == read


@pytest.mark.parametrize(
    ("text", "public"),
    [("10.0.0.1", False), ("172.20.1.1", False), ("fd00::1", False), ("198.51.100.7", True)],
)
def test_addresses_of_the_operators_own_network_are_told(text: str, *, public: bool) -> None:
    assert located(text)[1] is public


@pytest.mark.parametrize(
    "text",
    ["redacted-by-litellm", "[REDACTED]", "__REDACTED__", "<redacted>", "Content redacted", "***"],
)
def test_a_marker_is_no_text(text: str) -> None:
    assert is_redacted(text)


@pytest.mark.parametrize(
    "text", ["Why is my text redacted?", "hidden Markov models", "REDACTED " * 20]
)
def test_a_text_is_no_marker(text: str) -> None:
    assert not is_redacted(text)


@pytest.mark.parametrize(
    ("value", "read"), [("1e400", None), ("nan", None), ("0.5", 0.5), ("", None)]
)
def test_only_finite_numbers_are_numbers(value: object, read: float | None) -> None:
    assert number(value) == read


def test_a_redacted_signature_has_no_name() -> None:
    assert digest("[REDACTED]") is digest("") is digest(7) is None
    assert digest("EqQBCgIYAhIk") != digest("EqQBCgIYAhIl")


@given(st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=6), st.data())
def test_a_path_is_found_however_its_parts_are_joined(
    parts: list[str], data: st.DataObject
) -> None:
    record: object = "found"
    rest = list(parts)
    while rest:
        joined = data.draw(st.integers(1, len(rest)))
        record = {".".join(rest[-joined:]): record}
        rest = rest[:-joined]
    assert find(record, ".".join(parts)) == "found"


def test_the_first_path_that_holds_something_counts() -> None:
    record = {"a": "", "b": None, "c.d": {"e": [{"f": 3}]}}
    assert find_first(record, ["a", "b", "x.y", "c.d.e.0.f"]) == 3
    assert find_first(record, ["a", "c.d.e.7"]) is None
