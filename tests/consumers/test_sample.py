"""What every alert of the sample carries for whoever reads it by a catalogue."""

from __future__ import annotations

from schemas.alert import AlertEvent
from schemas.taxonomy import KNOWN_TECHNIQUES, REFERENCES


def test_every_alert_points_to_owasp_and_to_techniques_with_names(
    sample_alerts: list[AlertEvent],
) -> None:
    assert sample_alerts
    for event in sample_alerts:
        assert event.references == list(REFERENCES)
        assert set(event.techniques) <= set(KNOWN_TECHNIQUES)
        assert "AML.T0024.002" in event.techniques
