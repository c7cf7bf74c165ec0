from __future__ import annotations

import logging

import orjson
import pytest
import structlog

from stream.log import configure_logging, mute_clients


def test_away_from_a_terminal_a_log_line_is_one_json_object(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()
    structlog.get_logger().info("epoch closed", epoch=7)
    told = capsys.readouterr()
    assert told.out == ""
    line = orjson.loads(told.err)
    assert (line["event"], line["epoch"], line["level"]) == ("epoch closed", 7, "info")
    assert line["timestamp"].endswith("Z")


def test_less_severe_events_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning")
    structlog.get_logger().info("epoch closed")
    structlog.get_logger().warning("source lags")
    assert capsys.readouterr().err.count("\n") == 1


def test_muted_clients_are_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    mute_clients()
    logging.getLogger("aiokafka.client").error("Topic not found")
    logging.getLogger("kafka.conn").error("Connect failed")
    assert capsys.readouterr().err == ""
