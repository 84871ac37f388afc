"""The smallest difference worth having: part of the plan, fixed before opening."""

import math
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from analysis.study_results.factors import factors_of
from study.errors import NotAllowedNow, StudyError
from study.models import Study
from study.models.log import record


def planned_smallest(study: Study) -> float | None:
    """The smallest difference of the primary contrast that the plan holds worth having, in points per answer."""
    value = (study.plan.get("analysis") or {}).get("smallest")
    return None if value is None else float(value)


def largest_possible(study: Study) -> float:
    """The most points by which an answer can favour one side; a plan that asks for more could never be reached."""
    conditions = list(study.conditions.order_by("number"))
    first = next(iter((factors_of(conditions) or {}).values()), [])
    high, k = len(first), len(conditions)
    if not 0 < high < k:
        return 0.0
    w1, w2 = study.weights
    seconds = w2 if study.second_choice_required else 0.0
    return max(k / 2 / side * (w1 + (seconds if side > 1 else 0.0)) for side in (high, k - high))


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
        raise StudyError(
            _("An answer can show a difference of up to %(largest)s points; write a number above 0 and up to that.")
            % {"largest": f"{largest:g}"}
        )
    planned = {key: item for key, item in (row.plan.get("analysis") or {}).items() if key != "smallest"}
    row.plan = row.plan | {"analysis": planned | ({} if value is None else {"smallest": value})}
    row.save(update_fields=["plan"])
    record(row, "smallest difference planned", actor=actor, value="" if value is None else f"{value:g}")
    study.plan = row.plan
