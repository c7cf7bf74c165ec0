"""What several verbs have in common: options, settings, and how they speak."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="TOML",
        envvar="GAUGER_CONFIG",
        help="Settings; without it gauger.toml in the current folder, if there is one.",
    ),
]


def _input_formats() -> list[str]:
    from schemas.formats import format_names  # noqa: PLC0415 - no help text waits for formats

    return format_names()


def _output_formats() -> list[str]:
    from schemas.outputs import output_names  # noqa: PLC0415 - as above

    return output_names()


FormatOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Format of a record; without it kafka.input_format of the settings.",
        autocompletion=_input_formats,
    ),
]
OutputFormatOption = Annotated[
    str,
    typer.Option(
        "--format", metavar="NAME", help="Format of the lines.", autocompletion=_output_formats
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
JsonLogOption = Annotated[bool, typer.Option("--json", help="Log JSON lines on a terminal too.")]
MetricsPortOption = Annotated[
    int | None,
    typer.Option(
        min=0, max=65_535, help="Port of /metrics, /healthz and /readyz; metrics.port if none."
    ),
]


def config_path(context: typer.Context, given: Path | None) -> Path | None:
    """The settings file: the verb's option, else the program's, else the current folder's."""
    if given is not None:
        return given
    if context.obj is not None:
        return Path(context.obj)
    # Settings pull in the types of the models: no help text waits for them.
    from stream.settings import DEFAULT_CONFIG  # noqa: PLC0415

    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def settings_of(context: typer.Context, given: Path | None) -> Settings:
    """The settings; a warning when hashes can be computed by anybody.

    Raises:
        SettingsError: With all problems at once.
    """
    from stream.settings import load_settings  # noqa: PLC0415 - as above

    settings = load_settings(config_path(context, given), os.environ)
    if settings.key.public:
        warn("GAUGER_KEY_FILE is not set: hashes are made with the public demonstration key")
    return settings


def require_format(name: str | None) -> None:
    """Make sure that an input format exists, if one was named.

    Raises:
        UsageError: Naming those that there are.
    """
    from schemas.formats import format_names  # noqa: PLC0415 - as above
    from stream.errors import UsageError  # noqa: PLC0415 - as above

    if name is not None and name not in format_names():
        raise UsageError(f"unknown input format {name}; known: {', '.join(format_names())}")


def warn(text: str) -> None:
    """Something a person should know, on stderr."""
    typer.echo(f"gauger: warning: {text}", err=True)
