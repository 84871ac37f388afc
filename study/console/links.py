"""The page “Links”: the open link, its short code, and personal links."""

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console.common import access_to, study_page
from study.console.forms.links import LinksForm
from study.models import Participant, Study, StudyStage
from study.participants.links import create_personal_links, full_url, open_link
from study.participants.short_codes import make_short_code, spaced, withdraw_short_code
from study.participants.study_stages import stages_in_words
from study.tables.spreadsheet import csv_text

# Placeholders that a platform replaces in a participant's address. Mechanical Turk's survey links have none: its
# workers type their id.
PLACEHOLDERS = {
    Study.Platform.PROLIFIC: "?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}",
    Study.Platform.SONA: "?survey_code=%SURVEY_CODE%",
}


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE)
def study_links(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the open link and how recruitment platforms take it; create personal links as a table."""
    if request.method == "POST":
        access_to(request).require(Right.RUN)
    form = LinksForm(request.POST or None, stages=stages_in_words(study))
    if request.method == "POST" and form.is_valid():
        return _personal_links_csv(request, study, form)
    address = open_link(study)
    code = segno.make(address, error="m")
    return render(
        request,
        "study/links.html",
        {
            "study": study,
            "form": form,
            "stage": StudyStage(study.stage).label if study.stages else "",
            "address": address,
            "code": spaced(study.short_code) if study.short_code else "",
            # As it is typed: browsers add https:// and the last slash themselves.
            "code_address": full_url(reverse("survey_code")).removeprefix("https://").rstrip("/"),
            "qr": code.svg_data_uri(scale=8, border=2, dark="#000", light="#fff"),
            "platform": study.get_recruitment_platform_display() if study.recruitment_platform else "",
            "platform_address": address + PLACEHOLDERS.get(study.recruitment_platform, ""),  # type: ignore[call-overload]
            "made": study.invite_links.filter(kind=Participant.Kind.REAL).count(),
        },
        status=400 if form.errors else 200,
    )


@require_POST
@study_page(Right.RUN)
def short_code_change(request: HttpRequest, study: Study, verb: str) -> HttpResponse:
    """Give the study a short code, or take it away."""
    if verb == "make":
        make_short_code(study, actor=request.user)
    else:
        withdraw_short_code(study, actor=request.user)
    return redirect(reverse("study_links", args=[study.slug]) + "#code")


def _personal_links_csv(request: HttpRequest, study: Study, form: LinksForm) -> HttpResponse:
    """Create links and return them as CSV, only this once: their hashes alone are stored."""
    made = create_personal_links(
        study,
        form.cleaned_data["count"],
        form.cleaned_data["cap"],
        labels=form.cleaned_data["labels"],
        stage=form.cleaned_data.get("stage", ""),
        actor=request.user,
    )
    table = "\ufeff" + csv_text([("label", "link"), *made])
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-links.csv"'
    response["Cache-Control"] = "no-store, private"
    return response
