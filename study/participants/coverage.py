"""How many answers each clip has, against the others and against what the plan will give."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from study.ballots.clip_answers import ClipCount, clip_counts
from study.models import Study, StudyStage
from study.participants.asked_of_design import asked_of_design

# A clip lags if it has fewer answers than chance and people who stop half-way explain: two standard deviations of a
# count below the mean, and a fifth below it.
_DEVIATIONS, _SHARE = 2.0, 0.8


@dataclass(frozen=True)
class Covered:
    """A clip and its answers."""

    clip: ClipCount
    lags: bool


@dataclass(frozen=True)
class Coverage:
    """The answers of all clips that people judge, fewest first."""

    clips: tuple[Covered, ...]
    mean: float
    planned: float | None  # answers per clip once the target has finished; None without a target

    @property
    def lagging(self) -> tuple[Covered, ...]:
        return tuple(row for row in self.clips if row.lags)

    @property
    def fewest(self) -> int:
        return self.clips[0].clip.answered if self.clips else 0

    @property
    def most(self) -> int:
        return self.clips[-1].clip.answered if self.clips else 0

    @property
    def full(self) -> float:
        """What a full bar stands for."""
        return max(self.planned or 0, self.most)


def coverage(study: Study, stage: str = StudyStage.MAIN) -> Coverage:
    """Read the answers of each clip in a stage: a fixed number of queries of counts, however many answers there are."""
    # One number less to read where it is not asked for.
    trials = asked_of_design(study, study.conditions.count()).trials_per_clip if study.instrument else 1
    return judge_coverage(clip_counts(study, stage), study.trials_per_participant, study.target_of(stage), trials)


def judge_coverage(counts: Sequence[ClipCount], each: int | None, target: int | None, trials: int = 1) -> Coverage:
    """Which clips lag, and what each will have.

    Args:
        each: clips per person; None means all.
        target: how many people are to finish.
        trials: how many of each of their clips.
    """
    mean = sum(row.answered for row in counts) / len(counts) if counts else 0.0
    least = min(mean - _DEVIATIONS * sqrt(mean), _SHARE * mean)
    rows = [Covered(row, row.answered < least) for row in counts]
    rows.sort(key=lambda row: (row.clip.answered, row.clip.number))
    per_person = min(each or len(counts), len(counts)) / len(counts) if counts else 0.0
    return Coverage(tuple(rows), mean, target * per_person * trials if target and counts else None)
