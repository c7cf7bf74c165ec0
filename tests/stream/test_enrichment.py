from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from models.options import EpochOptions
from models.requests.ingestion import BatchBuilder
from schemas.codec import decode_request, decode_requests
from schemas.request import RequestEvent
from stream.batches import Batches
from stream.doctor.installation import diagnose
from stream.enrichment import Enricher, EnrichmentOptions
from stream.errors import FailedRun, UsageError
from stream.replay.local import LocalRun
from stream.settings import Settings
from stream.worker.readers import RequestReader

MAXMIND_ASN = {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example"}
MAXMIND_COUNTRY = {"country": {"iso_code": "CH", "names": {"en": "Switzerland"}}}
NETWORK = "192.0.2.0/25"


def database(path: Path, records: dict[str, dict[str, Any]], version: int = 6) -> str:
    """A database of these networks."""
    writer = MMDBWriter(version, ipv4_compatible=version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture
def options(tmp_path: Path) -> EnrichmentOptions:
    return EnrichmentOptions(
        asn=database(tmp_path / "asn.mmdb", {NETWORK: MAXMIND_ASN, "2001:db8::/32": MAXMIND_ASN}),
        country=database(tmp_path / "country.mmdb", {NETWORK: MAXMIND_COUNTRY}),
    )


def line(ip: str | None, number: int = 1, **more: object) -> bytes:
    return orjson.dumps({"id": f"r{number}", "time": 1e9, "account": "a", "ip": ip, **more})


def enriched(options: EnrichmentOptions, one: bytes) -> RequestEvent:
    event = decode_request(one)
    Enricher(options).enrich([event])
    return event


@pytest.mark.parametrize(
    ("ip", "asn", "country"),
    [
        ("192.0.2.7", 64_500, "CH"),
        ("::ffff:192.0.2.7", 64_500, "CH"),
        ("2001:db8::7", 64_500, None),
        ("192.0.2.200", None, None),
        ("192.0.2.***", None, None),
        ("192.0.2.7:443", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_facts_of_an_address_are_filled(
    options: EnrichmentOptions, ip: str | None, asn: int | None, country: str | None
) -> None:
    event = enriched(options, line(ip))
    assert (event.asn, event.country) == (asn, country)


def test_what_a_request_says_itself_stays(options: EnrichmentOptions) -> None:
    event = enriched(options, line("192.0.2.7", asn=0, country="XX"))
    assert (event.asn, event.country) == (0, "XX")
    event = enriched(replace(options, country=""), line("192.0.2.7"))
    assert (event.asn, event.country) == (64_500, None)


def test_a_database_of_version_four_knows_nothing_of_six(tmp_path: Path) -> None:
    four = database(tmp_path / "four.mmdb", {NETWORK: MAXMIND_ASN}, version=4)
    options = EnrichmentOptions(asn=four)
    assert enriched(options, line("192.0.2.7")).asn == 64_500
    assert enriched(options, line("2001:db8::7")).asn is None


@pytest.mark.parametrize(
    ("record", "asn", "country"),
    [
        ({"asn": "AS64501", "country": "Japan", "country_code": "JP"}, 64_501, "JP"),
        ({"asn": "AS64501", "country": "JP"}, 64_501, "JP"),
        ({"asn": 64_501}, 64_501, None),
        ({"asn": "AS", "country": {"names": {}}}, None, None),
        ({"autonomous_system_number": 2**40, "country": 7}, None, None),
    ],
)
def test_records_of_several_makers_are_read(
    tmp_path: Path, record: dict[str, Any], asn: int | None, country: str | None
) -> None:
    path = database(tmp_path / "both.mmdb", {NETWORK: record})
    event = enriched(EnrichmentOptions(asn=path, country=path), line("192.0.2.7"))
    assert (event.asn, event.country) == (asn, country)


def test_a_database_that_changes_changes_nothing_mid_run(options: EnrichmentOptions) -> None:
    enricher = Enricher(options)
    newer = {NETWORK: {"autonomous_system_number": 64_999}}
    database(Path(options.asn).with_name("newer"), newer)
    Path(options.asn).with_name("newer").replace(options.asn)
    event = decode_request(line("192.0.2.9"))
    enricher.enrich([event])
    assert event.asn == 64_500
    assert enriched(options, line("192.0.2.9")).asn == 64_999


class Keeping(BatchBuilder):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(b"key")
        self.events: list[RequestEvent] = []

    def build(self, events: Any) -> Any:
        self.events += events
        return super().build(events)


def test_replay_and_worker_fill_alike(
    options: EnrichmentOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line(f"192.0.2.{number}", number) for number in range(0, 256, 50)]
    local, live = Keeping(), Keeping()
    monkeypatch.setattr("stream.replay.local.builder_of", lambda _: local)
    run = LocalRun(Settings(enrichment=options))
    run.feed(run.open_source(), 1, lines)
    reader = RequestReader(
        "requests/0", 2, EpochOptions(), Batches(decode_requests, live, Enricher(options))
    )
    records = [
        SimpleNamespace(value=one, offset=offset, headers=()) for offset, one in enumerate(lines)
    ]
    reader.read(records)
    assert [event.asn for event in local.events] == [64_500] * 3 + [None] * 3
    assert local.events == live.events


def test_a_database_that_cannot_be_used_is_told_with_its_setting(
    options: EnrichmentOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"enrichment\.asn: .*none\.mmdb: No such file"):
        Enricher(EnrichmentOptions(asn=str(tmp_path / "none.mmdb")))
    Path(tmp_path / "bad.mmdb").write_bytes(b"x" * 99)
    with pytest.raises(UsageError, match=r"enrichment\.country: .*bad\.mmdb is no \.mmdb"):
        Enricher(EnrichmentOptions(country=str(tmp_path / "bad.mmdb")))
    config = tmp_path / "gauger.toml"
    config.write_text('[enrichment]\ncountry = "none.mmdb"\n')
    checks = diagnose(config, {}, []).checks
    assert [check.status for check in checks if check.name == "enrichment"] == ["problem"]
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(UsageError, match=r"gauger\[mmdb\]"):
        Enricher(options)


def test_damage_found_later_ends_the_run(tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    database(path, {NETWORK: MAXMIND_ASN})
    data = path.read_bytes()
    # The tree stands first; pointers in it that lead beyond the data are damage.
    path.write_bytes(b"\xff" * 200 + data[200:])
    with pytest.raises(FailedRun, match="is damaged"):
        enriched(EnrichmentOptions(asn=str(path)), line("192.0.2.7"))
