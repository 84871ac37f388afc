"""The public JSON: one place that names its keys. Numbers are finite; what does not apply is null."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.statistics import results
from analysis.statistics.plan_and_result import AnalysisResult, MainNumbers


def plain(value: Any) -> Any:
    """Dataclasses, tuples and arrays as plain Python values; a number that is not finite is a bug."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a result is not finite: {value}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def contrast_block(test: results.ContrastTest) -> dict[str, Any]:
    keys = ("contrast", "estimate", "se", "df", "t", "p", "ci95", "population")
    block = {key: plain(getattr(test, key)) for key in keys}
    if test.p_holm is not None:
        block["p_holm"] = test.p_holm
    return block


def _new_clips(test: results.ContrastTest | None) -> dict[str, Any] | None:
    keys = ("estimate", "se", "df", "t", "p", "p_holm", "ci95")
    return None if test is None else {key: plain(getattr(test, key)) for key in keys}


def by_condition(conditions: Sequence[str], values: Sequence[Any] | None) -> dict[str, Any] | None:
    return None if values is None else {c: plain(v) for c, v in zip(conditions, values, strict=True)}


def _scores(result: AnalysisResult | MainNumbers) -> dict[str, Any]:
    keys = ("points", "mean_points", "ci95", "first", "second")
    return {
        condition: {key: plain(getattr(result.scores, key)[k]) for key in keys}
        for k, condition in enumerate(result.conditions)
    }


def pair_block(pair: results.PairComparison) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "difference": pair.difference,
        "ci95": plain(pair.ci95),
        "ci95_simultaneous": plain(pair.ci95_simultaneous),
        "wilcoxon": plain(pair.wilcoxon),
        "superiority": plain(pair.superiority),
        "new_clips": _new_clips(pair.new_clips),
        "population": pair.population,
    }


def worths_block(conditions: Sequence[str], fit: results.PlackettLuce) -> dict[str, Any]:
    """Worths and their errors, by condition."""
    per_condition = (
        "log_worth",
        "se",
        "se_robust",
        "ci95",
        "worth",
        "se_jackknife",
        "se_new_clips",
        "ci95_new_clips",
    )
    block: dict[str, Any] = {"reference": fit.reference}
    block |= {key: by_condition(conditions, getattr(fit, key)) for key in per_condition}
    for key in ("loglik", "converged", "separated", "penalised", "bounds", "quasi_variances", "covariance"):
        block[key] = plain(getattr(fit, key))
    if fit.quasi_variances is not None:
        block["quasi_variances"]["values"] = by_condition(conditions, fit.quasi_variances.values)
    block["population"] = fit.population
    return block


# Kept after an early stop: what was chosen and shown, and the rule itself. All else rests on a fixed number of people.
_DESCRIBE = (
    "counts",
    "exposure",
    "due",
    "drop_out",
    "win_matrix",
    "position_balance",
    "sequential",
    "by_clip",
    "shown_by_clip",
)
_SETTINGS = ("weights", "conditions", "factors", "n_participants", "n_clips", "n_ballots", "effective_clips", "limits")
KEPT_AFTER_A_STOP = frozenset((*_DESCRIBE, *_SETTINGS, "second_choice", "warnings", "seed", "draws"))
# Keys from which a p value or an interval could be read off.
_SAMPLING = frozenset(
    ("se", "df", "df_error", "t", "p", "ci95", "statistic", "covariance", "wilcoxon", "quasi_variances", "bounds")
) | frozenset(("interval", "difference_se", "test", "new_clips", "loglik"))
_TESTS = frozenset(
    ("friedman", "skillings_mack", "permutation", "position_bias", "fatigue", "irrelevant_alternatives", "smallest")
) | frozenset(
    ("random_effects", "prediction", "moderators", "missing_seconds", "design_checks", "simple_effects", "factorial")
)


def without_sampling(value: Any) -> Any:
    """The same with null for every number that assumes a fixed number of people; estimates stay."""
    if isinstance(value, dict):
        return {
            key: None if key in _SAMPLING or key.startswith(("p_", "se_", "ci95_")) else without_sampling(item)
            for key, item in value.items()
        }
    return [without_sampling(item) for item in value] if isinstance(value, list) else value


def to_json(result: AnalysisResult) -> dict[str, Any]:
    """The public JSON as plain Python values; docs/statistics.md lists its keys.

    After an early stop by the e-process every test, p value, standard error and ordinary interval is None: they
    assume a number of people that was fixed beforehand. The confidence sequence holds.
    """
    data = _everything(result)
    if result.sequential is None or not result.sequential.stopped_at:
        return data
    kept = {
        key: value if key in KEPT_AFTER_A_STOP else None if key in _TESTS else without_sampling(value)
        for key, value in data.items()
    }
    return kept | {"permutation_by_clip": {}, "kendall_w": None}


def main_to_json(numbers: MainNumbers, *, stopped: bool = False) -> dict[str, Any]:
    """The main numbers under the keys of `to_json`.

    Args:
        stopped: these people are part of an analysis that stopped early. Then, or if their own e-process stops, every
            number that assumes a fixed number of people is null, as in `to_json`.
    """
    data = {
        "n_participants": numbers.n_participants,
        "n_clips": numbers.n_clips,
        "n_ballots": numbers.n_ballots,
        "primary": None if numbers.primary is None else contrast_block(numbers.primary),
        "scores": _scores(numbers),
    }
    stopped = stopped or bool(numbers.sequential and numbers.sequential.stopped_at)
    return dict(without_sampling(data)) if stopped else data


def _win_matrix(result: AnalysisResult) -> dict[str, dict[str, int]]:
    """How many ballots put the first condition above the second, among those that showed both."""
    wins: dict[str, dict[str, int]] = {condition: {} for condition in result.conditions}
    for pair in result.pairwise:
        wins[pair.a][pair.b], wins[pair.b][pair.a] = pair.superiority.above, pair.superiority.below
    return wins


def _new(result: AnalysisResult) -> tuple[results.ContrastTest, ...]:
    """The tests for new clips."""
    primary = () if result.primary is None else (result.primary,)
    return (*primary, *result.secondary, *(effect.test for effect in result.simple_effects))


def _exposure(result: AnalysisResult) -> dict[str, Any] | None:
    """Showings by condition, and the ballots that do not enter a contrast because they showed no image of one side."""
    found = result.exposure
    if found is None:
        return None
    return {
        "shown": by_condition(result.conditions, found.shown),
        "unequal": found.unequal,
        "left_out": {test.contrast: test.left_out for test in (*result.these_clips, *_new(result))},
    }


def _missing_seconds(result: AnalysisResult) -> dict[str, Any] | None:
    found = result.missing_seconds
    if found is None:
        return None
    return {
        "missing": found.missing,
        "by_first": {
            condition: {"firsts": firsts, "missing": missing}
            for condition, firsts, missing in zip(result.conditions, found.firsts, found.missing_after, strict=True)
        },
        "test": plain(found.test),
        "bounds": found.bounds and [_new_clips(test) for test in found.bounds],
        "weighted": found.weighted and contrast_block(found.weighted),
        "primary_from": "first choices" if result.plan.second_choice == "optional" else "first and second choices",
    }


def _prediction(result: AnalysisResult) -> dict[str, Any] | None:
    found = result.prediction
    if found is None:
        return None
    return {**plain(found), "first": by_condition(result.conditions, found.first)}


def _everything(result: AnalysisResult) -> dict[str, Any]:
    by_clip = {
        clip: by_condition(result.conditions, plain(result.by_clip.points[j])) for j, clip in enumerate(result.clips)
    }
    friedman = result.friedman
    return {
        "n_participants": result.n_participants,
        "n_clips": result.n_clips,
        "n_ballots": result.n_ballots,
        "weights": plain(result.weights),
        "conditions": list(result.conditions),
        "primary": None if result.primary is None else contrast_block(result.primary),
        "secondary": [contrast_block(test) for test in result.secondary] if result.primary else None,
        "scores": _scores(result),
        "by_clip": by_clip,
        "shown_by_clip": {
            clip: by_condition(result.conditions, plain(result.by_clip.shown[j])) for j, clip in enumerate(result.clips)
        },
        "friedman": None if friedman is None else plain(friedman),
        "kendall_w": result.kendall_w,
        "permutation": plain(result.permutation),
        "pairwise": [pair_block(pair) for pair in result.pairwise],
        "plackett_luce": result.plackett_luce and worths_block(result.conditions, result.plackett_luce),
        "factorial": {effect.name: plain(effect) for effect in result.factorial} or None,
        "position_bias": plain(result.position_bias),
        "simple_effects": [
            {"factor": effect.factor, "within": effect.within} | contrast_block(effect.test)
            for effect in result.simple_effects
        ]
        or None,
        "second_choice": result.plan.second_choice,
        "smallest": plain(result.smallest),
        "missing_seconds": _missing_seconds(result),
        "prediction": _prediction(result),
        "moderators": plain(result.moderators) or None,
        "exposure": _exposure(result),
        "limits": {test.contrast: plain(test.limits) for test in (*result.these_clips, *_new(result)) if test.limits},
        "due": {
            "ballots": result.drop_out.due,
            "given": result.drop_out.given,
            "assumed": result.drop_out.assumed,
        },
        "design_checks": plain(result.design_checks),
        "win_matrix": _win_matrix(result),
        "effective_clips": result.effective_clips,
        "warnings": [caution.text for caution in result.warnings],
        # Beside the promised shape:
        "factors": plain(result.factors),
        "counts": {
            "none_fits": result.n_none_fits,
            "without_second": result.n_without_second,
            "excluded": result.n_excluded,
            "repeats": result.n_repeats,
        },
        "these_clips": [contrast_block(test) for test in result.these_clips],
        "skillings_mack": plain(result.skillings_mack),
        "permutation_by_clip": dict(zip(result.clips, map(plain, result.permutation_by_clip), strict=False)),
        "irrelevant_alternatives": plain(result.irrelevant_alternatives),
        "random_effects": plain(result.random_effects),
        "position_balance": plain(result.position_balance),
        "fatigue": plain(result.fatigue),
        "test_retest": plain(result.test_retest),
        "agreement": plain(result.agreement),
        "drop_out": plain(result.drop_out),
        "sensitivity": plain(result.sensitivity),
        "sequential": plain(result.sequential),
        "seed": result.plan.seed,
        "draws": result.scores.draws,
    }
