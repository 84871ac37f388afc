"""What a rehearsal tells: whether the analysis returns the chosen preference, and how small a difference it would find.

Stored as numbers beside the copy; the page words them.
"""

from typing import Any

from scipy import stats

from analysis.models import Analysis
from analysis.statistics.contrasts import PRESET_NAMES
from config.rehearsals.request import Wanted, expectation
from config.rehearsals.truth import model_of, true_effects
from study.instruments.of_study import instrument_of, is_classic
from study.models import Participant, Study

POWER = 0.8


def findings_of(copy: Study, wanted: Wanted, analysis: Analysis) -> dict[str, Any]:
    """Return the numbers of a rehearsal that is analysed, or could not be, as JSON."""
    people = copy.participants.count()
    done = copy.participants.filter(status=Participant.Status.COMPLETED).count()
    found: dict[str, Any] = {"began": people, "completed": done, "problem": analysis.error}
    if analysis.state != Analysis.State.READY or analysis.result is None:
        return found
    level = 1 - float(copy.alpha)
    if not is_classic(copy):
        return found | _of_questions(copy, wanted, analysis.result, level)
    result, expected = analysis.result, expectation(copy, wanted.preference)
    ballots = max(1, sum(row["first"] for row in result["scores"].values()))
    shares = {key: row["first"] / ballots for key, row in result["scores"].items()}
    return found | {
        "answers": result["n_ballots"],
        "level": level,
        "expected": expected["shares"],
        "shares": shares,
        "comparisons": _comparisons(result, expected, level),
    }


def _of_questions(copy: Study, wanted: Wanted, result: dict[str, Any], level: float) -> dict[str, Any]:
    """The comparisons of every question of an instrument, each with its key."""
    blocks = result.get("questions") or {}
    choose = instrument_of(copy).choose
    comparisons: list[dict[str, Any]] = []
    for key, one in true_effects(copy, model_of(copy, wanted.preference)).items():
        # A choice of first and second is analysed as it always was, at the top.
        block = blocks.get(key) or (result if choose is not None and key == choose.key else {})
        expected = {"contrasts": one.contrasts, "pairs": one.pairs}
        comparisons += [{"question": key, **row} for row in _comparisons(block, expected, level)]
    return {
        "answers": result.get("n_ballots"),
        "level": level,
        "expected": {},
        "shares": {},
        "comparisons": comparisons,
    }


def _comparisons(result: dict[str, Any], expected: dict[str, Any], level: float) -> list[dict[str, Any]]:
    """The contrasts of the factors; without factors the pair that should lie farthest apart.

    Args:
        expected: `contrasts` by factor, and `points` by condition or the differences of `pairs`.
    """
    if expected["contrasts"]:
        names = {PRESET_NAMES.get(name, f"{name}_minus_rest"): name for name in expected["contrasts"]}
        rows = [result.get("primary"), *(result.get("secondary") or [])]
        return [
            _comparison({"contrast": row["contrast"]}, expected["contrasts"][names[row["contrast"]]], row, level)
            for row in rows
            if row and row["contrast"] in names and row.get("se")
        ]
    pairs = [row for row in result.get("pairwise") or [] if (row.get("new_clips") or {}).get("se")]
    if not pairs:
        return []
    row = max(pairs, key=lambda pair: abs(_difference(expected, pair)))
    return [_comparison({"a": row["a"], "b": row["b"]}, _difference(expected, row), row["new_clips"], level)]


def _difference(expected: dict[str, Any], pair: dict[str, Any]) -> float:
    """What to expect of the first condition of a pair minus the second."""
    a, b = pair["a"], pair["b"]
    if "points" in expected:
        return float(expected["points"][a] - expected["points"][b])
    pairs = expected["pairs"]
    return float(pairs[f"{a} {b}"] if f"{a} {b}" in pairs else -pairs.get(f"{b} {a}", 0.0))


def _comparison(what: dict[str, Any], expected: float, row: dict[str, Any], level: float) -> dict[str, Any]:
    """An estimate beside what was chosen, and the difference that four of five such studies find."""
    low, high = row["ci95"]
    quantiles = stats.t.ppf([1 - (1 - level) / 2, POWER], row["df"])
    return {
        **what,
        "expected": expected,
        "estimate": row["estimate"],
        "low": low,
        "high": high,
        "detectable": float(row["se"] * quantiles.sum()),
    }
