"""What to send of a record: an alert in a format, or the responses that follow from it."""

from __future__ import annotations

from schemas.codec import decode_alert, encode
from schemas.errors import InvalidRecord
from schemas.outputs import OutputFormat
from stream.broker.follow import Record
from stream.forwarding.responses import Responses
from stream.recent import RecentIds
from stream.sinks import Message


class AlertMessages:
    """Alerts in a format; a repeated event comes once.

    Args:
        output_format: How they are written.
    """

    def __init__(self, output_format: OutputFormat) -> None:
        self._format = output_format
        self._recent = RecentIds()

    def __call__(self, record: Record) -> list[Message]:
        """The messages of a record.

        Raises:
            InvalidRecord: It is no alert.
        """
        alert = decode_alert(record.value)
        if not self._recent.is_new(alert.event_id):
            return []
        return [Message(alert.alert_id, body) for body in self._format(alert)]


class ResponseMessages:
    """Responses; what was told before the run began is not told again.

    Args:
        responses: What was recommended so far.
    """

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    def __call__(self, record: Record) -> list[Message]:
        """The messages of a record.

        Raises:
            InvalidRecord: It is no alert, and was not put aside before.
        """
        try:
            events = self._responses.take(decode_alert(record.value))
        except InvalidRecord:
            if record.past:
                return []
            raise
        if record.past:
            return []
        return [Message(event.account, encode(event)) for event in events]
