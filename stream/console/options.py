"""What an operator may choose about the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stream.serving.listening import ListenOptions, listening_faults

Many = Annotated[int, Meta(ge=1_000, le=100_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions(ListenOptions):
    """Where to listen, whom to let in, what to keep. An empty text stands for none.

    Attributes:
        port: Port to listen on; 0: any that is free.
        tokens_file: Names of people, each with the SHA-256 of a token and `viewer` or `analyst`.
        user_header: Header in which a proxy in front of us says who comes.
        analysts: People whom that header may name who decide; all others look on.
        proxies: Addresses from which that header is believed.
        names: Names under which browsers reach us; on loopback its own are always among them,
            elsewhere none stands for any.
        audit_file: Who decided what, when and why, JSON lines.
        most_accounts: Accounts of which the traffic is kept.
        most_cells: Pairs of account and quarter of an hour that are kept.
    """

    port: Annotated[int, Meta(ge=0, le=65_535)] = 8319
    user_header: str = ""
    analysts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    names: tuple[str, ...] = ()
    audit_file: str = "console-audit.jsonl"
    most_accounts: Many = 500_000
    most_cells: Many = 16_000_000


def faults(options: ConsoleOptions) -> Iterator[str]:
    """Why nobody may listen with these options, each as `section.key: what`."""
    yield from listening_faults(options, "console", ("tokens_file", "user_header"))
    if options.analysts and not options.user_header:
        yield "console.analysts: are named by user_header, which is not set"
    if not options.audit_file:
        yield "console.audit_file: decisions are always written down"
