"""The page “Monitor”: how an open study is going."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.console.common import access_to, study_page
from study.console.live import live_part, live_tag
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
    if "fragment" in request.GET:
        return live_part(request, study, lambda: render(request, "study/_monitoring.html", _progress(request, study)))
    refresh_unfinished(study)  # which every few seconds would be too often
    context: dict[str, Any] = {
        "live_tag": live_tag(request, study),
        "stages": stages_in_words(study),
        # What participants typed, their addresses at times: for those who settle it.
        "problems": study.problem_reports.filter(resolved=False)[:20] if access_to(request).allows(Right.RUN) else (),
    }
    response = render(request, "study/monitor.html", context | _progress(request, study))
    response["Cache-Control"] = "no-store, private"
    return response


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
        "is_live": not (study.status == Study.Status.CLOSED and not study.is_sealed),
    }


@require_POST
@study_page(Right.RUN)
def problem_resolve(request: HttpRequest, study: Study, report_id: int) -> HttpResponse:
    """Mark a participant's problem report as resolved."""
    settle_problem(study, report_id)
    return redirect("study_monitor", study.slug)
