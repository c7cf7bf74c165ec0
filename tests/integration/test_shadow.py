"""A shadow: other settings beside those at work, on the same traffic and the same facts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stream.broker.admin import administrator
from stream.broker.names import TopicNames
from stream.broker.neighbours import conflicts
from stream.broker.options import KafkaOptions
from tests.integration.conftest import GivenBroker
from tests.integration.test_application import FACTS, SAMPLE, SECTIONS
from tests.integration.workers import (
    ROOT,
    Workers,
    command,
    create_topics,
    records,
    replayed,
    run_verb,
    wait_for,
    write_config,
)

SHADOW_SECTIONS = SECTIONS.replace("hours = 6.0", "hours = 120.0")


@pytest.fixture
def options(broker: GivenBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=1,
        checkpoint_seconds=1.0,
        account_scores=False,
    )


@pytest.fixture
def several(server: Path, tmp_path: Path) -> Iterator[list[Workers]]:
    made = [Workers(tmp_path / "unset", tmp_path / name, server) for name in ("first", "shadow")]
    for workers in made:
        workers.folder.mkdir()
    yield made
    for workers in made:
        workers.end()


def test_a_shadow_finds_what_its_settings_find_and_leaves_the_other_alone(
    options: KafkaOptions, several: list[Workers], tmp_path: Path
) -> None:
    first, shadow = several
    create_topics(options, 1)
    names = TopicNames.of(options)
    other = f"{options.prefix}-shadow"
    beside = replace(options, application=other, prefix=other)
    given = {"requests": list(names.requests), "facts": names.facts, "feedback": names.feedback}
    first.config = write_config(first.folder, SECTIONS, options, account_scores=False)
    shadow.config = write_config(
        shadow.folder, SHADOW_SECTIONS, beside, account_scores=False, **given
    )
    run_verb(shadow.config, "topics")
    run_verb(first.config, "publish", str(SAMPLE), "--facts", str(FACTS))
    published = {topic: len(list(records(options, topic))) for topic in names.requests}
    for workers, place in ((first, options), (shadow, beside)):
        expected = replace(replayed(workers.config, tmp_path, [SAMPLE], FACTS), scores={})
        workers.start()
        found = wait_for(place, expected, 240.0, workers.supervise)
        assert found.alerts == expected.alerts, f"{found.difference(expected)}\n{workers.logs()}"
    with administrator(options) as admin:
        assert [*conflicts(admin, options), *conflicts(admin, beside)] == []
        [prefix] = conflicts(admin, replace(options, application="another"))
        [application] = conflicts(admin, replace(options, prefix="another"))
    assert prefix.endswith(
        f"read by application {options.application}: choose another kafka.prefix"
    )
    assert application.startswith(f"application {options.application} is at work on ")
    for topic, count in published.items():
        assert len(list(records(options, topic))) == count
    # A process of its own: it writes bytes, past what would collect its text here.
    lines = [
        subprocess.run(
            command(workers.config, "alerts"), cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for workers in several
    ]
    paths = [tmp_path / "first.jsonl", tmp_path / "shadow.jsonl"]
    for path, alerts in zip(paths, lines, strict=True):
        path.write_text(alerts)
    assert lines[0] != lines[1]
    said = run_verb(first.config, "compare", str(paths[0]), str(paths[1]))
    assert "only in A" in said.splitlines()[-2]
