"""This app's steps in the console's path."""

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis import stopping
from analysis.factors import factors_of, has_preset
from analysis.reporting_items import FIELDS, MAY_STAY_EMPTY
from study.models import Study
from study.setup import preflight
from study.setup.path_steps import Group, PathStep, Progress, conditions_of, register
from study.setup.preflight import Finding, Level


def _told(study: Study) -> Progress:
    said = study.plan.get("reporting") or {}
    if not said:
        return Progress.TODO
    asked = [key for key, _label, _help in FIELDS if key not in MAY_STAY_EMPTY]
    return Progress.DONE if all(said.get(key) for key in asked) else Progress.PARTLY


def _sealed(study: Study) -> str:
    return gettext("sealed") if study.status != Study.Status.DRAFT and study.is_sealed else ""


# The simulated studies are of tag set × prompt form; about other designs they would say nothing.
register(
    PathStep(
        "power",
        _("Power"),
        "study_power",
        Group.SETUP,
        65,
        None,
        optional=True,
        applies=lambda study: has_preset(conditions_of(study)),
    )
)
register(
    PathStep(
        "early_stop",
        _("Early stop"),
        "study_early_stop",
        Group.SETUP,
        66,
        None,
        optional=True,
        applies=lambda study: (
            stopping.is_planned(study) or (study.settings_can_change and has_preset(conditions_of(study)))
        ),
    )
)
register(PathStep("reporting", _("Reporting"), "study_reporting", Group.SETUP, 67, _told, optional=True))
register(PathStep("results", _("Report and exports"), "study_results", Group.RESULTS, 10, note=_sealed))


@preflight.register
def the_primary_question_is_known(study: Study) -> Iterable[Finding]:
    """Of conditions of the study's own, what the first factor will compare; tag set × prompt form is well known."""
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
        gettext("The primary question is %(high)s against %(low)s, for that is the first factor of two levels.")
        % {"high": sides[0], "low": sides[1]},
        "study_describe",
    )
