"""`manage.py schedule VERB …`: when a study opens and closes by itself."""

from functools import partial
from typing import Any

from study.access import Access, Right
from study.console.forms.schedule import ScheduleForm
from study.management.scripted.command import Given, ScriptedCommand, Verb
from study.management.scripted.forms import VALUES, checked, stored_values, values_of
from study.models import Study
from study.setup import schedule as schedules

# Only a study's owner closes it, now or later.
_CLOSING = frozenset({"closes", "closes_at_target"})


def plan(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    schedule = schedules.schedule_of(study)
    if _CLOSING & values.keys():
        access.require(Right.OWN)
    make = partial(ScheduleForm, study=study, schedule=schedule, may_close=access.allows(Right.OWN))
    if not values:
        return {"scheduled": schedule is not None, "values": stored_values(make(None))}
    times = checked(make, values).cleaned_data
    schedules.schedule_study(
        study,
        opens_at=(times["opens"] or None) if study.status == Study.Status.DRAFT else None,
        closes_at=times["closes"] or None,
        closes_at_target=times["closes_at_target"],
        time_zone=times["time_zone"],
        actor=access.user,
    )
    return {"done": "The schedule is saved.", "changed": sorted(values)}


def cancel(access: Access, given: Given) -> dict[str, Any]:
    schedules.cancel_schedule(access.study, actor=access.user)
    return {"done": "Nothing is scheduled any more."}


class Command(ScriptedCommand):
    help = "Print, set or cancel when a study opens and closes by itself."
    examples = (
        "set my-study opens=2027-03-01T09:00 closes=2027-03-31T18:00 time_zone=Asia/Seoul --as mina",
        "cancel my-study --as mina",
    )
    verbs = (
        Verb("set", "print or set the times", Right.LOOK, plan, VALUES, ("study_schedule",), Right.EDIT),
        Verb("cancel", "let nothing happen by itself", Right.EDIT, cancel, (), ("schedule_cancel",)),
    )
