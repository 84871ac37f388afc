"""What questions with pairs and with rank orders have beside the statistics of their points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analysis.statistics.ballots import default_reference
from analysis.statistics.bradley_terry import bradley_terry, fit_pairs
from analysis.statistics.cautions import NO_WORTHS, worth_cautions
from analysis.statistics.contrast_tests import cells_of
from analysis.statistics.errors import DesignError
from analysis.statistics.pair_checks import side_bias, transitivity, win_matrix
from analysis.statistics.pair_results import WinMatrix
from analysis.statistics.pairs import Pairs, pairs_of
from analysis.statistics.plackett_luce import WorthErrors, factorial_effects, worths_against
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.question_cautions import question_cautions
from analysis.statistics.question_results import QuestionResult
from analysis.statistics.rankings import Rankings, fit_rankings
from analysis.statistics.ranks import friedman, skillings_mack
from analysis.statistics.results import Caution
from analysis.statistics.value_tests import people_means, values_by_position
from analysis.statistics.values import Values

OF_RATINGS = frozenset({"left_out_of_contrast", "no_numbers"})  # cautions that say of pairs what is by design


def with_pair_statistics(result: QuestionResult, pairs: Pairs, plan: AnalysisPlan) -> QuestionResult:
    """The result of the points of pairs, with worths, wins, circular triads and the bias for a side."""
    reference = _reference(result, plan)
    fit = fit_pairs(pairs)
    errors = None if fit is None else WorthErrors(fit, cells_of(pairs))
    found = None if errors is None else bradley_terry(pairs, reference, result.factors, errors=errors)
    result = _with_rank_tests(result, pairs.to_values())
    result = replace(
        result,
        worths=None if found is None else found.worths,
        factorial=() if found is None else found.factorial,
        ties=None if found is None else found.ties,
        wins=win_matrix(pairs),
        transitivity=transitivity(pairs),
        position_bias=side_bias(pairs),
    )
    cautions = [caution for caution in question_cautions(result, plan) if caution.code not in OF_RATINGS]
    cautions += _pair_cautions(result.wins, pairs)
    if found is not None and errors is not None:
        cautions += worth_cautions(found.worths, jackknife_exact=errors.exact)
    return replace(result, warnings=tuple(cautions))


def with_ranking_statistics(
    result: QuestionResult, rankings: Rankings, points: tuple[float, ...], plan: AnalysisPlan
) -> QuestionResult:
    """The result of the points of ranks, with worths from the whole orders."""
    reference = _reference(result, plan)
    fit = fit_rankings(rankings)
    errors = None if fit is None else WorthErrors(fit, cells_of(rankings))
    values = rankings.to_values(points)
    result = replace(
        _with_rank_tests(result, values),
        points=points,
        worths=None if errors is None else worths_against(reference, errors),
        factorial=() if errors is None else factorial_effects(errors, result.factors, rankings.conditions),
        position_bias=values_by_position(values),
    )
    cautions = list(question_cautions(result, plan))
    if plan.second_choice == "optional" and len(points) > 1 and result.primary is not None:
        cautions.append(
            Caution(
                "optional_ranks",
                "Ranks after the first could be left out: the primary contrast counts first places alone, because "
                "ranks that are missing for a reason would tilt it.",
            )
        )
    if none := int((rankings.ranks[:, 0] < 0).sum()):
        cautions.append(
            Caution(
                "none_fits",
                f"On {none} of {rankings.n} ballots none of the images fitted; they count as ballots that give no "
                "points.",
            )
        )
    if result.worths is None or errors is None:
        cautions.append(NO_WORTHS)
    else:
        cautions += worth_cautions(result.worths, jackknife_exact=errors.exact)
    return replace(result, warnings=tuple(cautions))


def _reference(result: QuestionResult, plan: AnalysisPlan) -> str:
    reference = plan.reference or default_reference(result.conditions, result.factors)
    if reference not in result.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(result.conditions)}).")
    return reference


def _with_rank_tests(result: QuestionResult, values: Values) -> QuestionResult:
    """Friedman's test and Kendall's W on people's mean points in units of the first rank, for these clips.

    Skillings–Mack's test on points minus the trial's mean, if some trials did not show all conditions that they could.
    """
    unit = values.points[0] if values.points else 1.0
    means, present = people_means(values, values.filled, values.given)
    if present.all() and (values.given.all() or values.part is not None):
        test, concordance = friedman(means / unit) or (None, None)
        return replace(result, friedman=test, kendall_w=concordance)
    centre = values.filled.sum(axis=1, keepdims=True) / values.given.sum(axis=1, keepdims=True).clip(1)
    means, present = people_means(values, values.filled - centre, values.given)
    return replace(result, skillings_mack=skillings_mack(means / unit, present))


def _pair_cautions(wins: WinMatrix | None, pairs: Pairs) -> Iterator[Caution]:
    if wins is None:
        return
    if len(wins.groups) > 1:
        largest = max(wins.groups, key=len)
        apart = ", ".join(name for group in wins.groups if group is not largest for name in group)
        yield Caution(
            "not_linked",
            f"No comparison links {apart} with the other conditions, directly or by way of others: worths do not "
            "exist. Show them in one pair with another condition.",
        )
    table = wins.wins + wins.wins.T + wins.ties
    counts = [int(table[a, b]) for a, b in pairs_of(pairs.k)]
    if min(counts) < 0.95 * max(counts):
        yield Caution(
            "unequal_pairs",
            f"Pairs of conditions were compared unequally often, {min(counts)} to {max(counts)} times: mean points "
            "depend on what a condition was compared with; the worths allow for that.",
        )
