"""Where fields stand in what gateways write: the tables `[formats.NAME]` of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.formats import DEFAULT_FORMAT, format_names
from schemas.reading.paths import MOST_PARTS, FormatPaths
from schemas.request import REQUEST_FIELDS

_ANY = "auto"


def read_format_paths(
    tables: object, variables: Mapping[str, str], problems: list[str]
) -> FormatPaths:
    """The paths of all formats; what is wrong with them is appended to `problems`.

    Args:
        tables: What the settings hold under `formats`: by format and field a path, or several in
            the order in which they are tried.
        variables: The same from the environment, `envoy__account` and its path, several parted by
            commas.
        problems: Told as `formats.NAME.FIELD: what`.
    """
    if not isinstance(tables, dict):
        problems.append("formats: must hold a table for each format, as [formats.envoy]")
        return {}
    chosen = {
        name: dict(fields) if isinstance(fields, dict) else fields
        for name, fields in tables.items()
    }
    for variable, value in variables.items():
        name, _, field = variable.partition("__")
        fields = chosen.setdefault(name, {})
        if isinstance(fields, dict):
            fields[field] = [path.strip() for path in value.split(",")]
    return {name: dict(_paths(name, fields, problems)) for name, fields in chosen.items()}


def _paths(name: str, fields: object, problems: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    known = [known for known in format_names() if known not in {DEFAULT_FORMAT, _ANY}]
    if name not in known:
        problems.append(f"formats.{name}: takes no paths; there is {', '.join(known)}")
    elif not isinstance(fields, dict):
        problems.append(f"formats.{name}: must be a table")
    else:
        for field, paths in fields.items():
            several = [paths] if isinstance(paths, str) else paths
            problem = _problem(field, several)
            if problem:
                problems.append(f"formats.{name}.{field}: {problem}")
            else:
                yield field, tuple(several)


def _problem(field: str, paths: object) -> str | None:
    if field not in REQUEST_FIELDS:
        return "no field of a request"
    if not isinstance(paths, list) or not paths:
        return "must be a path, or a list of paths"
    for path in paths:
        if not isinstance(path, str) or not all(path.split(".")):
            return f"{path!r} is no path"
        if path.count(".") >= MOST_PARTS:
            return f"{path!r} has more than {MOST_PARTS} parts"
    return None
