"""What an operator may choose about receiving over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stream.serving.listening import ListenOptions, listening_faults

Bytes = Annotated[int, Meta(ge=1_024, le=2**31)]
Seconds = Annotated[float, Meta(ge=0.1, le=600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveOptions(ListenOptions):
    """Where to listen, whom to let in, how much to take. An empty text stands for none.

    Attributes:
        port: Port to listen on; 0: any that is free.
        sketch: Write sketches in the place of texts.
        most_body_bytes: Largest body, as it is sent.
        most_unpacked_bytes: Largest body, decompressed.
        most_held_bytes: Bytes of bodies that may wait for Kafka at once.
        body_seconds: How long a client may take to send.
        delivery_seconds: How long Kafka may take to acknowledge.
    """

    port: Annotated[int, Meta(ge=0, le=65_535)] = 8318
    sketch: bool = False
    most_body_bytes: Bytes = 8 * 2**20
    most_unpacked_bytes: Bytes = 32 * 2**20
    most_held_bytes: Bytes = 128 * 2**20
    body_seconds: Seconds = 30.0
    delivery_seconds: Seconds = 10.0


def faults(options: ReceiveOptions, topic_format: str) -> Iterator[str]:
    """Why nobody may listen with these options, each as `section.key: what`.

    Args:
        options: Options whose single values are legal.
        topic_format: The format in which workers read the request topic.
    """
    yield from listening_faults(options, "receive")
    if options.most_held_bytes < options.most_unpacked_bytes:
        yield "receive.most_held_bytes: is less than most_unpacked_bytes"
    if options.sketch and topic_format not in {"native", "auto"}:
        text = f"sketches are native events, and kafka.input_format is {topic_format}"
        yield f"receive.sketch: {text}"
