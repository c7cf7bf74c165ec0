"""What an operator may choose about forwarding: where alerts go, how, and how patiently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from msgspec import Meta

from stream.broker.options import SECRET, secret_of

HttpBody = Literal["single", "lines", "array"]
"""A request an alert; or several in a request, as lines or as a JSON array."""

Begin = Literal["oldest", "next"]

Seconds = Annotated[float, Meta(ge=0.01, le=3_600)]

_NEEDING_CERTIFICATE = ("key_file", "key_password", "key_password_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardOptions:
    """How alerts travel to a sink. An empty text stands for none.

    Attributes:
        to: The sink, where it is not given on the command line: an address may be a secret.
        to_file: A file with it, instead of `to`.
        format: How alerts are written; none: as the sink has it by custom.
        begin: Where a new group starts: with the oldest alert, or with the next.
        dead_letters: File for alerts that the sink refuses; none: the topic of dead letters.
        token: What logs us in over HTTP.
        token_file: A file with it, instead of `token`.
        token_scheme: The word before the token: `Bearer`, `ApiKey`; Splunk has its own.
        body: How many alerts a plain HTTP request holds.
        content_type: What such a request says it holds.
        ca_file: Certificate authorities to trust (PEM); none: those of the system.
        certificate_file: Our own certificate (PEM), where a sink asks for one.
        key_file: Its key (PEM), unless it is in the same file.
        key_password: The password of the key.
        key_password_file: A file with it, instead of `key_password`.
        check_hostname: Whether a sink's certificate must be for the host that was called.
        cluster_file: Settings whose `[kafka]` is where `kafka:` writes; none: these settings.
        most_messages: Most messages that are sent at once.
        timeout_seconds: How long a sink may take to answer.
        first_wait_seconds: How long to wait after the first failure; doubled by each further one.
        longest_wait_seconds: Longest wait between two attempts.
        attempts: How often a message that the sink refuses is tried.
        most_refused: More messages than this refused in a row end the run: the format is wrong,
            not the messages.
        response_days: Days after which a response expires; 0: never.
    """

    to: str = field(default="", repr=False, metadata=SECRET)
    to_file: str = ""
    format: str = ""
    begin: Begin = "oldest"
    dead_letters: str = ""
    token: str = field(default="", repr=False, metadata=SECRET)
    token_file: str = ""
    token_scheme: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$")] = "Bearer"  # noqa: S105
    body: HttpBody = "single"
    content_type: Annotated[str, Meta(pattern=r"^[\x21-\x7e]+/[\x20-\x7e]+$")] = "application/json"
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    key_password: str = field(default="", repr=False, metadata=SECRET)
    key_password_file: str = ""
    check_hostname: bool = True
    cluster_file: str = ""
    most_messages: Annotated[int, Meta(ge=1, le=10_000)] = 100
    timeout_seconds: Seconds = 30.0
    first_wait_seconds: Seconds = 1.0
    longest_wait_seconds: Seconds = 60.0
    attempts: Annotated[int, Meta(ge=1, le=100)] = 3
    most_refused: Annotated[int, Meta(ge=1)] = 20
    response_days: Annotated[float, Meta(ge=0, le=3_650)] = 0.0

    @property
    def encrypted(self) -> bool:
        """TLS is chosen by the sink's address; what is said of it here holds whenever it is."""
        return True


def with_forward_secrets(options: ForwardOptions, problems: list[str]) -> ForwardOptions:
    """The options with the secrets that files hold; what is wrong is appended to `problems`."""
    return replace(
        options,
        to=secret_of(options, "to", problems),
        token=secret_of(options, "token", problems),
        key_password=secret_of(options, "key_password", problems),
    )


def forward_contradictions(options: ForwardOptions) -> Iterator[str]:
    """What does not go together, each as `key: what`."""
    if not all("!" <= character <= "~" for character in options.token):
        yield "token: holds what no HTTP header takes (a space, a line break, a letter not ASCII)"
    for key in _NEEDING_CERTIFICATE:
        if getattr(options, key) and not options.certificate_file:
            yield f"{key}: is needed for a certificate_file alone"
    if options.longest_wait_seconds < options.first_wait_seconds:
        yield "longest_wait_seconds: is less than first_wait_seconds"
