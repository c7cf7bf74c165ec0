"""Settings: one frozen object from `gauger.toml` and `GAUGER_*`, checked whole before use.

A variable names a key of a section by two underscores, `GAUGER_BUDGET__FALSE_ALERTS_PER_DAY`, and
wins over the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

from models.options import AllowEntry, BudgetOptions, EpochOptions, LearningOptions, MemoryOptions
from schemas.indicators import CommunityKey
from schemas.reading.paths import FormatPaths
from stream.allowlist import read_entry
from stream.broker.options import SECRET, KafkaOptions
from stream.console.options import ConsoleOptions
from stream.enrichment import EnrichmentOptions
from stream.errors import UsageError, meant
from stream.format_paths import read_format_paths
from stream.forwarding.options import ForwardOptions
from stream.keys import HashKey, read_key
from stream.monitoring.options import MetricsOptions
from stream.receive.options import ReceiveOptions
from stream.settings_checks import checked_forward, checked_kafka
from stream.sharing import SharingOptions, read_community_key
from stream.text_key import TextKey, TextKeyOptions, read_text_key

Section = TypeVar("Section")

DEFAULT_CONFIG = Path("gauger.toml")
"""Settings of whoever works in the current folder, if it is there."""

_PREFIX = "GAUGER_"
_SEPARATOR = "__"
SECTIONS: dict[str, type] = {
    "epoch": EpochOptions,
    "budget": BudgetOptions,
    "learning": LearningOptions,
    "memory": MemoryOptions,
    "text_key": TextKeyOptions,
    "enrichment": EnrichmentOptions,
    "receive": ReceiveOptions,
    "metrics": MetricsOptions,
    "console": ConsoleOptions,
    "kafka": KafkaOptions,
    "forward": ForwardOptions,
    "sharing": SharingOptions,
}
_FORMATS = "formats"
_MASKED = "********"


class SettingsError(UsageError):
    """The settings cannot be used.

    Args:
        problems: All that is wrong, each as `section.key: what`.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may set. Printing it shows no secret.

    Attributes:
        epoch: How event time is cut.
        budget: False alerts that are acceptable.
        learning: How long to watch before alerting.
        memory: Bounds of the state.
        text_key: The key of texts, and when it changes.
        enrichment: Where network facts come from that requests lack.
        receive: Where and how to receive over HTTP.
        metrics: Where workers tell of themselves.
        console: Where and to whom findings are shown.
        kafka: The cluster, and how an application shares its work.
        forward: Where alerts are sent.
        sharing: How indicators are shared.
        formats: Where fields stand that an input format cannot know.
        allow: The allow list.
        key: The key of all keyed hashes, but for those of texts where they have their own.
        own_texts: The key of texts, where it is another.
        community_key: The key under which indicators are shared, if there is one.
    """

    epoch: EpochOptions = field(default_factory=EpochOptions)
    budget: BudgetOptions = field(default_factory=BudgetOptions)
    learning: LearningOptions = field(default_factory=LearningOptions)
    memory: MemoryOptions = field(default_factory=MemoryOptions)
    text_key: TextKeyOptions = field(default_factory=TextKeyOptions)
    enrichment: EnrichmentOptions = field(default_factory=EnrichmentOptions)
    receive: ReceiveOptions = field(default_factory=ReceiveOptions)
    metrics: MetricsOptions = field(default_factory=MetricsOptions)
    console: ConsoleOptions = field(default_factory=ConsoleOptions)
    kafka: KafkaOptions = field(default_factory=KafkaOptions)
    forward: ForwardOptions = field(default_factory=ForwardOptions)
    sharing: SharingOptions = field(default_factory=SharingOptions)
    formats: FormatPaths = field(default_factory=dict)
    allow: tuple[AllowEntry, ...] = ()
    key: HashKey = field(default_factory=lambda: read_key(None))
    own_texts: TextKey | None = None
    community_key: CommunityKey | None = None

    @property
    def texts(self) -> TextKey:
        """The key of texts."""
        return self.own_texts or TextKey(self.key)


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings from a file (none: defaults) and the environment.

    Args:
        path: A TOML file.
        environ: Environment variables; `GAUGER_KEY_FILE` names the key file.

    Raises:
        SettingsError: With all problems at once.
    """
    problems: list[str] = []
    document = _document(path, problems)
    chosen = _overridden(document, environ, problems)
    unknown = sorted(document.keys() - SECTIONS.keys() - {"allow", _FORMATS})
    problems += [f"{name}: unknown section{meant(name, SECTIONS)}" for name in unknown]
    sections = {
        name: _section(name, kind, chosen.get(name, {}), problems)
        for name, kind in SECTIONS.items()
    }
    sections["kafka"] = checked_kafka(sections["kafka"], problems)
    formats = read_format_paths(document.get(_FORMATS, {}), _format_variables(environ), problems)
    sections["forward"] = checked_forward(sections["forward"], problems)
    allow = _allow_list(document.get("allow", []), problems)
    key = _key(environ.get(f"{_PREFIX}KEY_FILE"), problems)
    own_texts = _text_key(sections["text_key"], key, problems)
    community_key = _community_key(sections["sharing"], problems)
    if problems:
        raise SettingsError(problems)
    return Settings(
        formats=formats,
        allow=allow,
        key=key,
        own_texts=own_texts,
        community_key=community_key,
        **sections,
    )


def names_broker(path: Path | None, environ: Mapping[str, str]) -> bool:
    """Whether a broker is spoken of at all: a section `kafka`, or a variable of its servers."""
    return f"{_PREFIX}KAFKA{_SEPARATOR}BOOTSTRAP_SERVERS" in environ or "kafka" in _document(
        path, []
    )


def _document(path: Path | None, problems: list[str]) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: not TOML: {error}")
    return {}


def _overridden(
    document: dict[str, Any], environ: Mapping[str, str], problems: list[str]
) -> dict[str, Any]:
    """The document's sections with the environment's values over them."""
    chosen = {name: document.get(name, {}) for name in SECTIONS}
    for variable, value in sorted(environ.items()):
        # Without two underscores it is no setting: a container platform sets GAUGER_PORT by itself.
        if not variable.startswith(_PREFIX) or _SEPARATOR not in variable:
            continue
        section, key = variable[len(_PREFIX) :].lower().split(_SEPARATOR, 1)
        if section == _FORMATS:
            continue
        if section not in SECTIONS:
            problems.append(f"{variable}: unknown section {section}")
        elif isinstance(chosen[section], dict):
            chosen[section] = {**chosen[section], key: value}
    return chosen


def _format_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that name paths of a format, by `format__field`."""
    start = f"{_PREFIX}{_FORMATS.upper()}{_SEPARATOR}"
    return {
        variable[len(start) :].lower(): value
        for variable, value in sorted(environ.items())
        if variable.startswith(start)
    }


def _section(
    name: str, kind: Callable[..., Section], values: object, problems: list[str]
) -> Section:
    """One section; its defaults where a value is wrong, so that the check can go on."""
    if not isinstance(values, dict):
        problems.append(f"{name}: must be a table")
        return kind()
    hints = get_type_hints(kind, include_extras=True)
    good: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            problems.append(f"{name}.{key}: unknown key{meant(key, hints)}")
            continue
        try:
            good[key] = _converted(value, hints[key])
        except msgspec.ValidationError as error:
            problems.append(f"{name}.{key}: {error}")
    return kind(**good)


def _converted(value: object, hint: Any) -> Any:
    if isinstance(value, str) and get_origin(hint) is tuple:
        # A variable holds a list as text.
        value = [part.strip() for part in value.split(",") if part.strip()]
    return msgspec.convert(value, hint, strict=not isinstance(value, str))


def _allow_list(entries: object, problems: list[str]) -> tuple[AllowEntry, ...]:
    if not isinstance(entries, list):
        problems.append("allow: must be a list of tables, each under [[allow]]")
        return ()
    read = (read_entry(entry, f"allow[{row}]", problems) for row, entry in enumerate(entries))
    return tuple(entry for entry in read if entry is not None)


def _key(path: str | None, problems: list[str]) -> HashKey:
    try:
        return read_key(Path(path) if path else None)
    except ValueError as error:
        problems.append(f"{_PREFIX}KEY_FILE: {error}")
        return read_key(None)


def _text_key(options: TextKeyOptions, key: HashKey, problems: list[str]) -> TextKey | None:
    try:
        return read_text_key(options, key)
    except ValueError as error:
        problems.append(f"text_key.{error}")
        return None


def _community_key(options: SharingOptions, problems: list[str]) -> CommunityKey | None:
    try:
        return read_community_key(options)
    except ValueError as error:
        problems.append(f"sharing.key_file: {error}")
        return None


def describe(settings: Settings) -> dict[str, Any]:
    """The settings as plain values for a person or a log; no secret, the key only by its id."""
    shown: dict[str, Any] = {
        name: {part.name: _shown(getattr(settings, name), part) for part in fields(kind)}
        for name, kind in SECTIONS.items()
    }
    shown[_FORMATS] = {
        name: {field: list(paths) for field, paths in fields.items()}
        for name, fields in settings.formats.items()
    }
    shown["allow"] = len(settings.allow)
    shown["key"] = {
        "id": settings.key.id,
        "public": settings.key.public,
        "texts": list(settings.texts.ids),
    }
    return shown


def _shown(options: object, part: Field[Any]) -> Any:
    value = getattr(options, part.name)
    if part.metadata == SECRET:
        return _MASKED if value else ""
    return list(value) if isinstance(value, tuple) else value
