"""Clips that lag are named, and chance alone names none."""

import random

from study.ballots.clip_answers import ClipCount
from study.participants.coverage import judge_coverage


def counts(*answered: int) -> list[ClipCount]:
    return [ClipCount(number, f"{number}.wav", n) for number, n in enumerate(answered, start=1)]


def test_the_clips_come_fewest_first_with_what_the_plan_gives() -> None:
    seen = judge_coverage(counts(30, 12, 29, 31), each=2, target=80)
    assert [row.clip.number for row in seen.clips] == [2, 3, 1, 4]
    assert [row.clip.number for row in seen.lagging] == [2]
    assert (seen.planned, seen.fewest, seen.most, seen.full) == (40, 12, 31, 40)
    assert judge_coverage(counts(3, 4), each=None, target=80).planned == 80
    assert judge_coverage(counts(3, 4), each=None, target=None).planned is None


def test_small_numbers_and_chance_name_no_clip() -> None:
    assert not judge_coverage(counts(0, 1, 3, 2), each=2, target=80).lagging
    assert not judge_coverage([], each=2, target=80).clips
    rng = random.Random(1)
    named = 0
    for _study in range(100):
        people = [rng.sample(range(40), 12) for _person in range(60)]
        spread = [sum(clip in person for person in people) for clip in range(40)]
        named += len(judge_coverage(counts(*spread), each=12, target=None).lagging)
    assert named < 100, "of 4,000 clips that lag by chance alone"
