"""The page “Payment”: the ids of people whom a recruiting platform sent, and the support codes; never their answers."""

from typing import Any

from django.contrib import messages
from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from study.access import Right
from study.console.common import study_page
from study.errors import StudyError
from study.models import Participant, PlatformVisit, Study, StudyStage
from study.participants.approval import PAYABLE, approval_list, how_to_use
from study.participants.fair_pay import basis_of, measured, pay_of, verdict_on
from study.participants.recruiting import PARAMETERS, PERSON_PARAMETER
from study.participants.visits import erase_paid, mark_finished, participant_digest, visit_with_code
from study.tables.spreadsheet import csv_text

_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.RUN)
def study_payment(request: HttpRequest, study: Study) -> HttpResponse:
    """List whom to pay, erase the ids of those who are, and look a support code up (by POST: it stays out of logs)."""
    found = None
    if request.method == "POST":
        try:
            if "erase" in request.POST:
                return _erase(request, study)
            found = look_up(study, request.POST.get("code", ""))
            if "finished" in request.POST:
                mark_finished(found["visit"])
                messages.success(request, _("The id is among those to be paid."))
                return redirect("study_payment", study.slug)
        except StudyError as error:
            messages.error(request, str(error))
            return redirect("study_payment", study.slug)
    visits = study.platform_visits.all()
    lists = [_list(study, state) for state in PAYABLE]
    return render(
        request,
        "study/payment.html",
        {
            "study": study,
            "platform": study.get_recruitment_platform_display() if study.recruitment_platform else "",
            "lists": lists,
            "began": visits.filter(state=PlatformVisit.State.BEGAN).count(),
            "paid": visits.filter(state=PlatformVisit.State.PAID).count(),
            "found": found,
            "code": request.POST.get("code", ""),
            "fair": fair_pay_rows(study),
            "how_to_approve": how_to_use(study),
        },
    )


def fair_pay_rows(study: Study) -> dict[str, Any]:
    """The reward against the wage in words, and the times of real people, of the pilot stage, and of pilots, apart."""
    times, pay = measured(study), pay_of(study)
    names = (_("Participants"), capfirst(StudyStage.PILOT.label), _("Pilots"))
    rows = [
        {"name": name, "times": found, "hourly": pay.shown_per_hour(found.median) if pay else ""}
        for name, found in zip(names, times, strict=True)
        if found is not None
    ]
    return {**vars(verdict_on(pay, basis_of(study, times) if pay else None)), "times": rows}


def _list(study: Study, state: PlatformVisit.State) -> dict[str, Any]:
    """How many people are in this state, and the first of the ids that identify them.

    In alphabetical order: that of arrival would tell more.
    """
    name = PERSON_PARAMETER.get(study.recruitment_platform, "")  # type: ignore[call-overload]
    visits = study.platform_visits.filter(state=state).exclude(ids={})
    ids = visits.annotate(named=Coalesce(KeyTextTransform(name, "ids"), Cast("ids", TextField()))).order_by("named")
    number, shown = visits.count(), list(ids.values_list("named", flat=True)[:_SHOWN])
    return {"state": state, "title": state.label, "number": number, "ids": shown, "more": number - _SHOWN}


def _erase(request: HttpRequest, study: Study) -> HttpResponse:
    """Erase the ids of those who are paid, unless there are others than the researcher saw."""
    state = request.POST.get("erase", "")
    rows = (
        study.platform_visits.filter(state=state).exclude(ids={}) if state in PAYABLE else study.platform_visits.none()
    )
    shown = list(rows.values_list("pk", flat=True))
    if str(len(shown)) != request.POST.get("number"):
        raise StudyError(_("Others have come or gone since this page was shown. Nothing was erased: look again."))
    erased = erase_paid(study, shown, actor=request.user)
    text = ngettext("The id of %(n)d person is erased.", "The ids of %(n)d people are erased.", erased)
    messages.success(request, text % {"n": erased})
    return redirect("study_payment", study.slug)


def look_up(study: Study, code: str) -> dict[str, Any]:
    """The visit and the participant of a support code.

    Raises:
        StudyError: the study has none.
    """
    visit = visit_with_code(code)
    person = Participant.objects.filter(study=study, support_digest=participant_digest(code)).first()
    if visit is None or visit.study_id != study.pk or person is None:
        raise StudyError(_("Nobody in this study has this support code. Check it letter by letter; it has 16."))
    return {"visit": visit, "ids": visit.ids, "person": person}


@require_safe
@study_page(Right.RUN)
def payment_table(request: HttpRequest, study: Study, state: str) -> HttpResponse:
    """The ids of those who finished, or were screened out, as CSV."""
    if state not in PAYABLE:
        raise Http404("no such list")
    names = PARAMETERS.get(study.recruitment_platform, ())  # type: ignore[call-overload]
    rows = [ids for ids in study.platform_visits.filter(state=state).values_list("ids", flat=True) if ids]
    columns = list(names) or sorted({name for ids in rows for name in ids})
    table = sorted([ids.get(name, "") for name in columns] for ids in rows)
    response = HttpResponse("\ufeff" + csv_text([columns, *table]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-{state}.csv"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_safe
@study_page(Right.RUN)
def payment_approval(request: HttpRequest, study: Study, state: str) -> HttpResponse:
    """The list of whom to pay, as the platform takes it."""
    if state not in PAYABLE:
        raise Http404("no such list")
    try:
        name, content = approval_list(study, state)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_payment", study.slug)
    kind = "text/csv" if name.endswith(".csv") else "text/plain"
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response
