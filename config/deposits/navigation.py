"""What other rooms learn of deposits when Earsight starts: the page, its jobs, its part of the plan."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from config.deposits.facts import KEY, facts_from, facts_to_json, of_copy
from study import jobs
from study.models import Study
from study.setup import plan_parts
from study.setup.path_steps import Group, PathStep, register


def _is_no_rehearsal(study: Study) -> bool:
    return study.rehearsal_of_id is None


def _of_copy(stored: Any) -> dict[str, Any]:
    return facts_to_json(of_copy(facts_from(stored)))


register(PathStep("publish", _("Publish"), "study_publish", Group.RESULTS, 20, applies=_is_no_rehearsal))
plan_parts.register(plan_parts.PlanPart(KEY, facts_from, _of_copy))
for kind in ("deposit", "deposit-findings", "deposit-reproduction"):
    jobs.expect(kind, "config.deposits.jobs")
