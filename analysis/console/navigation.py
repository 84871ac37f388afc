"""The pages of the analysis in the console's list of steps; `apps.py` imports this module to register them."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.study_results import early_stop
from analysis.study_results.factors import factors_of
from analysis.study_results.registration import is_begun, registration_of
from analysis.study_results.reporting_answers import asked_of, reporting_answers
from analysis.study_results.smallest_difference import planned_smallest
from study.access import Right
from study.models import Study
from study.setup.path_steps import Group, PathStep, Progress, conditions_of, register


def _reporting_progress(study: Study) -> Progress:
    answers = reporting_answers(study)
    if not answers:
        return Progress.TODO
    return Progress.DONE if all(answers.get(key) for key in asked_of(study)) else Progress.PARTLY


def _registration_progress(study: Study) -> Progress:
    if not is_begun(study):
        return Progress.TODO
    return Progress.DONE if registration_of(study).filed else Progress.PARTLY


def _sealed_note(study: Study) -> str:
    return gettext("sealed") if study.status != Study.Status.DRAFT and study.is_sealed else ""


register(PathStep("power", _("Power"), "study_power", Group.SETUP, 65, None, optional=True))
register(
    PathStep(
        "analysis_rules",
        _("Analysis rules"),
        "study_analysis_rules",
        Group.SETUP,
        66,
        None,
        optional=True,
        # Both rules are about the contrast of a factor.
        applies=lambda study: (
            early_stop.is_planned(study)
            or planned_smallest(study) is not None
            or (study.settings_can_change and factors_of(conditions_of(study)) is not None)
        ),
    )
)
register(PathStep("reporting", _("Reporting"), "study_reporting", Group.SETUP, 67, _reporting_progress, optional=True))
register(
    PathStep(
        "preregister", _("Preregister"), "study_preregister", Group.SETUP, 68, _registration_progress, optional=True
    )
)
register(
    PathStep(
        "results",
        _("Report and exports"),
        "study_results",
        Group.RESULTS,
        10,
        note=_sealed_note,
        right=Right.RESULTS,
    )
)
