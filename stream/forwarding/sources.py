"""Where alerts are forwarded from: a topic, as a member of a group, or a file."""

from __future__ import annotations

from threading import Event

from stream.broker.follow import Membership, Record, open_consumer
from stream.broker.options import KafkaOptions
from stream.errors import FailedRun
from stream.forwarding.forwarder import Batches
from stream.forwarding.options import Begin
from stream.monitoring.health import Pulse
from stream.recordings.blocks import Recording

# Whoever takes over from a member that was killed waits so long.
_SESSION_MS = 10_000
_RESETS: dict[Begin, str] = {"oldest": "earliest", "next": "latest"}


class FileSource:
    """Lines of a file, from its first on.

    Args:
        path: JSON lines, compressed or not; `-` is standard input.
        stop: Ends it when set.
    """

    def __init__(self, path: str, stop: Event) -> None:
        self._path = path
        self._stop = stop

    def batches(self) -> Batches:
        """All lines.

        Raises:
            RecordingError: It cannot be opened.
            FailedRun: It breaks off, or a line is too long; after all that is readable.
        """
        with Recording(self._path) as recording:
            for block in recording.blocks():
                if block.oversized:
                    raise FailedRun(f"{self._path}: line {block.first_line} is too long")
                numbered = enumerate(block.lines, block.first_line)
                yield [Record(0, number, line) for number, line in numbered]
                if self._stop.is_set():
                    return
            if recording.truncated:
                raise FailedRun(f"{self._path}: {recording.truncated}")

    def hold(self, seconds: float) -> bool:
        """Let time pass; whether the run goes on."""
        return not self._stop.wait(seconds)


class TopicSource:
    """Records of the partitions that a group leaves to us, for ever, each at least once.

    Args:
        options: Where the topic is and how to log in.
        topic: An existing topic.
        group: Holds how far the sink has come.
        begin: Where a new group starts.
        stop: Ends it when set.
        with_past: Also give what the group has handled before, marked as `past`.
        pulse: Gets a sign at every poll.
    """

    def __init__(
        self,
        options: KafkaOptions,
        topic: str,
        group: str,
        begin: Begin,
        stop: Event,
        *,
        with_past: bool = False,
        pulse: Pulse | None = None,
    ) -> None:
        self._options = options
        self._topic = topic
        self._group = group
        self._reset = _RESETS[begin]
        self._stop = stop
        self._with_past = with_past
        self._pulse = pulse or Pulse()
        self._membership: Membership | None = None

    def batches(self) -> Batches:
        """Records of one poll after the other; each is committed when the next is asked for.

        Raises:
            UsageError: The files of the login cannot be used.
            FailedRun: The broker does not let us in, or the topic cannot be read.
        """
        with open_consumer(
            self._options,
            self._topic,
            group_id=self._group,
            auto_offset_reset=self._reset,
            session_timeout_ms=_SESSION_MS,
        ) as consumer:
            consumer.subscribe([self._topic])
            membership = Membership(consumer, self._topic, from_oldest=self._with_past)
            self._membership = membership
            try:
                while not self._stop.is_set():
                    self._pulse.beat()
                    if batch := membership.poll():
                        yield batch
                    for record in batch:
                        membership.handled(record)
                    membership.commit()
            finally:
                membership.commit()

    def hold(self, seconds: float) -> bool:
        """Let time pass and stay a member of the group; whether the run goes on."""
        assert self._membership is not None
        self._membership.hold(seconds, self._stop)
        return not self._stop.is_set()
