"""What a rehearsal tells: whether the analysis returns the chosen preference, and how small a difference it would find.

Stored as numbers beside the copy; the page words them.
"""

from typing import Any

from scipy import stats

from analysis.models import Analysis
from analysis.statistics.contrasts import PRESET_NAMES
from config.rehearsals.request import Wanted, expectation
from study.models import Participant, Study

POWER = 0.8


def findings_of(copy: Study, wanted: Wanted, analysis: Analysis) -> dict[str, Any]:
    """Return the numbers of a rehearsal that is analysed, or could not be, as JSON."""
    people = copy.participants.count()
    done = copy.participants.filter(status=Participant.Status.COMPLETED).count()
    found: dict[str, Any] = {"began": people, "completed": done, "problem": analysis.error}
    if analysis.state != Analysis.State.READY or analysis.result is None:
        return found
    result = analysis.result
    if not result["scores"]:  # a rehearsal has a preference for choices; of other questions there is nothing to compare
        return found | {
            "answers": result["n_ballots"],
            "level": 1 - float(copy.alpha),
            "expected": {},
            "shares": {},
            "comparisons": [],
        }
    expected = expectation(copy, wanted.preference)
    ballots = max(1, sum(row["first"] for row in result["scores"].values()))
    shares = {key: row["first"] / ballots for key, row in result["scores"].items()}
    level = 1 - float(copy.alpha)
    return found | {
        "answers": result["n_ballots"],
        "level": level,
        "expected": expected["shares"],
        "shares": shares,
        "comparisons": _comparisons(result, expected, level),
    }


def _comparisons(result: dict[str, Any], expected: dict[str, Any], level: float) -> list[dict[str, Any]]:
    """The contrasts of the factors; without factors the pair that should lie farthest apart. Points of a trial."""
    if expected["contrasts"]:
        names = {PRESET_NAMES.get(name, f"{name}_minus_rest"): name for name in expected["contrasts"]}
        rows = [result.get("primary"), *(result.get("secondary") or [])]
        return [
            _comparison({"contrast": row["contrast"]}, expected["contrasts"][names[row["contrast"]]], row, level)
            for row in rows
            if row and row["contrast"] in names and row.get("se")
        ]
    points = expected["points"]
    pairs = [row for row in result.get("pairwise") or [] if (row.get("new_clips") or {}).get("se")]
    if not pairs:
        return []
    row = max(pairs, key=lambda pair: abs(points[pair["a"]] - points[pair["b"]]))
    return [_comparison({"a": row["a"], "b": row["b"]}, points[row["a"]] - points[row["b"]], row["new_clips"], level)]


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
