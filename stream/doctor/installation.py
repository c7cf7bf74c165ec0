"""Checks of an installation: settings, key, compiled kernels, and what recordings offer."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata, util
from pathlib import Path

import msgspec

from models.requests.coverage import FROM_FACTS, Coverage, CoverageCount
from schemas.codec import MAX_LINE
from schemas.formats import InputFormat, input_format
from schemas.times import to_rfc3339
from stream.checks import Check
from stream.clock import now
from stream.enrichment import Enricher
from stream.errors import UsageError
from stream.recordings.blocks import Recording
from stream.replay.summary import counted
from stream.settings import Settings, SettingsError, load_settings, names_broker

_DISTRIBUTIONS = (
    *("aiokafka", "faust-streaming", "kafka-python", "msgspec", "numba", "numpy", "orjson"),
    *("river", "structlog", "zstandard"),
)
_EXTRAS = (
    ("pyarrow", "Parquet", "parquet"),
    ("opentelemetry-proto", "OTLP in protobuf", "otlp"),
)


class Diagnosis(msgspec.Struct, frozen=True):
    """All checks, and what each recording offers."""

    checks: list[Check]
    recordings: dict[str, Coverage]


def diagnose(
    config: Path | None,
    environ: Mapping[str, str],
    recordings: Sequence[str],
    *,
    broker: bool = False,
    form: str | None = None,
) -> Diagnosis:
    """Look at everything; what cannot be looked at is a problem, never an exception.

    Args:
        config: The settings file.
        environ: Environment variables.
        recordings: Recorded traffic to look at.
        broker: Look at the broker although no settings name one.
        form: Name of the recordings' input format; None: that of the settings.

    Raises:
        RecordingError: A recording cannot be opened.
    """
    checks = [_python(), *_libraries(), _kernels(), *_settings(config, environ)]
    if broker or names_broker(config, environ):
        checks += _broker(config, environ)
    coverage = {}
    decode = _decoder(config, environ, form)
    for name in recordings:
        with Recording(name) as recording:
            coverage[name], refusal = _covered(recording, decode)
        checks += _recording(name, coverage[name], recording.truncated)
        if refusal:
            checks.append(Check(name, "warning", f"the first refusal: {refusal}"))
    return Diagnosis(checks, coverage)


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} on {platform.machine()}")


def _libraries() -> Iterator[Check]:
    for name in _DISTRIBUTIONS:
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "problem", "is not installed")
    for name, lost, extra in _EXTRAS:
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            text = f"is not installed: no {lost} (pip install 'gauger[{extra}]')"
            yield Check(name, "warning", text)


def _kernels() -> Check:
    found = util.find_spec("models.kernels")
    folders = [Path(one) for one in (found.submodule_search_locations or [])] if found else []
    compiled = sum(1 for folder in folders for _ in folder.glob("__pycache__/*.nbc"))
    if compiled:
        return Check("kernels", "ok", f"{compiled} compiled")
    cache = os.environ.get("NUMBA_CACHE_DIR")
    where = f" in {cache}" if cache else ""
    return Check("kernels", "warning", f"none compiled{where}: the first run will take longer")


def _settings(config: Path | None, environ: Mapping[str, str]) -> Iterator[Check]:
    try:
        settings = load_settings(config, environ)
    except SettingsError as error:
        for problem in error.problems:
            yield Check("settings", "problem", problem)
        return
    yield Check("settings", "ok", str(config) if config else "defaults, no gauger.toml")
    yield from _key(settings, environ)
    yield from _allow_list(settings)
    yield from _enrichment(settings)


def _decoder(config: Path | None, environ: Mapping[str, str], form: str | None) -> InputFormat:
    """How recordings are read: as the settings say, as far as they can be used."""
    try:
        settings = load_settings(config, environ)
    except SettingsError:
        settings = Settings()
    return input_format(form or settings.kafka.input_format, settings.formats)


def _broker(config: Path | None, environ: Mapping[str, str]) -> list[Check]:
    # Kafka's clients are imported where there is a broker to look at.
    from stream.broker.health import broker_checks  # noqa: PLC0415
    from stream.doctor.live_sources import source_checks  # noqa: PLC0415
    from stream.doctor.live_traffic import traffic_checks  # noqa: PLC0415

    try:
        settings = load_settings(config, environ)
    except SettingsError:
        return [Check("broker", "warning", "not looked at before the settings are mended")]
    options = settings.kafka
    checks = broker_checks(options)
    if any(check.name in {"broker", "topics"} and check.status == "problem" for check in checks):
        return checks
    return [*checks, *source_checks(options), *traffic_checks(options, settings.formats)]


def _key(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    if settings.key.public:
        yield Check("key", "warning", "public demonstration key; set GAUGER_KEY_FILE")
        return
    yield Check("key", "ok", f"id {settings.key.id}")
    if Path(environ["GAUGER_KEY_FILE"]).stat().st_mode & 0o077:
        yield Check("key", "warning", "the key file can be read by others than its owner")


def _enrichment(settings: Settings) -> Iterator[Check]:
    try:
        Enricher(settings.enrichment)
    except UsageError as error:
        yield Check("enrichment", "problem", str(error))


def _allow_list(settings: Settings) -> Iterator[Check]:
    for entry in settings.allow:
        if not entry.covers(now()):
            text = f"{entry.kind} {entry.value} has expired on {to_rfc3339(entry.expires)[:10]}"
            yield Check("allow list", "warning", f"{text}; owner {entry.owner}")


def _covered(recording: Recording, decode: InputFormat) -> tuple[Coverage, str | None]:
    """What a recording offers, and where and why its first refused line was refused."""
    count = CoverageCount(now() / 1e6)
    refusal: str | None = None
    for block in recording.blocks():
        if block.oversized:
            count.add([], bad=1)
            refusal = refusal or f"line {block.first_line}: longer than {MAX_LINE} bytes"
            continue
        decoded = decode(block.lines)
        count.add(decoded.events, len(decoded.rejects), decoded.unknown_fields)
        for row, error in decoded.rejects[:1]:
            refusal = refusal or f"line {block.first_line + row}: {error}"
    return count.result(), refusal


def _recording(name: str, coverage: Coverage, truncated: str | None) -> Iterator[Check]:
    if truncated:
        yield Check(name, "problem", truncated)
    lines = coverage.requests + coverage.bad
    if coverage.first is None or coverage.last is None:
        text = f"no request in {counted(lines, 'line')}"
        yield Check(name, "problem" if lines else "warning", text)
        return
    span = f"{_time(coverage.first)} to {_time(coverage.last)}"
    yield Check(name, "ok", f"{counted(coverage.requests, 'request')}, {span}")
    for count, word, text in (
        (coverage.bad, "line", "refused"),
        (coverage.backwards, "request", "more than an hour out of order"),
        (coverage.ancient, "request", "from before 2015"),
        (coverage.future, "request", "from the future"),
    ):
        if count:
            what = f"{counted(count, word)} {'is' if count == 1 else 'are'} {text}"
            yield Check(name, "warning", f"{what} ({count / lines:.2%})")
    for what, fields in coverage.blind.items():
        facts = "; facts may bring it" if FROM_FACTS.intersection(fields) else ""
        yield Check(name, "warning", f"blind for {what}: no {' or '.join(fields)}{facts}")
    if coverage.unknown_fields:
        names = ", ".join(list(coverage.unknown_fields)[:10])
        yield Check(name, "warning", f"unknown fields are ignored: {names}")


def _time(seconds: float) -> str:
    return f"{to_rfc3339(round(seconds * 1e6))[:16].replace('T', ' ')}Z"
