"""What no single key of a section shows: secrets in files, keys that do not go together."""

from __future__ import annotations

from stream.broker.options import KafkaOptions, contradictions, with_secrets
from stream.broker.security import TlsFiles, tls_context
from stream.forwarding.options import ForwardOptions, forward_contradictions, with_forward_secrets


def checked_kafka(options: KafkaOptions, problems: list[str]) -> KafkaOptions:
    """The options with the secrets that files hold; all that does not go together is a problem."""
    faulty = _faulty_keys("kafka", problems)
    told: list[str] = []
    completed = with_secrets(options, told)
    told += contradictions(options, faulty)
    if not told and not faulty:
        told += _tls_problems(completed)
    problems += [f"kafka.{problem}" for problem in told]
    return completed


def checked_forward(options: ForwardOptions, problems: list[str]) -> ForwardOptions:
    """As `checked_kafka`, for the way to a sink."""
    faulty = _faulty_keys("forward", problems)
    told: list[str] = []
    completed = with_forward_secrets(options, told)
    told += forward_contradictions(completed)
    # The system's own authorities need no check, and take a while to read.
    if not told and not faulty and (options.ca_file or options.certificate_file):
        told += _tls_problems(completed)
    problems += [f"forward.{problem}" for problem in told]
    return completed


def _faulty_keys(section: str, problems: list[str]) -> set[str]:
    """Keys of a section whose value was refused already."""
    start = f"{section}."
    return {
        problem.removeprefix(start).partition(":")[0]
        for problem in problems
        if problem.startswith(start)
    }


def _tls_problems(options: TlsFiles) -> list[str]:
    try:
        tls_context(options)
    except ValueError as error:
        return [str(error)]
    return []
