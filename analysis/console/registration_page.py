"""The page Preregister: the text for a registry's form, what is missing of it, and where it was filed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analysis.console.registration_forms import FilingForm, RegistrationForm
from analysis.preregistration.document import Item, preregistration
from analysis.preregistration.files import WRITERS
from analysis.preregistration.forms import FORMS, OSF
from analysis.study_results.registration import (
    SAVED,
    Filing,
    filing_sentence,
    is_registered_before_opening,
    record_filing,
    registration_of,
    save_registration,
)
from study.access import Right
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Study

_LETTERS_A_LINE, _MOST_LINES = 80, 16


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_preregister(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the text of one form with what is missing; save what only the researchers know."""
    form = RegistrationForm(request.POST or None, study=study)
    form.editing = editing(study, request.user, SAVED)
    if form.is_valid():
        save_registration(
            study,
            form.answers(),
            existing=form.cleaned_data["existing"],
            directions=form.directions(),
            actor=request.user,
        )
        return redirect_after_save(request, study, "study_preregister", _("Saved."), step="preregister", form=form)
    return _page(request, study, form, FilingForm(), status=form.refusal_status)


@require_POST
@study_page(Right.EDIT)
@one_at_a_time
def study_preregister_filed(request: HttpRequest, study: Study) -> HttpResponse:
    """Record where the study was registered."""
    form = FilingForm(request.POST)
    if form.is_valid():
        try:
            record_filing(study, **form.cleaned_data, actor=request.user)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The registration is recorded."))
            return redirect("study_preregister", study.slug)
    return _page(request, study, RegistrationForm(study=study), form, status=400)


@require_safe
@study_page(Right.LOOK)
def study_preregister_file(request: HttpRequest, study: Study, form: str, ending: str) -> HttpResponse:
    """The text of a form as a file to save."""
    if form not in FORMS or ending not in WRITERS:
        raise Http404("no such form or file")
    content_type, write = WRITERS[ending]
    response = HttpResponse(write(preregistration(study, FORMS[form])), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-{form}.{ending}"'
    return response


def _page(
    request: HttpRequest, study: Study, form: RegistrationForm, filing: FilingForm, *, status: int
) -> HttpResponse:
    chosen = FORMS.get(request.GET.get("form", ""), OSF)
    text = preregistration(study, chosen)
    filed = registration_of(study).filed
    return render(
        request,
        "analysis/preregister.html",
        {
            "study": study,
            "form": form,
            "filing_form": filing,
            "forms": FORMS.values(),
            "text": text,
            "rows": [_row(number, item) for number, item in enumerate(text.items, start=1)],
            "files": list(WRITERS),
            "filed": [_filed(study, each) for each in filed],
            "came_first": is_registered_before_opening(study),
        },
        status=status,
    )


def _filed(study: Study, filing: Filing) -> dict[str, Any]:
    """A filing with its sentence, whose address is a link."""
    before, _address, after = filing_sentence(study, filing).partition(filing.address)
    return {"filing": filing, "before": before, "after": after}


def _row(number: int, item: Item) -> dict[str, Any]:
    lines = sum(1 + len(line) // _LETTERS_A_LINE for line in item.text.splitlines())
    return {
        "id": f"item-{number}",
        "question": item.question,
        "text": item.text,
        "letters": len(item.text),
        "lines": max(2, min(_MOST_LINES, lines)),
        "missing": item.answer.missing,
        "is_long": item.is_long,
    }
