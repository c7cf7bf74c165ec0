"""Write docs/reference.md from the code: commands, settings, topics, records, formats, metrics."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import msgspec
import typer

from schemas import formats, outputs
from schemas.json_schema import PUBLIC_RECORDS, json_schema
from stream.broker.layout import TopicLayout, topic_layouts
from stream.broker.options import KafkaOptions
from stream.cli.main import app
from stream.monitoring.metrics import ALL
from stream.settings import SECTIONS

PATH = Path(__file__).resolve().parent.parent / "docs" / "reference.md"

_HEAD = """# Reference

Written from the code by `make reference`; a test keeps it in step. What it all means:
[formats](formats.md), [operations](operations.md), [kafka](kafka.md), [receiving](receiving.md),
[forwarding](forwarding.md)."""
_COMMANDS = """Exit status: 0 done; 1 something failed, said on stderr with what to do next; 2 wrong
usage; 130 interrupted. `gauger --install-completion` makes the shell complete verbs, options and
names of formats."""
_SETTINGS = """In `gauger.toml`, or as variables: `GAUGER_KAFKA__PARTITIONS=12` is `partitions` of
`[kafka]`. Beside them `GAUGER_KEY_FILE`, `[[allow]]` and `[formats.…]`."""
_DAY = 86_400_000
_CONDITIONS = {"minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMinimum": "> {}"}


def reference() -> str:
    """The whole text."""
    parts = [_HEAD, *_commands(), *_settings(), *_topics(), *_records(), *_formats(), *_metrics()]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: object) -> str:
    return f"`{text}`"


def _attributes(kind: type) -> dict[str, str]:
    """What the docstrings of a class and of those that it extends say of each attribute."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        section = inspect.cleandoc(one.__doc__ or "").partition("Attributes:\n")[2]
        found |= re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return found


def _commands() -> Iterator[str]:
    yield "## Commands"
    yield _COMMANDS
    for name, command in typer.main.get_group(app).commands.items():
        usage = " ".join([f"gauger {name}", *_arguments(command)])
        told = _cell(inspect.cleandoc(command.help or "").partition("\n\n")[0])
        yield f"### {name}\n\n{_code(usage)}: {told}"
        yield _table(["option", "", "default"], _option_rows(command))


def _arguments(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name == "argument":
            name = one.metavar or one.name.upper()
            several = "…" if one.nargs == -1 else ""
            yield f"{name}{several}" if one.required else f"[{name}{several}]"


def _option_rows(command: Any) -> Iterator[Sequence[str]]:
    hints = get_type_hints(inspect.unwrap(command.callback))
    for one in command.params:
        if one.param_type_name == "option" and not one.hidden:
            value = one.metavar or _placeholder(hints[one.name])
            told = "" if one.default in {None, False} else _code(one.default)
            yield _code(f"{one.opts[0]} {value}".strip()), one.help, told


def _placeholder(hint: Any) -> str:
    """What stands for an option's value."""
    kinds = [one for one in get_args(hint) if one is not NoneType] or [hint]
    if all(isinstance(one, str) for one in kinds):
        return "|".join(kinds)
    return "" if kinds == [bool] else "N"


def _settings() -> Iterator[str]:
    yield "## Settings"
    yield _SETTINGS
    for name, kind in SECTIONS.items():
        told = _attributes(kind)
        rows = ([_code(one.name), _default(one), told.get(one.name, "")] for one in fields(kind))
        yield f"### [{name}]"
        yield _table(["key", "default", ""], rows)


def _default(one: Field[Any]) -> str:
    value = one.default if one.default is not MISSING else ""
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return "" if value in ("", [], "[]") else _code(value)


def _topics() -> Iterator[str]:
    yield "## Topics"
    yield "As `gauger topics` makes them with the default settings."
    rows = (
        [_code(one.name), str(one.partitions), _kept(one)] for one in topic_layouts(KafkaOptions())
    )
    yield _table(["topic", "partitions", "kept"], rows)


def _kept(layout: TopicLayout) -> str:
    settings = {one.key: one.value for one in layout.settings}
    if settings["cleanup.policy"] == "compact":
        return "the latest record of each key"
    days = int(settings["retention.ms"]) // _DAY
    return "1 day" if days == 1 else f"{days} days"


def _records() -> Iterator[str]:
    yield "## Records"
    yield "Fields in **bold** are required. Times are RFC 3339, or Unix seconds on the way in."
    kinds = {kind.__name__: kind for kind in _subclasses(msgspec.Struct)}
    told: set[str] = set()
    for name in PUBLIC_RECORDS:
        yield f"### {name}"
        definitions: dict[str, Any] = json_schema(name)["$defs"]
        for title, definition in sorted(
            definitions.items(),
            key=lambda item: item[0] != PUBLIC_RECORDS[name].__name__,
        ):
            if "properties" in definition and title not in told:
                told.add(title)
                yield f"{_code(title)}: {definition['description']}"
                yield _table(["field", "type", ""], _field_rows(definition, kinds.get(title)))


def _subclasses(kind: type) -> Iterator[type]:
    extended: list[type] = kind.__subclasses__()
    for one in extended:
        if one.__module__.startswith("schemas."):
            yield one
        yield from _subclasses(one)


def _field_rows(definition: Mapping[str, Any], kind: type | None) -> Iterator[Sequence[str]]:
    told = _attributes(kind) if kind else {}
    for name, schema in definition["properties"].items():
        required = name in definition.get("required", ())
        yield f"**{_code(name)}**" if required else _code(name), _type(schema), told.get(name, "")


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(_type(one) for one in kinds)
    if "$ref" in schema:
        return _code(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return ", ".join(_code(one) for one in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(map(_type, schema['prefixItems']))}]"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    limits = [text.format(schema[key]) for key, text in _CONDITIONS.items() if key in schema]
    if "maxLength" in schema:
        limits.append(f"at most {schema['maxLength']:,} characters")
    return ", ".join([str(schema.get("type", "any")), *limits])


def _formats() -> Iterator[str]:
    yield "## Formats"
    rows = [*_modules(formats, "in"), *_modules(outputs, "out")]
    yield _table(["name", "direction", ""], iter(rows))


def _modules(package: Any, direction: str) -> Iterator[Sequence[str]]:
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            loaded = import_module(f"{package.__name__}.{module.name}")
            names = sorted(getattr(loaded, "FORMATS", {module.name}))
            told = (inspect.getdoc(loaded) or "").partition("\n\n")[0]
            yield ", ".join(map(_code, names)), direction, told


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield "Of each process also `process_*` with the label `part`. Histograms are in seconds."
    for kind in ALL:
        made = kind()
        yield f"### {made.part}"
        rows = (
            [_code(name), type_, ", ".join(map(_code, labels)), text]
            for name, type_, labels, text in made.catalogue
        )
        yield _table(["metric", "type", "labels", ""], rows)


if __name__ == "__main__":
    PATH.write_text(reference(), "utf-8")
