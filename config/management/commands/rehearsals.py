"""`manage.py rehearsals VERB …`: copies of a draft that simulated people answer, to a report."""

from typing import Any

from config.rehearsals.forms import RehearsalForm
from config.rehearsals.request import rehearse_study
from study.access import Access, Right
from study.errors import StudyError
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, values_of
from study.models import Study
from study.setup.path_steps import conditions_of
from study.setup.rehearsals import job_of, refuse_unless_rehearsable, remove_rehearsal, shows_conditions


def show(access: Access, given: Given) -> dict[str, Any]:
    return {"rehearsals": [_row(access.study, copy) for copy in access.study.rehearsals.order_by("-pk")]}


def _row(study: Study, copy: Study) -> dict[str, Any]:
    """What the page shows of a rehearsal."""
    told, job = copy.rehearsal, job_of(copy)
    row = {"number": told.get("number"), "slug": copy.slug, "state": job.state if job else "ready"}
    row |= {name: told.get(name) for name in ("people", "began", "completed", "problem", "export")}
    if shows_conditions(study, told):
        row |= {name: told[name] for name in ("expected", "shares", "comparisons", "level")}
    return row


def start(access: Access, given: Given) -> dict[str, Any]:
    study = access.study
    refuse_unless_rehearsable(study)
    form = checked(lambda data: RehearsalForm(data, conditions=conditions_of(study)), values_of(given))
    job = rehearse_study(study, form.wanted(), actor=access.user)
    return {"done": "A worker rehearses the study; `rehearsals list` tells what came of it.", "job": job.pk}


def remove(access: Access, given: Given) -> dict[str, Any]:
    copy = next((row for row in access.study.rehearsals.all() if row.rehearsal.get("number") == given["number"]), None)
    if copy is None:
        raise StudyError(f"There is no rehearsal {given['number']} of this study: `rehearsals list` lists them.")
    remove_rehearsal(copy, actor=access.user)
    return {"done": "The rehearsal is removed, with its people, results and files.", "number": given["number"]}


class Command(ScriptedCommand):
    help = "Rehearse a draft with simulated people, list what its rehearsals told, remove one."
    examples = (
        "start my-study people=20 preference=none --as mina",
        "list my-study --as mina --json",
        "remove my-study 1 --as mina",
    )
    verbs = (
        Verb("list", "list them with what each told", Right.LOOK, show),
        Verb(
            "start",
            "have a worker rehearse it; what is not given is as the page first shows it",
            Right.EDIT,
            start,
            VALUES,
            ("study_rehearse",),
        ),
        Verb(
            "remove",
            "remove one with everything of it",
            Right.EDIT,
            remove,
            (argument("number", "its number, as the list gives it", type=whole_number(1)),),
            ("rehearsal_remove",),
        ),
    )
