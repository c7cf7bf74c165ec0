"""The program: its verbs, its exit statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from stream.cli.accounts import accounts
from stream.cli.alerts import alerts
from stream.cli.compare import compare
from stream.cli.console import console
from stream.cli.doctor import doctor
from stream.cli.evaluate import evaluate
from stream.cli.explain import explain
from stream.cli.forget import forget
from stream.cli.forward import forward
from stream.cli.options import ConfigOption
from stream.cli.publish import publish
from stream.cli.receive import receive
from stream.cli.replay import replay
from stream.cli.simulate import simulate
from stream.cli.sketch import sketch
from stream.cli.topics import topics
from stream.cli.trace import trace
from stream.cli.warm import warm
from stream.cli.who import who
from stream.cli.worker import worker
from stream.errors import FailedRun, UsageError

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

app = typer.Typer(
    name="gauger",
    help="Find people who distil a language model through its API, in the stream of its requests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help takes half the time of the coloured one: rich need not be imported.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    replay, topics, publish, warm, worker, receive, sketch, console, alerts, forward, explain, who,
    accounts, trace, forget, simulate, evaluate, compare, doctor,
):  # fmt: skip
    app.command()(verb)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer calls it with the flag's value
    if value:
        # Reading the metadata of all distributions takes longer than parsing the command line.
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"gauger {version('gauger')}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Find people who distil a language model through its API, in the stream of its requests."""
    context.obj = config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: The command line without the program's name; None: that of the process.

    Returns:
        0 done; 1 something failed, said in one line on stderr; 2 wrong usage; 130 interrupted.
    """
    try:
        app(args=arguments, prog_name="gauger")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else FAILED
    except UsageError as error:
        return _told(error, WRONG_USAGE)
    except FailedRun as error:
        return _told(error, FAILED)
    except OSError as error:
        # Its own words begin with a number and end with the file.
        named = f"{error.filename}: {error.strerror}" if error.filename else error
        return _told(named, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _told(error: Exception | str, status: int) -> int:
    for line in str(error).splitlines():
        typer.echo(f"gauger: {line}", err=True)
    return status
