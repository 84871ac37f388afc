"""Scores of a tagger's probabilities, and thresholds that turn probabilities into tags. Imports only NumPy."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TaggingScores:
    """Macro means over the tags that are present in some clips and absent in others; per tag NaN for other tags."""

    roc_auc: float
    pr_auc: float
    roc_auc_per_tag: np.ndarray
    pr_auc_per_tag: np.ndarray
    tags_scored: int


def score_tagging(labels: np.ndarray, probabilities: np.ndarray) -> TaggingScores:
    """ROC-AUC and PR-AUC of `probabilities` against 0/1 `labels`, both (clips, tags).

    ROC-AUC is the Mann-Whitney probability with ties counted half; PR-AUC is average precision (precision
    at each recall step, ties taken together), both as scikit-learn defines them. Raises ValueError for
    shapes that differ, numbers that are not finite, or no tag that can be scored.
    """
    labels, probabilities = np.asarray(labels).astype(bool), np.asarray(probabilities, dtype=np.float64)
    if labels.shape != probabilities.shape or labels.ndim != 2:
        raise ValueError(f"labels {labels.shape} and probabilities {probabilities.shape} must be (clips, tags)")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities must be finite")
    pairs = [_tag_scores(labels[:, tag], probabilities[:, tag]) for tag in range(labels.shape[1])]
    roc, average_precision = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    scored = np.isfinite(roc)
    if not scored.any():
        raise ValueError("no tag both occurs and is absent somewhere, so none can be scored")
    return TaggingScores(
        float(roc[scored].mean()),
        float(average_precision[scored].mean()),
        roc,
        average_precision,
        int(scored.sum()),
    )


def _tag_scores(present: np.ndarray, probability: np.ndarray) -> tuple[float, float]:
    positives, negatives = int(present.sum()), int((~present).sum())
    if not positives or not negatives:
        return float("nan"), float("nan")
    order = np.argsort(-probability, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    hits = np.cumsum(present[order])[last_of_tie]
    misses = last_of_tie + 1 - hits
    hits_before, misses_before = np.append(0, hits[:-1]), np.append(0, misses[:-1])
    area = ((misses - misses_before) * (hits + hits_before) / 2).sum()
    precision = hits / (last_of_tie + 1)
    return float(area / (positives * negatives)), float(((hits - hits_before) * precision).sum() / positives)


def tune_thresholds(labels: np.ndarray, probabilities: np.ndarray, *, default: float = 0.5) -> np.ndarray:
    """For each tag the threshold of its probability with the highest F1, shape (tags,).

    A threshold is halfway between the lowest probability above it and the highest below it.
    `default` for tags that never or always occur in `labels`.
    """
    labels, probabilities = np.asarray(labels).astype(bool), np.asarray(probabilities, dtype=np.float64)
    thresholds = np.full(labels.shape[1], default)
    for tag in range(labels.shape[1]):
        present, probability = labels[:, tag], probabilities[:, tag]
        if not present.any() or present.all():
            continue
        order = np.argsort(-probability, kind="stable")
        ranked = probability[order]
        last_of_tie = np.append(np.flatnonzero(np.diff(ranked)), len(order) - 1)
        hits = np.cumsum(present[order])[last_of_tie]
        best = int(np.argmax(2 * hits / (last_of_tie + 1 + present.sum())))
        lowest_in = ranked[last_of_tie[best]]
        highest_out = ranked[last_of_tie[best] + 1] if best + 1 < len(last_of_tie) else 0.0
        thresholds[tag] = (lowest_in + highest_out) / 2
    return thresholds
