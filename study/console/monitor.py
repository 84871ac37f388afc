"""The page “Monitor”: how an open study is going."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.console.common import access_to, study_page
from study.console.live import live_page, live_part
from study.models import Study
from study.participants.coverage import coverage
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.monitoring import monitor
from study.participants.pace import pace_of
from study.participants.problems import settle_problem
from study.participants.study_stages import shown_stage, stages_in_words


@require_safe
@study_page(Right.SEE)
def study_monitor(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the study's progress; `?fragment` returns the part that is kept live."""
    shown = partial(_progress, request, study)
    if "fragment" in request.GET:
        return live_part(request, study, "study/_monitoring.html", shown)
    refresh_unfinished(study)  # which every few seconds would be too often
    # What participants typed, their addresses at times: for those who settle it.
    problems = study.problem_reports.filter(resolved=False)[:20] if access_to(request).allows(Right.RUN) else ()
    stages = stages_in_words(study)
    return live_page(request, study, "study/monitor.html", shown, stages=stages, problems=problems)


def _progress(request: HttpRequest, study: Study) -> dict[str, Any]:
    stage = shown_stage(study, request.GET.get("stage", ""))
    seen = monitor(study, stage=stage)
    return {
        "study": study,
        "monitoring": seen,
        "stage": stage,
        "pace": pace_of(study, seen.completed, stage=stage),
        "coverage": coverage(study, stage),
        "names_clips": access_to(request).allows(Right.LOOK),
    }


@require_POST
@study_page(Right.RUN)
def problem_resolve(request: HttpRequest, study: Study, report_id: int) -> HttpResponse:
    """Mark a participant's problem report as resolved."""
    settle_problem(study, report_id)
    return redirect("study_monitor", study.slug)
