"""`gauger evaluate`: detection quality of alerts against the truth, as JSON."""

# ruff: noqa: PLC0415 - the judge is imported when it is needed, so that help is quick

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.options import JsonOption


def evaluate(
    alerts: Annotated[str, typer.Option(metavar="FILE", help="Alert events, JSON lines.")],
    truth: Annotated[str, typer.Option(metavar="FILE", help="Labels of the traffic.")],
    events: Annotated[
        list[str], typer.Option(metavar="FILE", help="The traffic; may be given several times.")
    ],
    *,
    json: JsonOption = False,
) -> None:
    """Judge alerts against the truth, as JSON.

    Found, leaked, precision, recall, false alerts. With --json the answer is one line.
    """
    import orjson

    from schemas.codec import encode
    from stream.errors import FailedRun
    from stream.findings.evaluation import evaluate as evaluate_files

    judgement, truncated = evaluate_files(alerts, truth, events)
    line = encode(judgement)
    text = line if json else orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2)
    typer.echo(text.decode())
    if truncated:
        raise FailedRun("; ".join(truncated))
