"""Facts or feedback as ingest reads them, from the records of one topic partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import ConsumerRecord

from models.head.verdicts import verdict_of
from models.requests.ingestion import BatchBuilder
from models.sources.facts_partition import Fact, FactsPartition
from models.sources.feedback_partition import FeedbackPartition, PlacedVerdict
from models.wire.protocol import Sent, ToSources
from schemas.codec import decode_facts
from schemas.errors import InvalidRecord
from stream.worker.readers import Read, Refused


class ToldSource(Protocol):
    """A source of facts or of feedback behind a log."""

    position: int

    def read(self, several: Any, last: int) -> Sent:
        """Pass records on; `last` is the position of the last one read."""

    def tell(self) -> Sent:
        """All that was there at the start has been read."""

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""

    def load(self, state: dict[str, Any]) -> None:
        """Take what `dump` gave."""


class ToldReader:
    """What is told of accounts or findings, beside the traffic; it holds nobody back.

    Args:
        source: What passes it on.
        decode: Makes of an offset and a record what the source takes.
    """

    def __init__(self, source: ToldSource, decode: Callable[[int, bytes], Any]) -> None:
        self._source = source
        self._decode = decode

    @property
    def next_offset(self) -> int:
        """The offset to read next; 0 before the first."""
        return self._source.position + 1

    @property
    def watermark(self) -> int | None:
        """It has no event time of its own."""
        return None

    @property
    def fill(self) -> Mapping[str, float]:
        """Its records are no requests."""
        return {}

    @property
    def held(self) -> bool:
        """It is read whenever it comes."""
        return False

    @property
    def resting(self) -> bool:
        """It needs no admission."""
        return False

    def join(self) -> Sent:
        """It holds nobody back: there is nothing to say."""
        return Sent()

    def hear(self, message: ToSources) -> None:
        """Of no concern."""

    def rejoin(self) -> Sent:
        """Of no concern."""
        return Sent()

    def read(self, records: Sequence[ConsumerRecord]) -> Read:
        """Take consecutive records."""
        several: list[Any] = []
        refused: list[Refused] = []
        for record in records:
            try:
                several.append(self._decode(record.offset, record.value or b""))
            except InvalidRecord as error:
                refused.append(Refused(record.offset, record.value or b"", error))
        sent = self._source.read(several, records[-1].offset)
        return Read(sent, refused, len(records), len(refused))

    def tell(self, *, at_end: bool) -> Sent:
        """Bring everyone up to date; before the end of what was there, epochs wait."""
        return self._source.tell()

    def dump(self) -> dict[str, Any]:
        """The standing."""
        return self._source.dump()

    def load(self, state: dict[str, Any]) -> None:
        """Take a standing that `dump` gave."""
        self._source.load(state)


def facts_reader(name: str, partitions: int, builder: BatchBuilder) -> ToldReader:
    """A reader of facts for so many account partitions; keys are made by the builder."""

    def fact(offset: int, line: bytes) -> Fact:
        record = decode_facts(line)
        account = builder.account_key(record.account)
        return offset, account, round(float(record.time) * 1e6), builder.fact_values(record)

    return ToldReader(FactsPartition(name, partitions), fact)


def feedback_reader(name: str) -> ToldReader:
    """A reader of verdicts."""

    def verdict(offset: int, line: bytes) -> PlacedVerdict:
        return offset, *verdict_of(line)

    return ToldReader(FeedbackPartition(name), verdict)
