"""Beside the survey: its language, a word that something is wrong, and taking part back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from study.models import Participant, ProblemReport
from study.participants.progress import set_language
from study.participants.withdrawal import ReceiptUnknown, participant_of, withdraw
from study.survey.flow import next_url
from study.survey.forms import ProblemForm, ReceiptForm
from study.survey.views import render_participant_page
from study.survey.visitors import participant_page, posted, see_other, survey_page, unknown_link


def _switch(request: HttpRequest, fallback: str) -> HttpResponse:
    """Back to the page, with the language in a cookie."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = fallback
    response = see_other(back)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SECURE,
        )
    return response


@require_POST
@survey_page
def site_language(request: HttpRequest) -> HttpResponse:
    """Chooses the language before anybody is somebody."""
    return _switch(request, "/")


@require_POST
@participant_page
def language(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Chooses the language, and remembers it with the person."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        set_language(participant, chosen)
    return _switch(request, next_url(participant))


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def problem(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Tells the researcher what is wrong and on which page; not who says it, and nothing that unblinds."""
    form = ProblemForm(posted(request))
    page = _page_name(request.POST.get("page") or request.GET.get("page", ""))
    if request.method == "POST" and form.is_valid():
        ProblemReport.objects.create(study=participant.study, page=page, text=form.cleaned_data["text"])
        return render_participant_page(request, participant, "problem_sent", back=next_url(participant))
    status = 422 if form.is_bound else 200
    return render_participant_page(
        request, participant, "problem", status, form=form, page=page, back=next_url(participant)
    )


def _page_name(text: str) -> str:
    """A page's plain name, "trial 3"; anything else is no page of ours."""
    name, _, number = text.partition(" ")
    known = ("consent", "questions", "sound", "instructions", "trial", "review", "thanks")
    return f"{name} {number}".strip() if name in known and (not number or number.isdigit()) else "survey"


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def withdraw_own(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Erases all of it, after one more question."""
    if request.method == "POST":
        withdraw(participant)
        return render(request, "survey/withdrawn.html", {"study": participant.study})
    return render_participant_page(request, participant, "withdraw_own", back=next_url(participant))


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def withdraw_by_receipt(request: HttpRequest) -> HttpResponse:
    """Erases the answers behind a receipt."""
    form = ReceiptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            withdraw(participant_of(form.cleaned_data["receipt"]))
        except ReceiptUnknown as error:
            if (end := unknown_link(request)).status == 429:
                raise end from error
            form.add_error("receipt", str(error))
        else:
            return render(request, "survey/withdrawn.html", {"study": None})
    context = {"form": form, "languages": [code for code, _ in settings.LANGUAGES]}
    context["language_url"] = reverse("survey_site_language")
    return render(request, "survey/withdraw.html", context, status=422 if form.is_bound else 200)
