"""librdkafka's mock cluster: brokers in this process that fail when a test says so.

The package confluent-kafka brings the library and the cluster, but no calls for faults: they are
made here by ctypes, as librdkafka's `rdkafka_mock.h` describes them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import confluent_kafka

_ERROR_BYTES = 512
_PRODUCER = 0


class Request(IntEnum):
    """Kafka's numbers of requests."""

    PRODUCE = 0
    FETCH = 1
    METADATA = 3
    OFFSET_COMMIT = 8
    FIND_COORDINATOR = 10
    HEARTBEAT = 12


class Fault(IntEnum):
    """Kafka's numbers of errors that pass."""

    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER = 6
    REQUEST_TIMED_OUT = 7
    COORDINATOR_LOAD_IN_PROGRESS = 14
    NOT_ENOUGH_REPLICAS = 19


class MockCluster:
    """A cluster of one broker.

    Args:
        topics: Topics to create, with their partitions.
    """

    _BROKER = 1

    def __init__(self, topics: Mapping[str, int]) -> None:
        self._library = _library()
        self._topics = topics
        self._client: int | None = None
        self._cluster: ctypes.c_void_p | None = None

    def __enter__(self) -> Self:
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        settings = ctypes.c_void_p(self._library.rd_kafka_conf_new())
        self._client = self._library.rd_kafka_new(_PRODUCER, settings, error, _ERROR_BYTES)
        if not self._client:
            raise OSError(error.value.decode())
        cluster = self._library.rd_kafka_mock_cluster_new(ctypes.c_void_p(self._client), 1)
        self._cluster = ctypes.c_void_p(cluster)
        for topic, partitions in self._topics.items():
            self._library.rd_kafka_mock_topic_create(
                self._cluster, topic.encode(), ctypes.c_int(partitions), ctypes.c_int(1)
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(ctypes.c_void_p(self._client))

    @property
    def bootstrap_servers(self) -> str:
        """Where it listens."""
        servers: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return servers.decode()

    def down(self) -> None:
        """Close all connections and take no new ones."""
        self._library.rd_kafka_mock_broker_set_down(self._cluster, ctypes.c_int32(self._BROKER))

    def up(self) -> None:
        """Answer again."""
        self._library.rd_kafka_mock_broker_set_up(self._cluster, ctypes.c_int32(self._BROKER))

    def slow(self, milliseconds: int) -> None:
        """Let every answer take so long; 0 ends it."""
        self._library.rd_kafka_mock_broker_set_rtt(
            self._cluster, ctypes.c_int32(self._BROKER), ctypes.c_int(milliseconds)
        )

    def fail(self, request: Request, faults: Sequence[Fault]) -> None:
        """Answer the next requests of this kind with these errors."""
        numbers = (ctypes.c_int * len(faults))(*faults)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, ctypes.c_int16(request), ctypes.c_size_t(len(faults)), numbers
        )


def _library() -> ctypes.CDLL:
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    [path] = folder.glob("librdkafka*.so*")
    library = ctypes.CDLL(str(path))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library
