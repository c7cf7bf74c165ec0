from __future__ import annotations

from dataclasses import fields
from string import ascii_letters, digits

from hypothesis import given
from hypothesis import strategies as st

from stream.broker.names import MOST_CHARACTERS, TopicNames, groups_of, is_topic_name
from stream.broker.options import KafkaOptions

LEGAL = st.text(alphabet=ascii_letters + digits + "._-", min_size=1, max_size=MOST_CHARACTERS)


def all_names(names: TopicNames) -> list[str]:
    single = [getattr(names, one.name) for one in fields(names) if one.name != "requests"]
    return [*names.requests, *single]


def test_the_names_are_those_of_the_contract() -> None:
    names = TopicNames.of(KafkaOptions())
    assert set(all_names(names)) >= {
        *("gauger.requests", "gauger.facts", "gauger.feedback", "gauger.events", "gauger.ties"),
        *("gauger.control", "gauger.findings", "gauger.scores.accounts", "gauger.alerts"),
        *("gauger.scores.clusters", "gauger.deadletters"),
    }
    assert names.accounts_changelog == "gauger-accounts-changelog"


@given(LEGAL, LEGAL)
def test_all_names_are_legal_and_differ(prefix: str, application: str) -> None:
    names = all_names(TopicNames.of(KafkaOptions(prefix=prefix, application=application)))
    assert all(is_topic_name(name) for name in names)
    assert len(set(names)) == len(names)


def test_request_topics_of_the_operator_stand_in_for_ours() -> None:
    names = TopicNames.of(KafkaOptions(requests=("a", "b"), prefix="p"))
    assert names.requests == ("a", "b")
    assert names.facts == "p.facts"


def test_a_shadow_reads_what_another_reads_and_writes_nothing_of_its() -> None:
    first = TopicNames.of(KafkaOptions())
    read = (*first.requests, first.facts, first.feedback)
    shadow = TopicNames.of(
        KafkaOptions(
            application="shadow",
            prefix="shadow",
            requests=first.requests,
            facts=first.facts,
            feedback=first.feedback,
        )
    )
    assert set(all_names(shadow)) & set(all_names(first)) == set(read)
    assert shadow.written.isdisjoint(first.written)


def test_groups_are_named_after_the_application() -> None:
    assert groups_of(KafkaOptions(application="shadow")) == ("shadow", "shadow-ingest")
