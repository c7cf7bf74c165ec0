"""Faults after which everything is as if they had not been, to the byte."""

from __future__ import annotations

import time
from pathlib import Path

from kafka import KafkaProducer

from models.wire.codec import to_frames
from models.wire.protocol import Progress
from stream.broker.security import kafka_python_arguments
from tests.integration.workers import ROOT, write_config
from tests.long.faults.places import SmallDisk, far_side
from tests.long.faults.scene import PARTITIONS, Scene
from tests.long.recording import SECTIONS

HERE = Path(__file__).parent

_CUT_SECONDS = 25.0
_AWAY_SECONDS = 20.0
_HOUR = 3_600


def network_cut(scene: Scene) -> str:
    """A worker's network is cut for longer than its session lasts, and mended again."""
    with far_side() as side:
        far = scene.workers(side.before)
        scene.workers()
        scene.publish(0)
        scene.work(10.0)
        side.cut()
        scene.publish(1)
        scene.work(_CUT_SECONDS)
        side.mend()
        scene.work(5.0)
        scene.publish(2)
        scene.require_equal()
        restarts = far.restarts
        scene.stop()
    return f"equal; cut for {_CUT_SECONDS:.0f} s, the worker was restarted {restarts} times"


def broker_lost(scene: Scene) -> str:
    """The broker loses power, is away, and comes back with its data."""
    scene.workers()
    scene.publish(0)
    scene.work(5.0)
    scene.broker.kill()
    time.sleep(_AWAY_SECONDS)
    scene.broker.start()
    scene.publish(1)
    scene.publish(2)
    scene.require_equal()
    return f"equal; away for {_AWAY_SECONDS:.0f} s"


def broker_disk_full(scene: Scene, disk: SmallDisk) -> str:
    """The broker's disk is full until somebody makes room and starts it again."""
    scene.workers()
    scene.publish(0)
    scene.work(5.0)
    disk.fill()
    scene.until(lambda: not scene.broker.running, "the end of the broker")
    time.sleep(5.0)
    disk.free()
    scene.broker.restart()
    scene.publish(1)
    scene.publish(2)
    scene.require_equal()
    return "equal; the broker ended by itself"


def worker_disk_full(scene: Scene) -> str:
    """The disk of a worker's store is full, until somebody makes room."""
    disk = SmallDisk(scene.folder / "disk", 96)
    store = f"rocksdb://{scene.folder / 'disk' / 'state'}"
    (scene.folder / "disk" / "state").mkdir()
    config = write_config(
        scene.folder / "disk", SECTIONS, scene.options, idle_seconds=300.0, store=store
    )
    workers = scene.workers(config=config)
    scene.publish(0)
    scene.until_saved()
    disk.fill()
    scene.publish(1)
    ended = workers.running[0]
    scene.until(lambda: ended.poll() is not None, "the end of the worker")
    assert ended.poll() == 1, scene.logs()
    disk.free()
    scene.publish(2)
    scene.require_equal()
    scene.stop()
    return f"equal; the worker ended with status 1 and was restarted {workers.restarts} times"


def clock_jumps(scene: Scene) -> str:
    """One worker's clock is an hour fast, another's an hour slow; then they change places."""
    clocks = []
    for wrong_by in (_HOUR, -_HOUR):
        clock = scene.folder / f"clock-{wrong_by}"
        clock.write_text(str(wrong_by))
        clocks.append(clock)
        path = {"PYTHONPATH": str(HERE / "clock"), "FAULTY_CLOCK": str(clock)}
        scene.workers(environment=path)
    scene.publish(0)
    scene.work(10.0)
    for clock in clocks:
        clock.write_text(str(-int(clock.read_text())))
    scene.publish(1)
    scene.groups[0].kill(0)
    scene.publish(2)
    scene.require_equal()
    return "equal; both jumped by two hours, one was killed meanwhile"


def poison(scene: Scene) -> str:
    """Records that nobody can read, in every internal topic and among the requests."""
    scene.workers()
    scene.publish(0)
    damaged = bytearray(to_frames(Progress(1))[0])
    damaged[-1] ^= 1
    junk = [b"", b"\xc1", b"null", b"\x93\x03", b"\x95\x02" + bytes(30), bytes(damaged)]
    names, options = scene.names, scene.options
    topics = {names.events: PARTITIONS, names.ties: PARTITIONS, names.findings: 1, names.control: 1}
    with KafkaProducer(**kafka_python_arguments(options)) as producer:
        for topic, partitions in {**topics, names.requests[0]: PARTITIONS}.items():
            for number in range(partitions):
                for value in junk:
                    producer.send(topic, value, partition=number)
    scene.publish(1)
    scene.publish(2)
    scene.require_equal()
    told = scene.said("message_unreadable"), scene.said("control_unreadable")
    assert told[0] >= len(junk) * 5, scene.logs()
    assert told[1] >= len(junk), scene.logs()
    return f"equal; {told[0]} messages and {told[1]} of control told unreadable"


def rolling_upgrade(scene: Scene) -> str:
    """A worker of the next release joins those of today's, and then takes their place."""
    newer = {"PYTHONPATH": f"{HERE / 'newer'}:{ROOT}"}
    old = scene.workers()
    scene.publish(0)
    scene.until_saved()
    scene.publish(1)
    new = scene.workers(environment=newer)
    first = old.running[0]
    scene.until(lambda: first.poll() is not None, "the old worker's refusal")
    assert first.poll() == 1, scene.logs()
    assert scene.said("newer_release"), scene.logs()
    # Supervised, it comes again and refuses again, until somebody upgrades it.
    scene.work(15.0)
    old.stop()
    new.start()
    scene.publish(2)
    scene.require_equal()
    return f"equal; the old release refused {scene.said('newer_release')} times, with status 1"
