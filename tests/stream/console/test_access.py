from __future__ import annotations

import pytest

from stream.console.access import Access, Person
from stream.console.options import ConsoleOptions, faults
from tests.stream.console.desk import PROXY, token_of, tokens

HOME = "127.0.0.1"


def test_a_token_opens_a_session_that_ends() -> None:
    access = Access(tokens(), None)
    session = access.sign_in(token_of("ada"), 100.0)
    assert session is not None
    assert access.person(session, {}, HOME, 101.0) == Person("ada", "analyst", session)
    assert access.person(session, {}, HOME, 100.0 + 12 * 3_600) is None
    other = access.sign_in(token_of("bo"), 100.0)
    assert other not in {None, session}
    access.sign_out(session)
    assert access.person(session, {}, HOME, 101.0) is None
    assert access.person(other, {}, HOME, 101.0) == Person("bo", "viewer", other or "")


@pytest.mark.parametrize("token", ["", "ada", token_of("eve"), token_of("ada") + "x"])
def test_nobody_else_comes_in(token: str) -> None:
    access = Access(tokens(), None)
    assert access.sign_in(token, 0.0) is None
    assert access.person(token, {"X-Forwarded-User": "cleo"}, HOME, 0.0) is None
    assert access.person(None, {}, HOME, 0.0) is None


def test_sessions_are_bounded() -> None:
    access = Access(tokens(), None)
    first = access.sign_in(token_of("ada"), 0.0)
    for _ in range(1_000):
        latest = access.sign_in(token_of("bo"), 0.0)
    assert access.person(first, {}, HOME, 1.0) is None
    assert access.person(latest, {}, HOME, 1.0) is not None


@pytest.mark.parametrize(
    ("name", "address", "role"),
    [
        ("cleo", HOME, "analyst"),
        ("dan", HOME, "viewer"),
        ("cleo", "192.0.2.9", None),
        ("cleo", None, None),
        ("", HOME, None),
        ("x" * 201, HOME, None),
    ],
)
def test_a_proxy_is_believed_where_it_stands(
    name: str, address: str | None, role: str | None
) -> None:
    access = Access(None, PROXY)
    person = access.person(None, {"X-Forwarded-User": name}, address, 0.0)
    assert (person.role if person else None) == role
    assert access.sign_in(token_of("ada"), 0.0) is None


def test_a_proof_is_good_for_one_person_and_our_own_page() -> None:
    access = Access(tokens(), PROXY)
    ada, cleo = Person("ada", "analyst", "s1"), Person("cleo", "analyst", "proxy:cleo")
    proof = {"X-Gauger-Proof": access.proof(ada)}
    assert access.is_meant(ada, proof)
    assert access.is_meant(ada, {**proof, "Sec-Fetch-Site": "same-origin"})
    assert not access.is_meant(cleo, proof)
    assert not access.is_meant(ada, {})
    assert not access.is_meant(ada, {"X-Gauger-Proof": "ä"})
    for site in ("cross-site", "same-site", "none"):
        assert not access.is_meant(ada, {**proof, "Sec-Fetch-Site": site})
    assert not Access(tokens(), PROXY).is_meant(ada, proof)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, []),
        ({"host": "::1"}, []),
        ({"host": "0.0.0.0", "plain": True, "tokens_file": "t"}, []),
        ({"host": "0.0.0.0", "certificate_file": "c", "user_header": "X-User"}, []),
        ({"host": "0.0.0.0", "plain": True}, ["set tokens_file or user_header"]),
        ({"host": "0.0.0.0", "tokens_file": "t"}, ["needs certificate_file"]),
        ({"key_file": "k"}, ["console.key_file"]),
        ({"analysts": ("ada",)}, ["console.analysts"]),
        ({"audit_file": ""}, ["console.audit_file"]),
    ],
)
def test_nobody_listens_beyond_loopback_without_knowing_who_comes(
    chosen: dict[str, object], told: list[str]
) -> None:
    found = list(faults(ConsoleOptions(**chosen)))  # type: ignore[arg-type]
    assert len(found) == len(told)
    assert all(word in problem for word, problem in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8319", True),
        ("LOCALHOST", True),
        ("[::1]:8319", True),
        ("[::1]", True),
        ("evil.example:8319", False),
        ("", False),
    ],
)
def test_only_our_own_names_lead_to_us(host: str, *, ours: bool) -> None:
    names = frozenset({"127.0.0.1", "localhost", "[::1]"})
    assert Access(None, None, names).is_ours(host) is ours
    assert Access(None, None).is_ours(host)
