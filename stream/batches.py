"""From lines to batches, in any input format: the way that replay and ingest share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Self

from models.requests.batch import EventBatch
from models.requests.ingestion import BatchBuilder
from models.requests.line_reader import LineBlock, LineReader
from schemas.errors import InvalidRecord
from schemas.formats import DEFAULT_FORMAT, InputFormat, input_format
from schemas.request import RequestEvent
from stream.enrichment import Enricher
from stream.settings import Settings


def builder_of(settings: Settings) -> BatchBuilder:
    """What makes batches under the operator's keys."""
    return BatchBuilder(settings.key.secret, settings.texts.secrets)


class Made(NamedTuple):
    """What came of some lines.

    Attributes:
        batch: The requests, None where there are none.
        rows: For each request the number of its line, ascending.
        records: For each request its record, for whoever refuses it later.
        rejects: Number of the line of each refusal, and why.
        unknown_fields: How many requests carried each field that the contract does not know.
        requests: How many requests there were, refused ones included.
    """

    batch: EventBatch | None
    rows: Sequence[int]
    records: Sequence[bytes]
    rejects: Sequence[tuple[int, InvalidRecord]]
    unknown_fields: dict[str, int]
    requests: int


class Batches:
    """Makes batches of lines; not for several threads at once.

    Args:
        decode: The input format.
        builder: Makes batches under the operator's key.
        enricher: Fills network facts that requests lack.
        native: Whether the format is Gauger's own, which is read without events in between where
            nothing is to be filled in.
    """

    def __init__(
        self,
        decode: InputFormat,
        builder: BatchBuilder,
        enricher: Enricher,
        *,
        native: bool = False,
    ) -> None:
        self._decode = decode
        self._builder = builder
        self._enricher = enricher
        self._reader = LineReader(builder) if native and not enricher.fills else None

    @classmethod
    def of(cls, form: str, settings: Settings, builder: BatchBuilder) -> Self:
        """For the input format of that name, as the operator has set it up."""
        decode = input_format(form, settings.formats)
        enricher = Enricher(settings.enrichment)
        return cls(decode, builder, enricher, native=form == DEFAULT_FORMAT)

    def make(self, lines: LineBlock) -> Made:
        """The batch of these lines."""
        if self._reader is not None:
            read = self._reader.read(lines)
            requests = len(read.rows) + len(read.rejects)
            records = lines.of_rows(read.rows) if read.rejects else lines
            return Made(read.batch, read.rows, records, read.rejects, read.unknown_fields, requests)
        whole = list(lines)
        decoded = self._decode(whole)
        self._enricher.enrich(decoded.events)
        batch = self._builder.build(decoded.events) if decoded.events else None
        return Made(
            batch,
            decoded.rows,
            decoded.records(whole),
            decoded.rejects,
            decoded.unknown_fields,
            decoded.requests,
        )

    def events(self, lines: LineBlock) -> list[RequestEvent]:
        """The requests of a few lines one by one."""
        events = self._decode(list(lines)).events
        self._enricher.enrich(events)
        return events

    def take_dropped_sketches(self) -> Counter[str]:
        """Sketches from the edge that could not be used since the last call, by reason."""
        return self._builder.take_dropped_sketches()
