"""Durations as all pages show them."""

import pytest

from study.templatetags.humane import clock


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (89.6, "1:29"), (3661.2, "1:01:01"), (None, "–")])
def test_a_duration_is_cut_to_whole_seconds_as_players_show_it(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown
