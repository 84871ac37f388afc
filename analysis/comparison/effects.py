"""A study as a comparison sees it: who answered, on which music, and each effect with all that makes it the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

POINTS, WORTH, RATING, SHARE = "points", "worth", "rating", "share"
MEASURES = (POINTS, WORTH, RATING, SHARE)
STUDY, FILE, TABLE = "study", "file", "table"
# What a comparison reads of an analysis JSON.
RESULT_KEYS = (
    *("n_participants", "n_clips", "n_ballots", "effective_clips", "weights", "conditions", "factors", "second_choice"),
    *("scores", "exposure", "primary", "secondary", "these_clips", "pairwise", "plackett_luce", "factorial"),
    "questions",
)

# Why an effect has no number that can be combined.
STOPPED, FEW_CLIPS, SEPARATED, NO_SPREAD, NO_ERROR = "stopped", "few clips", "separated", "no spread", "no error"
# Why a source cannot stand with the others, beside these.
SIMULATED, SAME_STUDY, NO_MEASURE, NO_CONTRAST = "simulated", "same study", "no measure", "no contrast"
NO_POPULATION, OTHER_UNIT, OTHER_QUESTION = "no population", "other unit", "other question"


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Two groups of images by the levels of their conditions, so that other names of the same are the same.

    Attributes:
        key: as the study names it: "redefined", "size_large", or "a − b" of two conditions.
        factor: whose levels differ between the sides; "" if more than one does, or if the levels are not known.
        high, low: the level of the factor on each side, or what is known of the conditions there.
        within: the levels of all other factors on the high side and on the low one, over which each side is the mean.
    """

    key: str
    factor: str
    high: str
    low: str
    within: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def is_pair(self) -> bool:
        """Whether it is named as a pair of conditions, and not as a factor."""
        return " − " in self.key

    def sign_of(self, other: Contrast) -> int:
        """1 if `other` is the same contrast, −1 if it is the same with its sides exchanged, 0 if it is another."""
        if self.factor != other.factor:
            return 0
        if (self.high, self.low, self.within) == (other.high, other.low, other.within):
            return 1
        return -1 if (self.high, self.low, self.within) == (other.low, other.high, other.within[::-1]) else 0


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A contrast's size in one measure, for these clips or for new ones.

    `unit`: what has to be equal in numbers that are compared: weights and images of points, the ends of a scale.
    `question`: its key in the instrument; "" of first and second choices. `se` may be None where `ci95` and `p` tell it
    (`meta_analysis.error_of_interval`); `missing` names why there is neither.
    """

    contrast: Contrast
    measure: str
    population: str
    question: str = ""
    unit: Mapping[str, Any] = field(default_factory=dict)
    estimate: float | None = None
    se: float | None = None
    df: float | None = None
    ci95: tuple[float, float] | None = None
    p: float | None = None
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A study, wherever its results come from.

    Attributes:
        slug: of a study of this installation; "" of a file.
        digest: SHA-256 of the analysis as canonical JSON, so of a study and its export alike; of a table's bytes.
        simulated: None if the source does not say.
        identities: two sources that share one are of the same study.
        clips: digests of the sounds; empty if they are not known.
        table: of a published table of scores: what its audit found.
    """

    name: str
    origin: str
    digest: str
    slug: str = ""
    simulated: bool | None = None
    identities: frozenset[str] = frozenset()
    clips: frozenset[str] = frozenset()
    n_participants: int | None = None
    n_clips: int | None = None
    n_ballots: int | None = None
    effects: tuple[Effect, ...] = ()
    table: Mapping[str, Any] = field(default_factory=dict)
