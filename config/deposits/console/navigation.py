"""What other rooms learn of deposits when Earsight starts: the page, its jobs, its part of the plan."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.deposits.facts import FIRST_VERSION, KEY, facts_from, facts_to_json
from study import jobs
from study.models import Study
from study.setup import plan_parts
from study.setup.path_steps import Group, PathStep, register


def _is_no_rehearsal(study: Study) -> bool:
    return study.rehearsal_of_id is None


def _of_copy(stored: Any) -> dict[str, Any]:
    """Who makes the copy is known; not where another deposit is, and what was read in it."""
    return facts_to_json(replace(facts_from(stored), address="", related=(), version=FIRST_VERSION, kept=()))


register(PathStep("publish", _("Publish"), "study_publish", Group.RESULTS, 20, applies=_is_no_rehearsal))
plan_parts.register(plan_parts.PlanPart(KEY, facts_from, _of_copy))
for kind in ("deposit", "deposit-findings", "deposit-reproduction"):
    jobs.expect(kind, "config.deposits.console.jobs")
