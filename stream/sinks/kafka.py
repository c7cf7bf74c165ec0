"""Another topic, in another format: `kafka:TOPIC`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from stream.broker.names import TopicNames, is_topic_name
from stream.broker.options import KafkaOptions
from stream.broker.security import kafka_python_arguments
from stream.errors import UsageError
from stream.settings import Settings, load_settings
from stream.sinks import Message, SinkRefused, SinkUnavailable

SCHEMES = ("kafka",)
FORMAT = "native"


class TopicRecord(NamedTuple):
    """What becomes a record."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class TopicSink:
    """Records of a topic, by key; all brokers that must have them do when `send` returns.

    Args:
        options: Where the topic is and how to log in.
        topic: An existing topic.
        seconds: How long a delivery may take.
        most: Most messages that `send` takes.
    """

    def __init__(self, options: KafkaOptions, topic: str, seconds: float, most: int) -> None:
        self.most = most
        self._options = options
        self._topic = topic
        self._milliseconds = round(seconds * 1_000)
        self._producer: Any = None

    def send(self, messages: Sequence[Message]) -> None:
        """Produce messages.

        Raises:
            SinkUnavailable: No broker takes them now, or there is no such topic.
            SinkRefused: One is larger than the topic takes.
        """
        self.produce(TopicRecord(one.key.encode(), one.body, []) for one in messages)

    def produce(self, records: Iterable[TopicRecord]) -> None:
        """Produce records.

        Raises:
            SinkUnavailable, SinkRefused: As `send`.
        """
        try:
            if self._producer is None:
                self._producer = self._connected()
            for delivery in [self._sent(record) for record in records]:
                delivery.get(self._milliseconds / 1_000)
        except MessageSizeTooLargeError as error:
            raise SinkRefused(f"{self._topic}: {error}") from None
        except KafkaError as error:
            # What it still holds is sent again by another: nothing may overtake it.
            self.close()
            text = " ".join(str(error).split())
            raise SinkUnavailable(f"{self._topic}: {text}") from None

    def close(self) -> None:
        """Leave the brokers; what is not delivered by now is not."""
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None

    def _sent(self, record: TopicRecord) -> Any:
        return self._producer.send(
            self._topic, record.value, key=record.key, headers=record.headers
        )

    def _connected(self) -> Any:
        return KafkaProducer(
            **kafka_python_arguments(self._options),
            # The broker's word counts: ours would refuse what the topic takes.
            max_request_size=2**30,
            max_block_ms=self._milliseconds,
            request_timeout_ms=self._milliseconds,
            delivery_timeout_ms=self._milliseconds,
            linger_ms=0,
        )


def open_sink(_scheme: str, address: str, settings: Settings) -> TopicSink:
    """A topic of the same cluster, or of that of `forward.cluster_file`.

    Raises:
        UsageError: This is no topic, or one that Gauger reads or writes itself.
    """
    options, forward = settings.kafka, settings.forward
    if not is_topic_name(address):
        raise UsageError(f"{address!r} is no name of a topic, as in kafka:alerts-ocsf")
    if forward.cluster_file:
        options = load_settings(Path(forward.cluster_file), {}).kafka
    elif address in _taken(options):
        raise UsageError(f"{address} is a topic of Gauger's own: choose another")
    return TopicSink(options, address, forward.timeout_seconds, forward.most_messages)


def _taken(options: KafkaOptions) -> set[str]:
    names = TopicNames.of(options)
    ours = {*names.written, *names.requests, names.facts, names.feedback}
    # The one that is there for a forwarder.
    return ours - {names.responses}
