"""What a report claims of studies without any effect, with all images and with some not shown.

Each person and clip has its own tastes, equal on average for all images. One condition is then left out of a random
part of the ballots; the people choose among the images left, in the same order of preference.
"""

import re
from dataclasses import replace

import numpy as np
import pytest

from analysis.report.context import ReportContext, condition_views
from analysis.report.text.answer import answer
from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import NONE, PRESET, Ballots
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.result_json import to_json

PEOPLE, CLIPS, K = 16, 8, len(PRESET)
STUDIES = 16
# Without the random effects, of which the report claims nothing: they are half of the time.
PLAN = AnalysisPlan(draws=100, permutations=100, random_effects=False)
CONTEXT = ReportContext(title="t", conditions=condition_views(PRESET))


def utilities(rng: np.random.Generator) -> np.ndarray:
    """What each image is worth to each person, (PEOPLE, CLIPS, K)."""
    people, clips = rng.normal(0, 0.7, (PEOPLE, 1, K)), rng.normal(0, 0.7, (1, CLIPS, K))
    return people + clips + rng.gumbel(size=(PEOPLE, CLIPS, K))


def ballots(worth: np.ndarray, shown: np.ndarray) -> Ballots:
    """The two best of the images that were `shown`, (PEOPLE, CLIPS, K)."""
    flat, mask = worth.reshape(-1, K), shown.reshape(-1, K)
    ranked = np.argsort(-np.where(mask, flat, -np.inf), axis=1)
    rank = np.arange(K) < mask.sum(axis=1)[:, None]
    person, clip = np.divmod(np.arange(len(flat)), CLIPS)
    return Ballots(
        conditions=PRESET,
        participants=[f"p{n:02}" for n in range(PEOPLE)],
        clips=[f"c{n}" for n in range(CLIPS)],
        participant=person,
        clip=clip,
        first=ranked[:, 0],
        second=ranked[:, 1],
        order=np.where(rank, ranked, NONE),
    )


def claim(study: Ballots) -> int:
    """1 if the report claims that redefined tags do better for music like this, −1 if worse, 0 if neither."""
    result = analyse(study, PLAN)
    text = answer(to_json(result), CONTEXT)
    if re.match("Yes, for music like this", text):
        return 1
    return -1 if text.startswith("No, the reverse, for music like this") else 0


@pytest.fixture(scope="module")
def claims() -> list[tuple[int, int]]:
    """(claim with all images, claim with images left out) of each study."""
    found = []
    for seed in range(STUDIES):
        rng = np.random.default_rng(seed)
        worth = utilities(rng)
        everything = np.ones(worth.shape, dtype=bool)
        some = everything.copy()
        some[..., seed % K] = rng.random((PEOPLE, CLIPS)) < 0.4
        found.append((claim(ballots(worth, everything)), claim(ballots(worth, some))))
    return found


def test_leaving_out_images_never_turns_a_claim_round(claims: list[tuple[int, int]]) -> None:
    assert all(whole * part >= 0 for whole, part in claims)


def test_leaving_out_images_makes_no_claims(claims: list[tuple[int, int]]) -> None:
    """Of 16 studies without an effect 4 or more claims at the level 0.05 have a probability below 0.01."""
    assert sum(part != 0 for _, part in claims) < 4
    assert sum(whole != 0 for whole, _ in claims) < 4


def test_images_counted_as_lost_where_they_were_not_shown_would_be_noticed() -> None:
    """The control: the same ballots as if everybody had seen all images claim that the missing condition is worse."""
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        worth = utilities(rng)
        some = np.ones(worth.shape, dtype=bool)
        some[..., 0] = rng.random((PEOPLE, CLIPS)) < 0.2
        some[..., 1] = rng.random((PEOPLE, CLIPS)) < 0.5
        found.append(claim(replace(ballots(worth, some), order=None)))
    assert found.count(-1) >= 6
