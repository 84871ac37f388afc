"""`manage.py versions VERB …`: what was changed while a study ran, and how it is changed."""

from functools import partial
from typing import Any

from study.access import Access, Right
from study.api.contents import time_text
from study.console.forms.running import RunningStudyForm
from study.management.scripted.command import Given, ScriptedCommand, Verb
from study.management.scripted.forms import VALUES, checked, stored_values, values_of
from study.participants.study_versions import (
    change_study,
    count_by_version,
    refuse_unless_running,
    version_entries,
)


def show(access: Access, given: Given) -> dict[str, Any]:
    study, people = access.study, count_by_version(access.study)
    first = {"version": 1, "people": people.get(1, 0), "at": time_text(study.opened_at)}
    later = [
        {
            "version": entry.data["version"],
            "people": people.get(entry.data["version"], 0),
            "at": time_text(entry.at),
            "actor": entry.actor_name,
            "reason": entry.reason,
            "unfinished": entry.data["unfinished"],
            "differences": entry.data["differences"],
        }
        for entry in version_entries(study)
    ]
    return {"current": study.version, "versions": [first, *later]}


def change(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    refuse_unless_running(study)
    make = partial(RunningStudyForm, study=study)
    if not values:
        return {"values": stored_values(make(None))}
    form = checked(make, values)
    number = change_study(
        study,
        written=form.written(),
        contact=form.cleaned_data["contact"],
        target=form.cleaned_data["target_participants"],
        reason=form.cleaned_data["reason"],
        actor=access.user,
    )
    return {"done": f"Saved as version {number}.", "version": number, "changed": sorted(values)}


class Command(ScriptedCommand):
    help = "Print the versions of a study, and change what may change while it runs."
    examples = (
        "list my-study --as mina --json",
        'change my-study question_en="Which image fits best?" reason="a typing error" --as mina',
    )
    verbs = (
        Verb("list", "list them with their differences and their people", Right.SEE, show),
        Verb(
            "change",
            "print or change texts, the contact address and the target of a study that runs",
            Right.LOOK,
            change,
            VALUES,
            ("study_versions",),
            Right.EDIT,
        ),
    )
