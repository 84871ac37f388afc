"""The page “Monitor”: how an open study is going."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.console.common import access_to, study_page
from study.models import Study
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.monitoring import monitor
from study.participants.study_stages import shown_stage, stages_in_words


@require_safe
@study_page(Right.SEE)
def study_monitor(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the study's progress; `?fragment` returns the part that refreshes itself."""
    if "fragment" not in request.GET:  # every few seconds would be too often
        refresh_unfinished(study)
    stage = shown_stage(study, request.GET.get("stage", ""))
    context: dict[str, Any] = {
        "study": study,
        "monitoring": monitor(study, stage=stage),
        "stages": stages_in_words(study),
        "stage": stage,
        # What participants typed, their addresses at times: for those who settle it.
        "problems": study.problem_reports.filter(resolved=False)[:20] if access_to(request).allows(Right.RUN) else (),
        "sealed": study.is_blinded,
    }
    template = "study/_monitoring.html" if "fragment" in request.GET else "study/monitor.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@study_page(Right.RUN)
def problem_resolve(request: HttpRequest, study: Study, report_id: int) -> HttpResponse:
    """Mark a participant's problem report as resolved."""
    study.problem_reports.filter(pk=report_id).update(resolved=True)
    return redirect("study_monitor", study.slug)
