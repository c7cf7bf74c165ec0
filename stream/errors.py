"""Errors of the shell, by what they mean for whoever started the program."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UsageError(Exception):
    """The program was asked for something that cannot be done: exit status 2."""


class RecordingError(UsageError):
    """A recording or another input file that cannot be opened; the message names it."""


class FailedRun(Exception):
    """The work was done as far as possible, or not at all: exit status 1."""


def meant(name: str, known: Iterable[str]) -> str:
    """A guess at what was meant by an unknown name, to be appended to what says so.

    >>> meant("bootstrap_server", ["bootstrap_servers", "prefix"])
    ': did you mean bootstrap_servers?'
    """
    close = get_close_matches(name, known, n=1)
    return f": did you mean {close[0]}?" if close else ""
