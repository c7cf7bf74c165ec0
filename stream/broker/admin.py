"""An administrator of the cluster, whose failures are one line that names the mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError

from stream.broker.options import KafkaOptions
from stream.broker.reach import PATIENCE_SECONDS, require_broker
from stream.broker.security import kafka_python_arguments
from stream.errors import FailedRun


@contextmanager
def administrator(options: KafkaOptions) -> Iterator[KafkaAdminClient]:
    """A connected administrator; what it cannot do ends as a failed run.

    Raises:
        BrokerUnreachable: No broker lets us in.
        UsageError: The files of the login cannot be used.
        FailedRun: The broker refuses what is asked of it.
    """
    # The client itself would try again for half a minute, and not say why.
    require_broker(options)
    try:
        client = KafkaAdminClient(
            **kafka_python_arguments(options),
            bootstrap_timeout_ms=round(PATIENCE_SECONDS * 1000),
        )
        try:
            yield client
        finally:
            client.close()
    except AuthorizationError as error:
        who = repr(options.username) if options.logs_in else "this client"
        text = f"{who} may not do this: give it the rights (kafka-acls.sh): {error}"
        raise FailedRun(_one_line(text)) from error
    except KafkaError as error:
        raise FailedRun(_one_line(f"the broker cannot do what was asked: {error}")) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())
