"""`manage.py planning VERB …`: what is settled about the analysis before a study opens, beside its plan."""

from functools import partial
from typing import Any

from django.db import transaction

from analysis.console.forms import AnalysisRulesForm, ReportingForm
from analysis.console.power_forms import power_form
from analysis.console.registration_forms import FilingForm, RegistrationForm
from analysis.study_results import early_stop
from analysis.study_results.finished_spreads import finished_spreads
from analysis.study_results.power_answers import ask_power, first_inputs
from analysis.study_results.power_questions import power_question
from analysis.study_results.registration import filing_sentence, record_filing, registration_of, save_registration
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
    question = power_question(study)
    spreads = finished_spreads(studies_of(access.user, Right.RESULTS), question)
    make = partial(power_form(question), initial=first_inputs(study, question), asked=question, spreads=spreads)
    ask_power(study, checked(make, values).cleaned_data)
    return {"done": "A worker computes it; `planning power` prints the answer.", "state": "waiting"}


def registration(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    make = partial(RegistrationForm, study=study)
    if not values:
        return {"values": stored_values(make(None))}
    form = checked(make, values)
    existing = form.cleaned_data["existing"]
    save_registration(study, form.answers(), existing=existing, directions=form.directions(), actor=access.user)
    return {"done": "Saved.", "changed": sorted(values)}


def registered(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    if not values:
        return {"filed": [filing_sentence(study, filing) for filing in registration_of(study).filed]}
    record_filing(study, **checked(FilingForm, values).cleaned_data, actor=access.user)
    return {"done": "The registration is recorded.", "filed": filing_sentence(study, registration_of(study).filed[-1])}


class Command(ScriptedCommand):
    help = (
        "Print or change a study's reporting answers, analysis rules and preregistration, and ask for the power of its "
        "design."
    )
    examples = (
        "rules my-study smallest=0.5 --as mina",
        "power my-study participants=40 clips=12 --as mina --json",
        "registration my-study question='Do corrected tags make better images?' direction_1=more --as mina",
    )
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
        Verb(
            "registration",
            "print or change what only the researchers know of the preregistration",
            Right.LOOK,
            registration,
            VALUES,
            ("study_preregister",),
            Right.EDIT,
        ),
        Verb(
            "registered",
            "print where the study was registered, or record it: form, address, day, embargo",
            Right.LOOK,
            registered,
            VALUES,
            ("study_preregister_filed",),
            Right.EDIT,
        ),
        Verb("power", "print the last answer, or ask anew", Right.LOOK, power, VALUES, ("study_power",), Right.EDIT),
    )
