"""The preflight findings of the analysis; `apps.py` imports this module to register them."""

from collections.abc import Iterable

from django.utils.translation import gettext

from analysis.study_results import early_stop
from analysis.study_results.factors import factors_of, has_preset
from study.models import Study
from study.setup import preflight
from study.setup.path_steps import conditions_of
from study.setup.preflight import Finding, Level


@preflight.register
def primary_question(study: Study) -> Iterable[Finding]:
    """Name what the primary test of a study with its own conditions will compare, or warn that there is none."""
    conditions = conditions_of(study)
    if has_preset(conditions):
        return
    factors = factors_of(conditions)
    if factors is None:
        yield Finding(
            Level.WARNS,
            gettext(
                "No factor of two levels is named, so the report compares the conditions pair by pair, without a "
                "primary question."
            ),
            "study_describe",
        )
        return
    high = next(iter(factors.values()))
    sides = [", ".join(f"“{row.label}”" for row in conditions if (row.key in high) is first) for first in (True, False)]
    yield Finding(
        Level.WARNS,
        gettext("The primary question is %(high)s against %(low)s, because that is the first factor of two levels.")
        % {"high": sides[0], "low": sides[1]},
        "study_describe",
    )


@preflight.register
def early_stop_counts_choices(study: Study) -> Iterable[Finding]:
    """Refuse an early stop that was planned before the conditions or the questions of the trials became others."""
    if early_stop.is_planned(study) and not early_stop.is_possible(study):
        yield Finding(
            Level.BLOCKS,
            gettext(
                "The plan lets the study stop early, but the rule needs corrected (redefined) against original tags "
                "and a first or second choice in each trial. Take it out of the plan, or ask for these."
            ),
            "study_analysis_rules",
        )
