"""The page “Plan”: the design and the plan of a draft."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.plan import PlanForm
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Participant, Study
from study.participants.answers_table import PARTS, questions_of
from study.participants.enrolment import design_of
from study.participants.listening import survey_seconds
from study.setup import drafting


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_plan(request: HttpRequest, study: Study) -> HttpResponse:
    """Edit the design and the plan."""
    form = PlanForm(request.POST or None, instance=Study.objects.get(pk=study.pk))
    form.editing = editing(study, request.user, "plan saved")
    if request.method == "POST" and form.is_valid():
        try:
            drafting.save_plan(study, form.plan(), rules=form.rules(), actor=request.user)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            return redirect_after_save(request, study, "study_plan", _("The plan is saved."), step="plan", form=form)
    included = study.clips.filter(included=True, is_practice=False).count()
    return render(
        request,
        "study/plan.html",
        {
            "study": study,
            "form": form,
            "groups": form.groups(),
            "included": included,
            "asked": {part: len(questions_of(study, part)) for part in PARTS},
            "expected_minutes": _expected_minutes(study, included),
        },
        status=form.refusal_status,
    )


def _expected_minutes(study: Study, included: int) -> int | None:
    """Estimate a participant's minutes: each clip once and 15 s to choose, and two minutes for the other pages."""
    if not included:
        return None
    mean = sum(map(survey_seconds, study.clips.filter(included=True, is_practice=False))) / included
    try:
        trials = design_of(study, Participant.Kind.REAL, included).trials
    except ValueError:  # the numbers of a draft contradict each other, which the preflight reports
        return None
    return max(1, round((trials * (mean + 15) + 120) / 60))
