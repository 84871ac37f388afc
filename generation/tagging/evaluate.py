"""Evaluate a tagger on labelled clips as published: macro ROC-AUC and PR-AUC of clip means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from generation.tagging.base import Tagger, TaggingError
from generation.tagging.metrics import TaggingScores, score_tagging, tune_thresholds
from generation.tagging.store import ClipSource


@dataclass(frozen=True)
class Evaluation:
    """Scores on the `tags` that tagger and labels share; `thresholds` are tuned on the valid clips, if given."""

    tags: tuple[str, ...]
    scores: TaggingScores
    thresholds: np.ndarray | None
    f1: float | None

    def record(self) -> dict[str, object]:
        """The evaluation as JSON-able data; the scores of a tag that cannot be scored are null."""
        per_tag = {
            tag: {
                "roc_auc": _finite(self.scores.roc_auc_per_tag[index]),
                "pr_auc": _finite(self.scores.pr_auc_per_tag[index]),
                "threshold": None if self.thresholds is None else float(self.thresholds[index]),
            }
            for index, tag in enumerate(self.tags)
        }
        return {
            "roc_auc": self.scores.roc_auc,
            "pr_auc": self.scores.pr_auc,
            "f1": self.f1,
            "tags_scored": self.scores.tags_scored,
            "tags": per_tag,
        }


def predict_source(
    tagger: Tagger,
    source: ClipSource,
    sample_rate: int,
    on_clip: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Probabilities of every clip, float32 (clips, vocabulary), one clip in memory at a time."""
    rows = np.empty((len(source), len(tagger.vocabulary)), np.float32)
    for index in range(len(source)):
        rows[index] = tagger.predict([source.read(index)], sample_rate)[0]
        if on_clip:
            on_clip(index + 1, len(source))
    return rows


def evaluate(
    probabilities: np.ndarray,
    vocabulary: Sequence[str],
    labels: np.ndarray,
    tags: Sequence[str],
    *,
    valid: tuple[np.ndarray, np.ndarray] | None = None,
) -> Evaluation:
    """Score `probabilities` (clips, vocabulary) against `labels` (clips, tags) on the tags that both have.

    `valid`: probabilities and labels of other clips, on which thresholds are tuned; F1 (macro, over the scored tags) is
    the F1 of these thresholds on the clips scored here. Raises TaggingError if no tag is shared.
    """
    shared = tuple(tag for tag in tags if tag in set(vocabulary))
    if not shared:
        raise TaggingError("the tagger's vocabulary and the labels have no tag in common")
    ours = [list(vocabulary).index(tag) for tag in shared]
    theirs = [list(tags).index(tag) for tag in shared]
    predicted, truth = probabilities[:, ours], labels[:, theirs].astype(bool)
    scores = score_tagging(truth, predicted)
    if valid is None:
        return Evaluation(shared, scores, None, None)
    thresholds = tune_thresholds(valid[1][:, theirs], valid[0][:, ours])
    chosen = predicted >= thresholds
    scored = np.isfinite(scores.roc_auc_per_tag)
    hits = (chosen & truth).sum(axis=0)
    f1 = 2 * hits / np.maximum(chosen.sum(axis=0) + truth.sum(axis=0), 1)
    return Evaluation(shared, scores, thresholds, float(f1[scored].mean()))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
