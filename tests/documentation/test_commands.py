"""Every command of the documentation is run, or is named with the reason why not."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaProducer

from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions
from stream.broker.topics import settle_topics
from tests.broker.harness import KafkaBroker
from tests.documentation.blocks import NOT_RUN, PAGES, Block, begins, blocks, lasting, run
from tests.documentation.conftest import EPOCHS
from tests.integration.workers import write_config

ALL = [block for page in PAGES for block in blocks(page)]
ALONE = [block for block in ALL if block.commands and not block.needs_broker]
WITH_BROKER = sorted({block.page for block in ALL if block.needs_broker})
# A worker takes long to start: what several pages tell to start is started on the last of them.
LAST_PAGE = {
    lasting(command): block.page for block in ALL for command in block.commands if lasting(command)
}

SHADOW = """
requests = ["{prefix}.requests"]
facts = "{prefix}.facts"
feedback = "{prefix}.feedback"
"""


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of what is prepared, for one test."""
    return Path(shutil.copytree(prepared, tmp_path / "folder"))


FIRST_ALERT = """$(sed -n '1s/.*"alert_id":"\\([^"]*\\)".*/\\1/p' alerts.jsonl)"""
"""What stands for ALERT_ID: the first in the folder's alerts, whoever has written them."""


def name_of(block: Block) -> str:
    return f"{block.page}:{block.line}"


def test_the_documentation_has_commands() -> None:
    assert {"README.md", "docs/tutorial.md", "docs/operations.md"} <= {one.page for one in ALL}
    assert sum(len(block.commands) for block in ALL) > 60


def test_what_is_not_run_is_in_the_documentation() -> None:
    left_out = [command for block in ALL for command in block.left_out]
    for start in NOT_RUN:
        assert any(begins(command, start) for command in left_out), start


@pytest.mark.parametrize("block", ALONE, ids=name_of)
def test_commands_that_need_no_broker(block: Block, folder: Path, server: Path) -> None:
    run(block, folder, server, {"ALERT_ID": FIRST_ALERT})


@pytest.fixture
def options(broker: KafkaBroker, topic_prefix: str) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=broker.bootstrap_servers,
        application=topic_prefix,
        prefix=topic_prefix,
        partitions=2,
    )


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture
def deployment(options: KafkaOptions, folder: Path, port: int) -> Path:
    """A folder with the settings of an application, and of another that stands beside it."""
    sections = f"{EPOCHS}[metrics]\nport = {port}\n"
    own = write_config(folder, sections, options).rename(folder / "gauger.toml")
    for name in ("a.toml", "b.toml"):
        shutil.copy(own, folder / name)
    other = f"{options.prefix}-shadow"
    beside = write_config(folder, EPOCHS, replace(options, application=other, prefix=other))
    with beside.rename(folder / "shadow.toml").open("a") as settings:
        settings.write(SHADOW.format(prefix=options.prefix))
    # Through a broker, a few hundred requests show as much.
    shutil.copy(folder / "traffic.jsonl.zst", folder / "examples" / "events.jsonl.zst")
    return folder


@pytest.mark.broker
@pytest.mark.parametrize("page", WITH_BROKER)
def test_commands_that_need_a_broker(
    page: str, options: KafkaOptions, deployment: Path, port: int, server: Path
) -> None:
    settle_topics(options)
    with KafkaProducer(bootstrap_servers=options.bootstrap_servers) as producer:
        for line in (deployment / "alerts.jsonl").read_bytes().splitlines():
            producer.send(TopicNames.of(options).alerts, line).get(30)
    replaced = {
        "ALERT_ID": FIRST_ALERT,
        "kafka-1:9092,kafka-2:9092": options.bootstrap_servers,
        "localhost:9092": options.bootstrap_servers,
        "kafka:alerts-ocsf": f"kafka:{options.prefix}.elsewhere",
        "gauger.responses": TopicNames.of(options).responses,
        "9464": str(port),
    }
    for block in ALL:
        if block.page == page and block.needs_broker:
            commands = [
                command
                for command in block.commands
                if LAST_PAGE.get(lasting(command), page) == page
            ]
            run(replace(block, commands=tuple(commands)), deployment, server, replaced)
