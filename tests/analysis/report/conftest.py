"""A small, complete analysis JSON, which tests change as they need."""

import copy
from typing import Any

import pytest

KEYS = ["redefined_tags", "redefined_sentence", "original_tags", "original_sentence"]
POINTS = {
    "redefined_tags": [44, 33, 57, 29, 18, 66],
    "redefined_sentence": [44, 79, 53, 50, 69, 46],
    "original_tags": [11, 3, 0, 27, 10, 5],
    "original_sentence": [18, 2, 4, 14, 20, 0],
}


def contrast(name: str, estimate: float | None, p: float | None, **more: Any) -> dict[str, Any]:
    """A contrast as the JSON has it; its interval is ±2 standard errors of 0.4."""
    middle = estimate or 0.0
    return {
        "contrast": name,
        "estimate": estimate,
        "se": 0.4,
        "df": 5.8,
        "t": middle / 0.4,
        "p": p,
        "ci95": [middle - 0.8, middle + 0.8],
        "population": "new clips",
        **more,
    }


ANALYSIS: dict[str, Any] = {
    "n_participants": 30,
    "n_clips": 6,
    "n_ballots": 180,
    "weights": [3.0, 1.0],
    "conditions": KEYS,
    "primary": contrast("redefined", 2.1, 0.001),
    "secondary": [contrast("sentence", 0.5, 0.28, p_holm=0.4), contrast("interaction", 0.1, 0.8, p_holm=0.8)],
    "scores": {
        key: {
            "points": float(sum(row)),
            "mean_points": sum(row) / 180,
            "ci95": [sum(row) / 180 - 0.1, sum(row) / 180 + 0.1],
            "first": sum(row) // 4,
            "second": sum(row) - 3 * (sum(row) // 4),
        }
        for key, row in POINTS.items()
    },
    "by_clip": {f"clip {n + 1}": {key: float(POINTS[key][n]) for key in KEYS} for n in range(6)},
    "friedman": {"statistic": 40.2, "df": 3, "p": 1e-7, "population": "these clips"},
    "kendall_w": 0.45,
    "permutation": {"statistic": 1.234, "p": 0.0001, "draws": 9999, "null": "", "population": "these clips"},
    "pairwise": [
        {
            "a": KEYS[0],
            "b": KEYS[1],
            "difference": -0.5,
            "ci95": [-0.9, -0.1],
            "ci95_simultaneous": [-1.0, 0.0],
            "wilcoxon": {"statistic": 40.0, "p": 0.01, "p_holm": 0.02, "n": 28, "exact": True},
        }
    ],
    "plackett_luce": {
        "reference": "original_tags",
        "log_worth": dict(zip(KEYS, [1.4, 1.8, 0.0, 0.02], strict=True)),
        "se": dict(zip(KEYS, [0.2, 0.2, 0.0, 0.2], strict=True)),
        "se_robust": dict(zip(KEYS, [0.2, 0.2, 0.0, 0.2], strict=True)),
        "ci95": dict(zip(KEYS, [[1.0, 1.8], [1.4, 2.2], [0.0, 0.0], [-0.4, 0.4]], strict=True)),
        "worth": dict(zip(KEYS, [0.3, 0.5, 0.1, 0.1], strict=True)),
        "loglik": -300.0,
        "converged": True,
        "separated": [],
    },
    "factorial": {
        name: {"estimate": 1.6, "se_robust": 0.2, "ci95": [1.2, 2.0], "p": 1e-5}
        for name in ("redefined", "sentence", "interaction")
    },
    "position_bias": {
        "statistic": 2.1,
        "df": 3,
        "p": 0.55,
        "observed": [50, 40, 44, 46],
        "expected": [45.0] * 4,
    },
    "drop_out": {"reached": [30, 30, 29, 28, 28, 28]},
    "warnings": [],
}


@pytest.fixture
def analysis() -> dict[str, Any]:
    """A fresh copy of the analysis."""
    return copy.deepcopy(ANALYSIS)
