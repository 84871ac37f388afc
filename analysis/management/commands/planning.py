"""`manage.py planning VERB …`: what is settled about the analysis before a study opens, beside its plan."""

from functools import partial
from typing import Any

from django.db import transaction

from analysis.console.forms import AnalysisRulesForm, PowerForm, ReportingForm
from analysis.study_results import early_stop
from analysis.study_results.power_answers import ask_power, finished_spreads, first_inputs
from analysis.study_results.reporting_answers import save_reporting_answers
from analysis.study_results.smallest_difference import plan_smallest, planned_smallest
from study.access import Access, Right, studies_of
from study.errors import StudyError
from study.management.scripted.command import Given, ScriptedCommand, Verb
from study.management.scripted.forms import VALUES, checked, stored_values, values_of


def reporting(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    make = partial(ReportingForm, study=study)
    if not values:
        return {"values": stored_values(make(None))}
    form = checked(make, values)
    save_reporting_answers(study, form.answers(), licence=form.licence_sent(), actor=access.user)
    return {"done": "Saved.", "changed": sorted(values)}


def rules(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    # What is planned can be taken out, even if it has become impossible.
    possible = early_stop.is_possible(study) or early_stop.is_planned(study)
    initial = {"smallest": planned_smallest(study), "planned": early_stop.is_planned(study)}
    make = partial(AnalysisRulesForm, initial=initial, can_stop_early=possible)
    if not values:
        return {"values": stored_values(make(None))}
    cleaned = checked(make, values).cleaned_data
    with transaction.atomic():
        try:
            plan_smallest(study, cleaned["smallest"], actor=access.user)
        except StudyError as error:
            raise StudyError(f"smallest: {error}") from error
        if possible:
            early_stop.plan_early_stop(study, cleaned["planned"], actor=access.user)
    return {"done": "Saved.", "changed": sorted(values)}


def power(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    asked = study.plan.get("power") or {}
    if not values:
        return {"state": asked.get("state", "none"), "inputs": asked.get("inputs"), "result": asked.get("result")}
    spreads = finished_spreads(studies_of(access.user, Right.RESULTS))
    make = partial(PowerForm, initial=first_inputs(study), spreads=spreads)
    ask_power(study, checked(make, values).cleaned_data)
    return {"done": "A worker computes it; `planning power` prints the answer.", "state": "waiting"}


class Command(ScriptedCommand):
    help = "Print or change a study's reporting answers and analysis rules, and ask for the power of its design."
    examples = ("rules my-study smallest=0.5 --as mina", "power my-study participants=40 clips=12 --as mina --json")
    verbs = (
        Verb(
            "reporting",
            "print or change what the report says",
            Right.LOOK,
            reporting,
            VALUES,
            ("study_reporting",),
            Right.EDIT,
        ),
        Verb(
            "rules",
            "print or change the analysis rules",
            Right.LOOK,
            rules,
            VALUES,
            ("study_analysis_rules",),
            Right.EDIT,
        ),
        Verb("power", "print the last answer, or ask anew", Right.LOOK, power, VALUES, ("study_power",), Right.EDIT),
    )
