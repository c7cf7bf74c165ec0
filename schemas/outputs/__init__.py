"""Output formats of alert events, by file: a module of this folder with a table `FORMATS`.

A format is a pure function: an alert event in, the messages that say it out. Most formats give one
message; one with a limit of size gives several, each of which can be read alone, and leaves
nothing out; `stix` gives none when there is nothing to share. No message holds a line break, so
that messages may be written as lines. The table gives the formats of a module by name; a new file
is found without being registered.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import cast

from schemas.alert import AlertEvent

OutputFormat = Callable[[AlertEvent], list[bytes]]
"""The messages of one alert event, in order, without line breaks."""

DEFAULT_FORMAT = "native"


def output_names() -> list[str]:
    """Names of all output formats, sorted."""
    return sorted(_formats())


def output_format(name: str) -> OutputFormat:
    """The output format of that name.

    Raises:
        KeyError: No such format; `output_names` lists them.
    """
    return _formats()[name]


@cache
def _formats() -> Mapping[str, OutputFormat]:
    found: dict[str, OutputFormat] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            loaded = import_module(f"{__name__}.{module.name}")
            found |= cast("dict[str, OutputFormat]", loaded.FORMATS)
    return found
