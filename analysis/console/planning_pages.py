"""The console's pages for planning the analysis: reporting, power, early stop."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from analysis.console.forms import AnalysisRulesForm, PowerForm, ReportingForm
from analysis.report.figures.planning import people_by_clips_figure
from analysis.study_results import analyses, early_stop
from analysis.study_results.checklists import filled_checklists
from analysis.study_results.power_answers import UNANSWERED, ask_power, asked_at, finished_spreads, first_inputs
from analysis.study_results.reporting_answers import save_reporting_answers
from analysis.study_results.smallest_difference import largest_possible, main_scale, plan_smallest, planned_smallest
from study.access import Right, studies_of
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.versions import Editing, editing
from study.errors import StudyError
from study.models import Study

_RULES_SAVED = ("smallest difference planned", "early stop planned", "early stop unplanned")  # in the log


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_reporting(request: HttpRequest, study: Study) -> HttpResponse:
    """The form for the researcher's answers, and the checklists as filled so far."""
    form = ReportingForm(request.POST or None, study=study)
    form.editing = editing(study, request.user, "reporting answers saved")
    if form.is_valid():
        save_reporting_answers(study, form.answers(), licence=form.licence_sent(), actor=request.user)
        return redirect_after_save(request, study, "study_reporting", _("Saved."), step="reporting", form=form)
    analysis = analyses.latest_unsealed(study)
    checklists = [
        (name, entries, sum(entry.missing for entry in entries)) for name, entries in filled_checklists(study, analysis)
    ]
    return render(
        request,
        "analysis/reporting.html",
        {"study": study, "form": form, "checklists": checklists},
        status=form.refusal_status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_power(request: HttpRequest, study: Study) -> HttpResponse:
    """The power of a design: the form and the latest answer."""
    asked = study.plan.get("power") or {}
    spreads = finished_spreads(studies_of(request.user, Right.RESULTS))
    form = PowerForm(request.POST or None, initial=first_inputs(study), spreads=spreads)
    form.editing = Editing(request.user)
    if form.is_valid():
        ask_power(study, form.cleaned_data)
        return redirect("study_power", study.slug)
    result = asked.get("result") or {}
    backwards = result.get("plan") or {}
    designs = [{"clips": clips, "design": design} for clips, design in backwards.get("designs", ())]
    return render(
        request,
        "analysis/_power_answer.html" if "fragment" in request.GET else "analysis/power.html",
        {
            "study": study,
            "form": form,
            "asked": asked,
            "asked_at": asked_at(asked),
            "under_way": asked.get("state") in UNANSWERED,
            "cells": [cell | {"error": 1.96 * cell["monte_carlo_se"]} for cell in result.get("cells", ())],
            "designs": designs,
            "backwards": backwards,
            "good": _good_choice(backwards),
            "figure": people_by_clips_figure(designs),
            "smallest_share": 100 * result["smallest_effect"] if result.get("smallest_effect") else None,
        },
        status=form.refusal_status,
    )


def _good_choice(backwards: Mapping[str, Any]) -> dict[str, Any] | None:
    """The recommended design, with its power by simulation and that power's error."""
    design, checked = backwards.get("recommended"), backwards.get("checked")
    if not design or not checked:
        return None
    return design | {"power": f"{checked['power']:.2f}", "error": f"{1.96 * checked['monte_carlo_se']:.2f}"}


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_analysis_rules(request: HttpRequest, study: Study) -> HttpResponse:
    """The rules of the analysis that belong to the plan and, once the study is open, the decision of the early stop."""
    planned = early_stop.is_planned(study)
    # What is planned can be taken out, even if it has become impossible.
    possible = early_stop.is_possible(study) or early_stop.is_planned(study)
    in_steps = main_scale(study) is not None
    data = request.POST if request.method == "POST" else None
    initial = {"smallest": planned_smallest(study), "planned": planned}
    form = AnalysisRulesForm(data, initial=initial, can_stop_early=possible, in_steps=in_steps)
    form.editing = editing(study, request.user, *_RULES_SAVED)
    if form.is_valid():
        try:
            with transaction.atomic():
                plan_smallest(study, form.cleaned_data["smallest"], actor=request.user)
                if possible:
                    early_stop.plan_early_stop(study, form.cleaned_data["planned"], actor=request.user)
        except StudyError as error:
            form.add_error("smallest", str(error))
        else:
            page = "study_analysis_rules"
            return redirect_after_save(request, study, page, _("Saved."), step="analysis_rules", form=form)
    return render(
        request,
        "analysis/analysis_rules.html",
        {
            "study": study,
            "form": form,
            "planned": planned,
            "possible": possible,
            "smallest": planned_smallest(study),
            "largest": largest_possible(study),
            "in_steps": in_steps,
            "decision": early_stop.decision(study) if planned and study.opened_at else "",
        },
        status=form.refusal_status,
    )
