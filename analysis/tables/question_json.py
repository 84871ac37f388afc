"""The public JSON of the questions of an instrument: one place that names its keys, as `result_json` for choices.

A block that does not apply to a question is null. After an early stop a block has no number that assumes a fixed
number of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.statistics import results
from analysis.statistics.design_results import DropOut
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.question_results import QuestionResult
from analysis.statistics.questions import primary_question
from analysis.statistics.value_results import Categories, Distribution, TrialNumbers, ValueScores
from analysis.tables.result_json import by_condition, contrast_block, pair_block, plain, without_sampling, worths_block

# Null after an early stop: all of them rest on a fixed number of people.
_TESTS = frozenset(
    (
        "smallest",
        "simple_effects",
        "moderators",
        "position_bias",
        "factorial",
        "friedman",
        "kendall_w",
        "skillings_mack",
    )
)
# Kept as they are: keys are clips and conditions, values are counts and means.
_DESCRIBE = ("by_clip", "answers_by_clip", "win_matrix", "tie_matrix", "distribution", "limits", "warnings")
_COMPONENTS = ("var_participants", "var_clips", "var_residual")

# The keys of the analysis JSON, as `result_json` has them. What is not said of questions is null.
_ABOUT_CHOICES = (
    *("weights", "primary", "secondary", "scores", "by_clip", "shown_by_clip", "friedman", "kendall_w"),
    *("permutation", "pairwise", "plackett_luce", "factorial", "position_bias", "simple_effects", "second_choice"),
    *("smallest", "missing_seconds", "prediction", "moderators", "exposure", "limits", "due", "design_checks"),
    *("win_matrix", "effective_clips", "these_clips", "skillings_mack", "permutation_by_clip"),
    *("irrelevant_alternatives", "random_effects", "position_balance", "fatigue", "test_retest", "agreement"),
    *("drop_out", "sensitivity", "sequential"),
)


def questions_json(found: Mapping[str, QuestionResult], *, stopped: bool = False) -> dict[str, Any]:
    """The block `questions` of the analysis JSON, as plain Python values; docs/statistics.md lists its keys.

    Args:
        stopped: the study stopped early by its e-process.
    """
    blocks = {name: question_json(result) for name, result in found.items()}
    return {"questions": {name: after_a_stop(block) if stopped else block for name, block in blocks.items()}}


def analysis_of_questions_json(
    found: Mapping[str, QuestionResult],
    plan: AnalysisPlan,
    *,
    primary: str = "",
    n_participants: int,
    n_clips: int,
    n_ballots: int,
    n_excluded: int = 0,
    due: DropOut | None = None,
    sensitivity: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The public analysis JSON of questions that hold no first and second choice, under the keys of `to_json`.

    `primary` is a copy of that of the question that the plan names, else of the first that compares conditions;
    `primary_question` is its name, None if none compares any. Null: what is said of choices alone.

    Args:
        primary: the question that the plan names.
        n_ballots: how many trials were analysed.
        due: how many were due, and given.
        sensitivity: as `sensitivity_json` gives it.
        warnings: about the table, English sentences; those about the main question follow them.
    """
    main = primary_question(found, primary)
    repeats = max((result.n_repeats for result in found.values()), default=0)
    return (
        {"n_participants": n_participants, "n_clips": n_clips, "n_ballots": n_ballots}
        | {"conditions": [] if main is None else list(main.conditions)}
        | dict.fromkeys(_ABOUT_CHOICES)
        | main_question_json(found, primary)
        | {"effective_clips": None if main is None else main.effective_clips}
        | {"factors": {} if main is None else plain(main.factors)}
        | ({} if due is None else _due(due))
        | {"sensitivity": sensitivity}
        | {"counts": {"none_fits": 0, "without_second": 0, "excluded": n_excluded, "repeats": repeats}}
        | {"warnings": [*warnings, *(() if main is None else (caution.text for caution in main.warnings))]}
        | {"seed": plan.seed, "draws": plan.draws}
        | questions_json(found)
    )


def _due(found: DropOut) -> dict[str, Any]:
    return {
        "due": {"ballots": found.due, "given": found.given, "assumed": found.assumed},
        "drop_out": plain(found),
    }


def sensitivity_json(
    clips: results.LeftOutEach | None,
    exclusions: Sequence[results.LeftOut] = (),
    known_pieces: results.KnownPieces | None = None,
) -> dict[str, Any]:
    """The block `sensitivity`, about the primary contrast of the main question."""
    return {
        "weights": None,
        "clips": plain(clips),
        "participants": None,
        "exclusions": plain(exclusions),
        "known_pieces": plain(known_pieces),
    }


def main_question_json(found: Mapping[str, QuestionResult], primary: str) -> dict[str, Any]:
    """The keys `primary` and `primary_question` at the top of the JSON."""
    main = primary_question(found, primary)
    return {
        "primary": main and main.primary and _contrast(main.primary),
        "primary_question": main and main.name,
    }


def question_json(result: QuestionResult) -> dict[str, Any]:
    """One question: what applies to its kind, the rest null."""
    keys = result.conditions
    tests = [test for test in (result.primary, *result.these_clips, *result.secondary) if test is not None]
    return {
        "kind": result.kind,
        "n_participants": result.n_participants,
        "n_trials": result.n_trials,
        "n_clips": result.n_clips,
        "n_repeats": result.n_repeats,
        "effective_clips": result.effective_clips,
        "conditions": list(keys),
        "factors": plain(result.factors),
        "lowest": result.lowest,
        "highest": result.highest,
        "steps": result.steps,
        "points": plain(result.points),
        "primary": result.primary and _contrast(result.primary),
        "secondary": [_contrast(test) for test in result.secondary] if result.primary else None,
        "these_clips": [_contrast(test) for test in result.these_clips] or None,
        "simple_effects": [
            {"factor": effect.factor, "within": effect.within} | _contrast(effect.test)
            for effect in result.simple_effects
        ]
        or None,
        "smallest": plain(result.smallest),
        "limits": {test.contrast: plain(test.limits) for test in tests if test.limits} or None,
        "scores": result.scores and _scores(keys, result.scores),
        "by_clip": result.by_clip
        and {clip: by_condition(keys, row) for clip, row in zip(result.clips, result.by_clip.mean, strict=True)},
        "answers_by_clip": result.by_clip
        and {
            clip: by_condition(keys, plain(row)) for clip, row in zip(result.clips, result.by_clip.answers, strict=True)
        },
        "pairwise": [pair_block(pair) for pair in result.pairwise] or None,
        "moderators": plain(result.moderators) or None,
        "cannot_say": result.cannot_say
        and {
            "counts": by_condition(keys, result.cannot_say.counts),
            "asked": by_condition(keys, result.cannot_say.asked),
            "test": plain(result.cannot_say.test),
        },
        "distribution": result.distribution and _distribution(keys, result.distribution),
        "agreement": plain(result.agreement),
        "scale_use": plain(result.scale_use),
        "test_retest": plain(result.test_retest),
        "position_bias": plain(result.position_bias),
        "worths": result.worths and worths_block(keys, result.worths),
        "factorial": {effect.name: plain(effect) for effect in result.factorial} or None,
        "ties": plain(result.ties),
        "win_matrix": result.wins and _matrix(keys, result.wins.wins),
        "tie_matrix": result.wins and _matrix(keys, result.wins.ties),
        "never_compared": result.wins and plain(result.wins.never_compared),
        "transitivity": plain(result.transitivity),
        "friedman": plain(result.friedman),
        "kendall_w": result.kendall_w,
        "skillings_mack": plain(result.skillings_mack),
        "plane": result.plane and _plane(keys, result),
        "categories": result.categories and _categories(keys, result.categories),
        "numbers": result.numbers and _numbers(result.numbers),
        "texts": plain(result.texts),
        "warnings": [caution.text for caution in result.warnings],
    }


def after_a_stop(block: Mapping[str, Any]) -> dict[str, Any]:
    """A question's block without any number that assumes a fixed number of people: counts and estimates stay."""
    kept = {
        key: None if key in _TESTS else value if key in _DESCRIBE else without_sampling(value)
        for key, value in block.items()
    }
    for test in (kept["primary"], *(kept["secondary"] or ()), *(kept["these_clips"] or ())):
        if test is not None:
            test |= dict.fromkeys(key for key in _COMPONENTS if key in test)
    for row in ((kept["plane"] or {}).get("conditions") or {}).values():
        row["radius2"] = None
    return kept


def _contrast(test: results.ContrastTest) -> dict[str, Any]:
    """A contrast with how many trials do not enter it, and for new clips its components of variance."""
    block = contrast_block(test) | {"left_out": test.left_out}
    if test.var_residual is not None:
        block |= {key: getattr(test, key) for key in _COMPONENTS}
    return block


def _scores(keys: Sequence[str], scores: ValueScores) -> dict[str, Any]:
    per_condition = ("answers", "cannot_say", "mean", "sd", "se", "ci95")
    return {
        key: {name: plain(getattr(scores, name)[k]) for name in per_condition} | {"population": scores.population}
        for k, key in enumerate(keys)
    }


def _distribution(keys: Sequence[str], distribution: Distribution) -> dict[str, Any]:
    return {"bins": plain(distribution.bins), "counts": by_condition(keys, plain(distribution.counts))}


def _matrix(keys: Sequence[str], counts: Any) -> dict[str, Any]:
    return {a: {b: int(counts[i][j]) for j, b in enumerate(keys) if j != i} for i, a in enumerate(keys)}


def _plane(keys: Sequence[str], result: QuestionResult) -> dict[str, Any]:
    plane = result.plane
    assert plane is not None
    per_condition = ("participants", "centre", "covariance", "radius2")
    rows = {key: {name: plain(getattr(plane, name)[k]) for name in per_condition} for k, key in enumerate(keys)}
    return {"scales": list(plane.scales), "conditions": rows, "population": plane.population}


def _categories(keys: Sequence[str], found: Categories) -> dict[str, Any]:
    """Rows by condition, or one row "" of the music."""
    names = keys or ("",)
    return {
        "categories": list(found.categories),
        "rows": {
            name: {
                "answers": found.answers[row],
                "counts": by_condition(found.categories, plain(found.counts[row])),
                "share": by_condition(found.categories, found.share[row]),
            }
            for row, name in enumerate(names)
        },
        "population": found.population,
    }


def _numbers(found: TrialNumbers) -> dict[str, Any]:
    return {
        "answers": found.answers,
        "cannot_say": found.cannot_say,
        "mean": plain(found.mean),
        "distribution": {"bins": plain(found.distribution.bins), "counts": plain(found.distribution.counts[0])},
        "population": found.population,
    }
