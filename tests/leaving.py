"""Tests that need what not every machine has are left out loudly, or fail where none may be."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def leave_out(reason: str) -> NoReturn:
    """Leave the test out; under `GAUGER_NOTHING_LEFT_OUT` fail it."""
    if os.environ.get("GAUGER_NOTHING_LEFT_OUT") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
