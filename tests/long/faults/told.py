"""Faults that take away what cannot be had again: told, and nobody goes on with half of it."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec

from stream.broker.security import kafka_python_arguments
from stream.broker.topics import check_topics, settle_topics
from tests.integration.workers import ROOT, command, create_topics, records
from tests.long.faults.scene import PARTITIONS, Scene


def state_lost(scene: Scene) -> str:
    """Changelogs are deleted while no worker runs, or come back in part, and then as they were."""
    names = scene.names
    _work_for_a_while(scene)
    for changelog in (names.accounts_changelog, names.ties_changelog, names.head_changelog):
        kept = list(records(scene.options, changelog))
        _make_anew(scene, changelog)
        _require_refusal(scene, changelog)
        if changelog == names.accounts_changelog:
            _put_back(scene, [one for one in kept if not bytes(one.key).endswith(b"/0")])
            _require_refusal(scene, "pieces of its state are missing", by_doctor=False)
        _put_back(scene, kept)
    # How the head talks to ingest is no state: it may be lost at any time.
    _make_anew(scene, names.control)
    scene.workers()
    scene.publish(2)
    scene.require_equal()
    return "refused and told by the doctor, each; equal after changelogs were put back"


def messages_lost(scene: Scene) -> str:
    """Requests, internal topics and standings are deleted and made anew while no worker runs."""
    names = scene.names
    _work_for_a_while(scene)
    # With the last of its logs Kafka forgets the group's offsets: `findings` stays, to show it.
    topics = (names.requests[0], names.ties, names.events, names.sources)
    for topic in topics:
        _make_anew(scene, topic)
        _require_refusal(scene, topic)
    return f"refused and told by the doctor, after each of {len(topics)} topics"


def poison_batch(scene: Scene) -> str:
    """A batch of requests is damaged on the broker's disk, and deleted in the end."""
    _work_for_a_while(scene)
    source = TopicPartition(scene.names.requests[0], 0)
    scene.publish(2)
    _damage_end(scene, source)
    _require_refusal(scene, f"{source.topic} 0", by_doctor=False)
    with scene.administrator() as admin:
        end = admin.list_partition_offsets({source: OffsetSpec.LATEST})[source].offset
        admin.delete_records({source: end})
    scene.workers()
    scene.until(lambda: bool(scene.said("source_taken")), "a source")
    scene.work(15.0)
    assert scene.said("records_gone"), scene.logs()
    return "status 1 at each start; read on once the batch was deleted, which was told"


def poison_batch_inside(scene: Scene) -> str:
    """The same of a batch of internal messages."""
    _work_for_a_while(scene)
    _damage_end(scene, TopicPartition(scene.names.findings, 0))
    _require_refusal(scene, scene.names.findings, by_doctor=False)
    return "status 1 at each start"


def _work_for_a_while(scene: Scene) -> None:
    """Two pieces of the recording, checkpoints of all partitions, and no worker any more."""
    workers = scene.workers()
    scene.publish(0)
    scene.until_saved()
    scene.publish(1)
    scene.work(5.0)
    workers.stop()


def _require_refusal(scene: Scene, what: str, *, by_doctor: bool = True) -> None:
    """A worker ends with status 1 and says what is lost; so does the doctor."""
    done = subprocess.run(
        command(scene.config, "worker"), cwd=ROOT, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert what in done.stderr, f"{what}: {done.stderr}"
    if by_doctor:
        problems = scene.problems()
        assert any(what in one for one in problems), f"{what}: {problems}"


def _put_back(scene: Scene, kept: list[Any]) -> None:
    with KafkaProducer(**kafka_python_arguments(scene.options)) as producer:
        for one in kept:
            producer.send(one.topic, one.value, key=one.key, partition=one.partition)


def _make_anew(scene: Scene, topic: str) -> None:
    with scene.administrator() as admin:
        admin.delete_topics([topic])
    scene.until(lambda: topic in check_topics(scene.options).bad, f"the end of {topic}")
    time.sleep(1.0)
    if topic == scene.names.requests[0]:
        create_topics(scene.options, PARTITIONS)
    else:
        settle_topics(scene.options)


def _damage_end(scene: Scene, partition: TopicPartition) -> None:
    """Turn over a bit of the last batch, as a failing disk does."""
    scene.broker.stop()
    folder = scene.broker.data / f"{partition.topic}-{partition.partition}"
    with max(folder.glob("*.log")).open("r+b") as segment:
        segment.seek(-2, os.SEEK_END)
        [last] = segment.read(1)
        segment.seek(-2, os.SEEK_END)
        segment.write(bytes([last ^ 1]))
    scene.broker.start()
