"""The smallest difference worth having: part of the plan, fixed before opening."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from analysis.study_results.factors import factors_of
from study.errors import NotAllowedNow, StudyError
from study.instruments.of_study import instrument_of, points_of
from study.models import Study
from study.models.log import record

if TYPE_CHECKING:
    from study.instruments.questions import Scale


def planned_smallest(study: Study) -> float | None:
    """The smallest difference of the primary contrast that the plan holds worth having, in points per answer."""
    value = (study.plan.get("analysis") or {}).get("smallest")
    return None if value is None else float(value)


def main_scale(study: Study) -> Scale | None:
    """The rating scale that the plan compares first; None if it compares choices or pairs first."""
    instrument = instrument_of(study)
    return next((scale for _rate, scale in instrument.scales() if scale.key == instrument.primary_key), None)


def largest_possible(study: Study) -> float:
    """The most by which an answer can favour one side; a plan that asks for more could never be reached.

    In points of the choice or the pair (1, ½, 0) that the plan compares first, or in steps of its scale.
    """
    conditions = list(study.conditions.order_by("number"))
    first = next(iter((factors_of(conditions) or {}).values()), [])
    high, k = len(first), len(conditions)
    if not 0 < high < k:
        return 0.0
    if scale := main_scale(study):
        return float(scale.highest - scale.lowest)
    choose = instrument_of(study).choose
    if choose is None:
        return 1.0
    points = points_of(study, choose)[: None if study.second_choice_required else 1]
    return max(k / 2 / side * sum(points[:side]) for side in (high, k - high))


@transaction.atomic
def plan_smallest(study: Study, value: float | None, *, actor: Any = None) -> None:
    """Write the smallest difference worth having into the plan; None takes it out.

    Raises:
        NotAllowedNow: the plan is fixed.
        StudyError: no answer can show such a difference.
    """
    row = Study.objects.select_for_update().get(pk=study.pk)
    if not row.settings_can_change:
        raise NotAllowedNow(_("The plan has been fixed since the study opened."))
    largest = largest_possible(row)
    if value is not None and not (math.isfinite(value) and 0 < value <= largest):
        raise StudyError(_too_large(row) % {"largest": f"{largest:g}"})
    planned = {key: item for key, item in (row.plan.get("analysis") or {}).items() if key != "smallest"}
    row.plan = row.plan | {"analysis": planned | ({} if value is None else {"smallest": value})}
    row.save(update_fields=["plan"])
    record(row, "smallest difference planned", actor=actor, value="" if value is None else f"{value:g}")
    study.plan = row.plan


def _too_large(study: Study) -> str:
    if main_scale(study):
        return _("An answer can show a difference of up to %(largest)s steps; write a number above 0 and up to that.")
    return _("An answer can show a difference of up to %(largest)s points; write a number above 0 and up to that.")
