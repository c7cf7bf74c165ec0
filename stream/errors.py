"""Errors of the shell, by what they mean for whoever started the program."""

from __future__ import annotations


class UsageError(Exception):
    """The program was asked for something that cannot be done: exit status 2."""


class RecordingError(UsageError):
    """A recording or another input file that cannot be opened; the message names it."""


class FailedRun(Exception):
    """The work was done as far as possible, or not at all: exit status 1."""
