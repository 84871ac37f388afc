"""Evidence of the voice detector and the tagger, and their verdicts: 1 (voice), -1 (none), 0 (undecided)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from generation.redefinition.rules.schema import VoicePolicy
from generation.redefinition.spelling import normalise


class VoiceThresholds(BaseModel):
    """Thresholds of the detectors' verdicts. Between the two shares the voice detector is undecided.

    How the defaults were chosen: docs/tag-redefinition.md, measured by benchmarks/choose_voice_thresholds.py.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    voice_at: float = Field(
        default=0.5, ge=0, le=1, description="Lowest share of the clip with voice for the verdict “voice”."
    )
    none_at: float = Field(
        default=0.05, ge=0, le=1, description="Highest share of the clip with voice for the verdict “none”."
    )
    tagger_at: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="Lowest probability of its voice tags for a verdict of the tagger.",
    )

    @model_validator(mode="after")
    def _none_below_voice(self) -> "VoiceThresholds":
        if self.none_at >= self.voice_at:
            raise ValueError(
                f"none_at ({self.none_at}) must lie below voice_at ({self.voice_at}); lower it or raise voice_at"
            )
        return self


@dataclass(frozen=True)
class TableEvidence:
    """The detectors' evidence on n clips; NaN for a clip without evidence.

    `share` (n,): share of the clip with voice, 0 to 1. `tagger_heard`, `tagger_denied` (n,): the highest
    probability among the tagger's tags that affirm a voice, and among those that deny one.
    """

    share: np.ndarray
    tagger_heard: np.ndarray
    tagger_denied: np.ndarray

    @classmethod
    def of(
        cls,
        n: int,
        share: np.ndarray | None = None,
        tagger_heard: np.ndarray | None = None,
        tagger_denied: np.ndarray | None = None,
    ) -> "TableEvidence":
        """Build evidence, NaN for each argument that is None. Raises ValueError for a wrong shape or range."""
        columns = []
        given = {"share": share, "tagger_heard": tagger_heard, "tagger_denied": tagger_denied}
        for name, values in given.items():
            column = np.full(n, np.nan) if values is None else np.asarray(values, dtype=float)
            if column.shape != (n,):
                raise ValueError(f"{name} has shape {column.shape}, not ({n},): one value for each clip.")
            if bool(((column < 0) | (column > 1)).any()):
                raise ValueError(f"{name} must lie between 0 and 1.")
            columns.append(column)
        return cls(*columns)

    def detector_verdict(self, thresholds: VoiceThresholds) -> np.ndarray:
        """(n,) of 1, 0, -1 from the share alone."""
        return (self.share >= thresholds.voice_at).astype(np.int8) - (self.share <= thresholds.none_at)

    def tagger_verdict(self, thresholds: VoiceThresholds) -> np.ndarray:
        """(n,) of 1, 0, -1: the higher of `tagger_heard` and `tagger_denied`, if it reaches the threshold."""
        heard = np.nan_to_num(self.tagger_heard, nan=0.0)
        denied = np.nan_to_num(self.tagger_denied, nan=0.0)
        given = ~(np.isnan(self.tagger_heard) & np.isnan(self.tagger_denied))
        voice = given & (heard >= thresholds.tagger_at) & (heard > denied)
        none = given & (denied >= thresholds.tagger_at) & (denied > heard)
        return voice.astype(np.int8) - none


def clip_evidence(
    voice_share: float | None, probabilities: Mapping[str, float] | None, policy: VoicePolicy | None
) -> TableEvidence:
    """The evidence on one clip as a table of one row."""
    heard = denied = None
    if probabilities and policy:
        named = {normalise(tag): value for tag, value in probabilities.items()}
        heard = max((named[tag] for tag in policy.tagger_heard if tag in named), default=None)
        denied = max((named[tag] for tag in policy.tagger_denied if tag in named), default=None)
    return TableEvidence.of(
        1, *(None if value is None else np.array([value]) for value in (voice_share, heard, denied))
    )
