"""The page “Plan”: the design and the plan of a draft."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.plan import PlanForm
from study.console.forms.versions import editing
from study.console.instrument import asked_rows, readable_instrument
from study.errors import StudyError
from study.models import Study
from study.participants.answers_table import PARTS, questions_of
from study.participants.expected_time import expected_minutes
from study.participants.fair_pay import basis_of, pay_of, verdict_on
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
    pay = pay_of(study)
    included = study.clips.filter(included=True, is_practice=False).count()
    return render(
        request,
        "study/plan.html",
        {
            "study": study,
            "form": form,
            "groups": form.groups(),
            "included": included,
            "trial": asked_rows(study, readable_instrument(study)[0]),
            "asked": {part: len(questions_of(study, part)) for part in PARTS},
            "expected_minutes": expected_minutes(study),
            "fair": verdict_on(pay, basis_of(study) if pay else None),
        },
        status=form.refusal_status,
    )
