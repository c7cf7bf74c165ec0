"""Narrowness: a harvest asks one kind of thing in one form and size, over and over."""

from __future__ import annotations

import numpy as np

from models.features import AccountFeature, ProfileView, Values, shrunk, spread


def _input(view: ProfileView) -> Values:
    return shrunk(view.total("log_input"), view.total("known_input"), usual=9.5, weight=2.0)


def _output(view: ProfileView) -> Values:
    return shrunk(view.total("log_output"), view.total("known_output"), usual=7.5, weight=2.0)


def _text(view: ProfileView) -> Values:
    return shrunk(view.total("log_characters"), view.total("texts"), usual=8.0, weight=2.0)


def _input_spread(view: ProfileView) -> Values:
    squares = view.total("log_input_squared")
    return spread(view.total("log_input"), squares, view.total("known_input"), 1.5, 4.0)


def _output_spread(view: ProfileView) -> Values:
    squares = view.total("log_output_squared")
    return spread(view.total("log_output"), squares, view.total("known_output"), 1.3, 4.0)


def _text_spread(view: ProfileView) -> Values:
    squares = view.total("log_characters_squared")
    return spread(view.total("log_characters"), squares, view.total("texts"), 1.3, 4.0)


def _single_turn(view: ProfileView) -> Values:
    return shrunk(view.total("single_turn"), view.total("known_messages"), usual=0.5, weight=4.0)


def _cached(view: ProfileView) -> Values:
    return shrunk(view.total("cached_share"), view.total("known_input"), usual=0.2, weight=4.0)


def _reasoning(view: ProfileView) -> Values:
    return shrunk(view.total("reasoning"), view.requests, usual=0.3, weight=4.0)


def _cut(view: ProfileView) -> Values:
    return shrunk(view.total("cut"), view.requests, usual=0.03, weight=6.0)


def _repetition(view: ProfileView) -> Values:
    """Share of fragments that the account had shown shortly before."""
    repeated = view.records["repeated"].astype(np.float64)
    return shrunk(repeated, view.records["sampled"].astype(np.float64), usual=0.15, weight=12.0)


def _breadth_of_shape(view: ProfileView) -> Values:
    return np.log2(1.0 + view.distinct("shapes"))


ACCOUNT_FEATURES = (
    AccountFeature("input", 2.0, 20.0, _input, "short inputs", "long inputs"),
    AccountFeature("output", 2.0, 15.0, _output, "short outputs", "long outputs"),
    AccountFeature("text", 2.0, 16.0, _text, "short new text", "long new text"),
    AccountFeature("input_spread", 0.0, 5.0, _input_spread, "inputs of one size", "mixed inputs"),
    AccountFeature(
        "output_spread", 0.0, 4.0, _output_spread, "outputs of one size", "mixed outputs"
    ),
    AccountFeature("text_spread", 0.0, 4.0, _text_spread, "texts of one size", "mixed texts"),
    AccountFeature("single_turn", 0.0, 1.0, _single_turn, "long sessions", "single-turn requests"),
    AccountFeature("cached", 0.0, 1.0, _cached, "nothing cached", "mostly cached inputs"),
    AccountFeature("reasoning", 0.0, 1.0, _reasoning, "no reasoning", "reasoning in most answers"),
    AccountFeature("cut", 0.0, 1.0, _cut, "complete answers", "answers cut at the limit"),
    AccountFeature("repetition", 0.0, 1.0, _repetition, "ever new text", "the same text again"),
    AccountFeature(
        "shapes", 0.0, 6.0, _breadth_of_shape, "one parameter set", "many parameter sets"
    ),
)
