"""What every signal must keep to, whoever writes it: the suite finds them by their files."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import signals
from models.features import BINS, AccountFeature, ProfileView
from models.pooling import TieFeature, TieView, pooled_inputs
from models.signals import ACCOUNT_FEATURES, SIGNAL_OF, SIGNALS, TIE_FEATURES
from tests.models import profiles

FOLDER = Path(signals.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")

by_name = pytest.mark.parametrize("name", NAMES)
account_features = pytest.mark.parametrize("feature", ACCOUNT_FEATURES, ids=lambda one: one.name)
tie_features = pytest.mark.parametrize("feature", TIE_FEATURES, ids=lambda one: one.name)


def test_every_signal_is_a_pair_of_files_and_is_discovered() -> None:
    assert NAMES
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == NAMES
    assert list(SIGNALS) == NAMES


def test_ids_are_unique() -> None:
    assert max(Counter(signal.id for signal in SIGNALS.values()).values()) == 1


def test_feature_names_are_unique_over_all_signals() -> None:
    every = [feature.name for feature in ACCOUNT_FEATURES]
    every += [feature.name for feature in TIE_FEATURES]
    assert max(Counter(every).values()) == 1
    assert SIGNAL_OF.keys() == set(every)


@by_name
def test_a_signal_contributes_a_feature(name: str) -> None:
    assert name in SIGNAL_OF.values()


@by_name
def test_a_signal_says_what_it_is_and_what_to_do(name: str) -> None:
    signal = SIGNALS[name]
    assert re.fullmatch(r"gauger\.[a-z_]+", signal.id)
    assert signal.techniques
    assert all(re.fullmatch(r"AML\.T\d{4}(\.\d{3})?", one) for one in signal.techniques)
    assert len(signal.runbook) >= 2
    assert signal.lookalikes
    for text in (signal.title, signal.about, *signal.lookalikes, *signal.runbook):
        assert text.strip() == text != ""


@account_features
def test_an_account_feature_can_be_binned_and_told(feature: AccountFeature) -> None:
    assert np.isfinite([feature.low, feature.high]).all()
    assert feature.value_at(0) == feature.low < feature.high
    assert feature.value_at(BINS - 1) == pytest.approx(feature.high)
    assert feature.few.strip()
    assert feature.many.strip()
    assert feature.few != feature.many


@account_features
@given(seed=st.integers(0, 2**32))
def test_an_account_feature_lies_within_its_bins(feature: AccountFeature, seed: int) -> None:
    records = profiles.plausible_profiles(np.random.default_rng(seed), 20)
    values = feature.compute(ProfileView(records, profiles.NOW))
    assert values.shape == (20,)
    assert np.isfinite(values).all()
    room = 0.02 * (feature.high - feature.low)
    assert values.min() >= feature.low - room
    assert values.max() <= feature.high + room


@account_features
def test_an_account_feature_tells_accounts_apart(feature: AccountFeature) -> None:
    records = profiles.plausible_profiles(np.random.default_rng(1), 300)
    values = feature.compute(ProfileView(records, profiles.NOW))
    step = (feature.high - feature.low) / (BINS - 1)
    assert len(set(np.rint(values / step).tolist())) >= 8


@account_features
def test_an_account_feature_of_an_extreme_profile_is_finite(feature: AccountFeature) -> None:
    values = feature.compute(ProfileView(profiles.extreme_profiles(), profiles.NOW))
    assert np.isfinite(values).all()


@account_features
def test_an_account_feature_depends_on_no_other_account(feature: AccountFeature) -> None:
    records = profiles.plausible_profiles(np.random.default_rng(2), 30)
    together = feature.compute(ProfileView(records, profiles.NOW))
    alone = [
        float(feature.compute(ProfileView(records[row : row + 1], profiles.NOW))[0])
        for row in range(len(records))
    ]
    assert together.tolist() == alone


@account_features
def test_no_accounts_are_no_values(feature: AccountFeature) -> None:
    nobody = ProfileView(profiles.extreme_profiles()[:0], profiles.NOW)
    assert feature.compute(nobody).shape == (0,)


@tie_features
def test_a_tie_feature_can_be_told(feature: TieFeature) -> None:
    assert np.isfinite(feature.usual)
    assert feature.few.strip()
    assert feature.many.strip()
    assert feature.few != feature.many


@tie_features
@given(seed=st.integers(0, 2**32), epoch_seconds=st.sampled_from([10, 300, 86_400]))
def test_a_tie_feature_is_scaled(feature: TieFeature, seed: int, epoch_seconds: int) -> None:
    records = profiles.plausible_statistics(np.random.default_rng(seed), 20)
    values = feature.compute(TieView(records, epoch_seconds))
    assert values.shape == (20,)
    assert (values >= -2.0).all()
    assert (values <= 2.0).all()


@tie_features
def test_a_tie_feature_of_extreme_statistics_is_finite(feature: TieFeature) -> None:
    values = feature.compute(TieView(profiles.extreme_statistics(), 300))
    assert np.isfinite(values).all()


@given(st.integers(0, 2**32))
def test_pooled_inputs_are_finite_and_small(seed: int) -> None:
    plausible = profiles.plausible_statistics(np.random.default_rng(seed), 20)
    inputs = pooled_inputs(TieView(plausible, 300), TIE_FEATURES)
    assert inputs.shape == (20, 3 * len(ACCOUNT_FEATURES) + len(TIE_FEATURES))
    assert (np.abs(inputs) <= 2.0).all()
