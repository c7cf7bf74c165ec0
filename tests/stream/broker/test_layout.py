from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MAX_LINE
from stream.broker.layout import TopicLayout, TopicSetting, topic_layouts
from stream.broker.names import TopicNames
from stream.broker.options import KafkaOptions

OPTIONS = st.builds(
    KafkaOptions,
    partitions=st.integers(1, 1024),
    replication=st.integers(1, 5),
    requests=st.sampled_from([(), ("one",), ("one", "two")]),
    account_scores=st.booleans(),
)


def layout_of(name: str, options: KafkaOptions | None = None) -> TopicLayout:
    (found,) = (one for one in topic_layouts(options or KafkaOptions()) if one.name == name)
    return found


def values(layout: TopicLayout) -> dict[str, str]:
    return {setting.key: setting.value for setting in layout.settings}


@given(OPTIONS)
def test_every_topic_of_an_application_has_one_layout(options: KafkaOptions) -> None:
    names = TopicNames.of(options)
    expected = [*names.requests]
    expected += [getattr(names, one.name) for one in fields(names) if one.name != "requests"]
    if not options.account_scores:
        expected.remove(names.account_scores)
    assert sorted(one.name for one in topic_layouts(options)) == sorted(expected)


@given(OPTIONS)
def test_a_topic_that_was_just_created_is_as_it_should_be(options: KafkaOptions) -> None:
    for layout in topic_layouts(options):
        assert all(setting.holds(setting.value) for setting in layout.settings)
        assert len(values(layout)) == len(layout.settings)


@given(OPTIONS)
def test_what_shares_the_work_has_the_partitions_of_the_settings(options: KafkaOptions) -> None:
    names = TopicNames.of(options)
    shared = {names.events, names.ties, names.accounts_changelog, names.ties_changelog}
    single = {names.control, names.findings, names.sources, names.head_changelog}
    fixed = {one.name: one.partitions for one in topic_layouts(options) if not one.any_partitions}
    assert fixed == dict.fromkeys(shared, options.partitions) | dict.fromkeys(single, 1)


def test_only_topics_that_others_write_are_theirs() -> None:
    theirs = [one.name for one in topic_layouts(KafkaOptions()) if not one.ours]
    assert theirs == ["gauger.requests", "gauger.facts", "gauger.feedback"]


def test_event_time_deletes_nothing() -> None:
    for layout in topic_layouts(KafkaOptions()):
        assert values(layout)["message.timestamp.type"] == "LogAppendTime"


def test_the_longest_line_fits_among_the_dead_letters() -> None:
    assert int(values(layout_of("gauger.deadletters"))["max.message.bytes"]) > MAX_LINE + 1_000_000


def test_three_copies_ask_for_two_that_are_in_step() -> None:
    assert "min.insync.replicas" not in values(layout_of("gauger.events"))
    three = values(layout_of("gauger.events", KafkaOptions(replication=3)))
    assert three["min.insync.replicas"] == "2"


@given(st.integers(-1, 2**62), st.integers(-1, 2**62))
def test_of_two_amounts_the_smaller_is_at_most_the_larger(one: int, other: int) -> None:
    at_least = TopicSetting("retention.ms", str(one), "at least").holds(str(other))
    at_most = TopicSetting("retention.ms", str(other), "at most").holds(str(one))
    assert at_least == at_most
    assert at_least == (other == -1 or (one != -1 and float(other) >= float(one)))


@pytest.mark.parametrize(
    ("found", "good"), [("compact", True), ("delete", False), ("compact,delete", False)]
)
def test_a_policy_must_be_exactly_ours(found: str, good: bool) -> None:  # noqa: FBT001 - a table
    assert TopicSetting("cleanup.policy", "compact", "exactly").holds(found) == good


def test_what_is_only_given_is_never_wrong() -> None:
    assert TopicSetting("segment.ms", "1").holds("2")
