"""The test settings for `load_ballots.py`, with the bare view as the only address."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare_ballot"
