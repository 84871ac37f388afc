"""The page “Schedule”: when the study opens and closes by itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console.common import access_to, one_at_a_time, study_page
from study.console.forms.schedule import ScheduleForm
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Study
from study.setup import schedule as schedules


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_schedule(request: HttpRequest, study: Study) -> HttpResponse:
    """Say when the study opens and closes; only its owner says when it closes."""
    schedule = schedules.schedule_of(study)
    form = ScheduleForm(
        request.POST if request.method == "POST" else None,
        study=study,
        schedule=schedule,
        may_close=access_to(request).allows(Right.OWN),
    )
    form.editing = editing(study, request.user, "scheduled", "schedule cancelled")
    if request.method == "POST" and form.is_valid():
        try:
            schedules.schedule_study(
                study,
                opens_at=(form.cleaned_data["opens"] or None) if study.status == Study.Status.DRAFT else None,
                closes_at=form.cleaned_data["closes"] or None,
                closes_at_target=form.cleaned_data["closes_at_target"],
                time_zone=form.cleaned_data["time_zone"],
                actor=request.user,
            )
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The schedule is saved."))
            return redirect("study_open", study.slug)
    context = {"study": study, "form": form, "schedule": schedule, "ends": study.status == Study.Status.CLOSED}
    return render(request, "study/schedule.html", context, status=form.refusal_status)


@require_POST
@study_page(Right.EDIT)
def schedule_cancel(request: HttpRequest, study: Study) -> HttpResponse:
    """Let nothing happen by itself any more."""
    try:
        schedules.cancel_schedule(study, actor=request.user)
        messages.success(request, _("Nothing is scheduled any more."))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_open", study.slug)
