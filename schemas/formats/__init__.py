"""Input formats, one file each: a module of this folder with a function `decode`.

`decode(lines, paths)` takes a block of raw lines, and the operator's paths by format, and gives
request events, the line of each, and the refusals; it raises nothing for whatever is in the lines.
A line may hold several events. The module's name is the format's name; a new file is found without
being registered.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import cast

from schemas.codec import DecodedRequests
from schemas.reading.paths import FormatPaths

InputFormat = Callable[[list[bytes]], DecodedRequests]

DEFAULT_FORMAT = "native"


def format_names() -> list[str]:
    """Names of all input formats, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def input_format(name: str, paths: FormatPaths | None = None) -> InputFormat:
    """The decoder of the input format of that name.

    Args:
        name: The format.
        paths: Where fields stand that the formats cannot know, by format and field.

    Raises:
        KeyError: No such format; `format_names` lists them.
    """
    if name not in format_names():
        raise KeyError(name)
    decode = import_module(f"{__name__}.{name}").decode
    return cast("InputFormat", partial(decode, paths=paths or {}))
