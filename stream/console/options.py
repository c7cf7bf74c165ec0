"""What an operator may choose about the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stream.serving.listening import exposures

Many = Annotated[int, Meta(ge=1_000, le=100_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """Where to listen, whom to let in, what to keep. An empty text stands for none.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0: any that is free.
        tokens_file: Names of people, each with the SHA-256 of a token and `viewer` or `analyst`.
        user_header: Header in which a proxy in front of us says who comes.
        analysts: People whom that header may name who decide; all others look on.
        proxies: Addresses from which that header is believed.
        names: Names under which browsers reach us; on loopback its own are always among them,
            elsewhere none stands for any.
        certificate_file: Our certificate (PEM); with it connections use TLS.
        key_file: Its key (PEM), unless it is in the same file.
        plain: Listen beyond loopback without TLS: something in front of us ends it.
        audit_file: Who decided what, when and why, JSON lines.
        most_accounts: Accounts of which the traffic is kept.
        most_cells: Pairs of account and quarter of an hour that are kept.
    """

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8319
    tokens_file: str = ""
    user_header: str = ""
    analysts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    names: tuple[str, ...] = ()
    certificate_file: str = ""
    key_file: str = ""
    plain: bool = False
    audit_file: str = "console-audit.jsonl"
    most_accounts: Many = 500_000
    most_cells: Many = 16_000_000


def faults(options: ConsoleOptions) -> Iterator[str]:
    """Why nobody may listen with these options, each as `section.key: what`."""
    guarded = bool(options.tokens_file or options.user_header)
    guard = "tokens_file or user_header"
    yield from exposures("console", options, guarded=guarded, guard=guard)
    if options.key_file and not options.certificate_file:
        yield "console.key_file: has no use without certificate_file"
    if options.analysts and not options.user_header:
        yield "console.analysts: are named by user_header, which is not set"
    if not options.audit_file:
        yield "console.audit_file: decisions are always written down"
