from __future__ import annotations

import pytest

from models.signals import SIGNALS
from schemas.product import VERSION
from schemas.taxonomy import KNOWN_TECHNIQUES, tactics_of, technique
from tests.test_repository import ROOT


@pytest.mark.parametrize("name", SIGNALS)
def test_every_technique_of_a_signal_has_a_name_and_a_tactic(name: str) -> None:
    for identity in SIGNALS[name].techniques:
        assert identity in KNOWN_TECHNIQUES
        assert technique(identity).tactics


@pytest.mark.parametrize("identity", KNOWN_TECHNIQUES)
def test_a_sub_technique_serves_the_tactics_of_its_parent(identity: str) -> None:
    found = technique(identity)
    if found.parent is not None:
        assert technique(found.parent).tactics == found.tactics


def test_an_unknown_technique_keeps_its_id_for_a_name() -> None:
    found = technique("AML.T9999.001")
    assert (found.name, found.tactics, found.parent) == ("AML.T9999.001", (), "AML.T9999")


def test_each_tactic_is_told_once() -> None:
    assert [tactic.id for tactic in tactics_of(["AML.T0024", "AML.T0056"])] == ["AML.TA0010"]


def test_the_version_that_formats_tell_is_that_of_the_distribution() -> None:
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text("utf-8")
