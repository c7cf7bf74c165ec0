"""Where alerts are sent, one file each: a module of this folder with three names.

- `SCHEMES`: what an address may begin with, as in `file:alerts.jsonl`;
- `FORMAT`: the alert format that is usual there, a name of `schemas.outputs`;
- `open_sink(scheme, address, settings)`: a `Sink`; `address` is what follows the scheme's colon.
  It raises `UsageError` for an address that cannot be one, and connects to nothing yet.

A new file is found without being registered. The forwarder does everything else: it waits and
tries again, puts refused messages aside, and says to Kafka what has arrived.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from stream.errors import UsageError

if TYPE_CHECKING:
    from stream.settings import Settings


class Message(NamedTuple):
    """One message.

    Attributes:
        key: What it is about; messages of one key stay in order.
        body: The message in its format, without a line break at its end.
    """

    key: str
    body: bytes


class SinkUnavailable(Exception):
    """The sink cannot take anything now: all that was sent will be sent again.

    Args:
        reason: Why, for a person; never with a secret.
        retry_after: Seconds that the sink asks us to wait.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class SinkRefused(Exception):
    """The sink does not take these messages, now or later; of several, one may be at fault.

    Args:
        reason: Why, for a person; never with a secret.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sink(Protocol):
    """Where messages are sent."""

    @property
    def most(self) -> int:
        """Most messages that `send` takes at once."""

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages in their order; returns once the sink has them.

        It may be called again after any error, with the same messages.

        Raises:
            SinkUnavailable: Try again later.
            SinkRefused: Trying again is of no use.
        """

    def close(self) -> None:
        """Let go of files and connections."""


def schemes() -> list[str]:
    """What an address may begin with, sorted."""
    return sorted(scheme for module in _modules() for scheme in module.SCHEMES)


def usual_format(to: str) -> str:
    """The alert format that is usual for a sink.

    Raises:
        UsageError: There is no such sink.
    """
    return cast("str", _module(scheme_of(to)).FORMAT)


def open_sink(to: str, settings: Settings) -> Sink:
    """The sink of an address.

    Raises:
        UsageError: There is no such sink, or this cannot be its address.
    """
    scheme, _, address = to.partition(":")
    return cast("Sink", _module(scheme_of(to)).open_sink(scheme, address, settings))


def scheme_of(to: str) -> str:
    """What an address begins with; `-` is its own."""
    return to.partition(":")[0]


def shown(to: str) -> str:
    """An address as it may be shown: paths of web addresses are often secret."""
    scheme, slashes, rest = to.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest)[0]}" if slashes and scheme != "file" else to


def group_name(application: str, to: str) -> str:
    """A consumer group for a sink: the same for the same address, another for another."""
    place = "".join(one if one.isalnum() and one.isascii() else "-" for one in shown(to))
    digest = blake2b(to.encode(), digest_size=4, person=b"gauger").hexdigest()
    return f"{application[:100]}-forward-{place[:100]}-{digest}"


def _modules() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            yield import_module(f"{__name__}.{module.name}")


def _module(scheme: str) -> ModuleType:
    for module in _modules():
        if scheme in module.SCHEMES:
            return module
    raise UsageError(f"there is no sink {scheme!r}; an address begins with {', '.join(schemes())}")
