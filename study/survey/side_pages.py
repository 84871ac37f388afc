"""The pages beside the survey: its language, the code typed in place of a link, problem reports, and withdrawal."""

import re
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.models import Participant, ProblemReport, Study
from study.opaque_tokens import new_submission_key
from study.participants.short_codes import study_with_code
from study.participants.tokens import reporter_digest
from study.participants.withdrawal import ReceiptUnknown, withdraw, withdraw_with_receipt
from study.survey import networks
from study.survey.cookies import token_of
from study.survey.decorators import participant_page, survey_page
from study.survey.forms import CodeForm, ProblemForm, ReceiptForm
from study.survey.next_page import next_url
from study.survey.responses import posted, render_participant_page, see_other
from study.survey.visit_ends import unknown_link

_NUMBER = re.compile("[0-9]{0,9}")
# The most reports of one person within an hour.
MAX_REPORTS, REPORT_SECONDS = 20, 3600
_ERASED = Signer(salt="study.survey.erased")
_PAGES = ("consent", "questions", "sound", "instructions", "trial", "review", "thanks")


def _set_language_cookie(request: HttpRequest, fallback: str) -> HttpResponse:
    """Redirect to the page before, with the language in a cookie."""
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
            httponly=True,
            samesite="Lax",
            secure=settings.SECURE,
        )
    return response


@require_POST
@survey_page
def site_language(request: HttpRequest) -> HttpResponse:
    """Choose the language of pages without a participant."""
    return _set_language_cookie(request, "/")


@require_POST
@participant_page
def language(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Choose the language, and store it with the participant."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        participant.language = chosen
        participant.save(update_fields=["language"])
    return _set_language_cookie(request, next_url(participant))


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def problem(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Report a problem to the researcher, with its page but without the participant or anything that unblinds.

    `?sent` shows that the report has been stored; a form that is sent twice stores one report.
    """
    form = ProblemForm(posted(request))
    page = _page_name(request.POST.get("page") or request.GET.get("page", ""))
    if request.method == "POST" and form.is_valid():
        if networks.counted("reports", participant.handle) < MAX_REPORTS:
            networks.count("reports", participant.handle, REPORT_SECONDS)
            report = {"study": participant.study, "page": page, "text": form.cleaned_data["text"]}
            report["reporter"] = reporter_digest(token_of(request, participant))
            ProblemReport.objects.get_or_create(
                submission_key=form.cleaned_data["key"] or new_submission_key(), defaults=report
            )
            return see_other("?sent")
        form.add_error("text", _("You have sent many reports. Please wait an hour, or write to who sent you here."))
    if request.method != "POST" and "sent" in request.GET:
        return render_participant_page(request, participant, "problem_sent", back=next_url(participant))
    status = 422 if form.is_bound else 200
    return render_participant_page(
        request, participant, "problem", status, form=form, page=page, back=next_url(participant)
    )


def _page_name(text: str) -> str:
    """The page's name as it was sent ("trial 3"), or "survey" if there is no such page."""
    name, _, number = text.partition(" ")
    return f"{name} {number}".strip() if name in _PAGES and _NUMBER.fullmatch(number) else "survey"


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def withdraw_own(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Withdraw: erase everything the participant gave, after a confirmation."""
    if request.method == "POST":
        withdraw(participant, token=token_of(request, participant))
        is_pilot = participant.kind == Participant.Kind.PILOT
        return render(request, "survey/withdrawn.html", {"study": participant.study, "is_pilot": is_pilot})
    return render_participant_page(request, participant, "withdraw_own", back=next_url(participant))


def _erased_study(request: HttpRequest) -> Study | None:
    """Return the study of which answers have just been erased, whose researchers the page names."""
    try:
        return Study.objects.filter(pk=_ERASED.unsign(request.GET["erased"])).first()
    except BadSignature:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def enter_code(request: HttpRequest) -> HttpResponse:
    """Lead from a study's short code to its open link, which answers for the study whatever its state."""
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        study = study_with_code(form.cleaned_data["code"])
        if study is not None:
            return see_other(reverse("survey_welcome", args=[study.open_link_token]))
        if (end := unknown_link(request)).status == 429:
            raise end
        form.add_error("code", _("There is no such code. Please check it sign by sign, or ask who gave it to you."))
    return _render_outside(request, "survey/code.html", form)


def _render_outside(request: HttpRequest, template: str, form: Form) -> HttpResponse:
    """Render a page of one form that belongs to no study."""
    context = {"form": form, "languages": [code for code, _ in settings.LANGUAGES]}
    context |= {"language_url": reverse("survey_site_language"), "path": request.get_full_path()}
    return render(request, template, context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def withdraw_by_receipt(request: HttpRequest) -> HttpResponse:
    """Withdraw by receipt, without the participant's cookie; `?erased` says of which study it has been done."""
    if request.method != "POST" and "erased" in request.GET:
        return render(request, "survey/withdrawn.html", {"by_receipt": True, "study": _erased_study(request)})
    form = ReceiptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            study = withdraw_with_receipt(form.cleaned_data["receipt"])
        except ReceiptUnknown as error:
            if (end := unknown_link(request)).status == 429:
                raise end from error
            form.add_error("receipt", str(error))
        else:
            return see_other("?" + urlencode({"erased": _ERASED.sign(str(study.pk))}))
    return _render_outside(request, "survey/withdraw.html", form)
