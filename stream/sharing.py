"""What operators share: the key of their community, and the alert format that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.indicators import CommunityKey
from schemas.outputs import OutputFormat, output_format, output_names
from schemas.outputs.stix import digests
from stream.errors import UsageError
from stream.keys import read_key

INDICATOR_FORMAT = "stix"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingOptions:
    """How indicators are shared.

    Attributes:
        key_file: The key that a community of operators shares; empty: values are shared in clear.
    """

    key_file: str = ""


def read_community_key(options: SharingOptions) -> CommunityKey | None:
    """The community's key, if there is one.

    Raises:
        ValueError: The file cannot be read, is too short or too long.
    """
    if not options.key_file:
        return None
    key = read_key(Path(options.key_file))
    return CommunityKey(key.secret, key.id)


def alert_format(name: str, key: CommunityKey | None = None) -> OutputFormat:
    """The alert format of that name; indicators are digests where there is a community's key.

    Raises:
        UsageError: No such format.
    """
    if name not in output_names():
        raise UsageError(f"unknown alert format {name}; known: {', '.join(output_names())}")
    return digests(key) if key and name == INDICATOR_FORMAT else output_format(name)
