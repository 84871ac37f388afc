"""Entering a study: the open link, invite links, and a participant's own link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from study import texts
from study.ballots.permission import takes_answers
from study.errors import NotAllowedNow
from study.models import InviteLink, Participant, Study
from study.participants.enrolment import check_open_to, design_of, enrol, main_clips, participant_with_token
from study.participants.links import find_link
from study.participants.recruiting import find_recruited, platform_ids
from study.participants.tokens import accept_token, offer_token, token_hash
from study.survey.cookies import ENTRY_COOKIE, set_cookie
from study.survey.decorators import survey_page
from study.survey.responses import choose_language, see_other
from study.survey.visit_ends import closed_to_new, started_elsewhere, unknown_link

# Assumed for the expected duration: a participant hears at most so much of a clip, and then takes this long to answer.
HEARD_SECONDS, CHOOSING_SECONDS = 30, 15


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The open link. GET changes nothing; the button enrols a new participant with a link of their own."""
    study = Study.objects.filter(open_link_token=token).first()
    if study is None:
        raise unknown_link(request)
    return _enter_study(request, study)


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invite link. Personal (cap 1): resumes its participant. Group (cap > 1): enrols one, like the open link."""
    link = find_link(token)
    if link is None:
        raise unknown_link(request)
    return _enter_study(request, link.study, link=link, token=token if link.cap == 1 else None)


@require_safe
@survey_page
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """A participant's own link: exchanges the token for a cookie, so that it appears in no referrer."""
    participant = Participant.objects.filter(token_hash=token_hash(token)).first()
    if participant is None:
        raise unknown_link(request)
    return _redirect_to_own_pages(participant, token)


def _enter_study(
    request: HttpRequest, study: Study, *, link: InviteLink | None = None, token: str | None = None
) -> HttpResponse:
    choose_language(request, study)
    remembered = token or request.COOKIES.get(ENTRY_COOKIE, "")
    participant = participant_with_token(remembered, study) if remembered else None
    if participant is not None and token is not None:
        return _redirect_to_own_pages(participant, token)
    if participant is None or not _may_resume(participant):
        _check_open(study, link)
    if request.method != "POST":
        return _welcome_page(request, study, participant, is_pilot=_is_of_pilot(link, participant))
    if participant is not None and "resume" in request.POST:
        return _redirect_to_own_pages(participant, remembered)
    return _enrol(request, study, link, token)


def _may_resume(participant: Participant) -> bool:
    """Whether there is something to see: the study takes their answers, or they have finished."""
    return participant.status != Participant.Status.STARTED or takes_answers(participant)


def _check_open(study: Study, link: InviteLink | None) -> None:
    try:
        check_open_to(study, link)
    except NotAllowedNow as error:
        raise closed_to_new(study, str(error)) from error


def _enrol(request: HttpRequest, study: Study, link: InviteLink | None, token: str | None) -> HttpResponse:
    token = token or accept_token(request.POST.get("key", ""))
    if token is None:  # the page was open for more than a day: show a fresh one
        return see_other(request.get_full_path())
    ids = platform_ids(study, request.GET)
    recruited = find_recruited(study, ids)
    if recruited is not None and recruited.token_hash != token_hash(token):
        raise started_elsewhere(study)
    try:
        participant, token = enrol(
            study,
            token=token,
            link=link,
            language=request.LANGUAGE_CODE,
            recruitment=ids,
            bot=bool(request.POST.get("website")),  # a field that people do not see
        )
    except NotAllowedNow as error:  # full or closed since the page was shown
        raise closed_to_new(study, str(error)) from error
    response = _redirect_to_own_pages(participant, token)
    # Set the cookie on the entry address too, so that opening the link again offers to resume.
    set_cookie(response, token, request.path, ENTRY_COOKIE)
    return response


def _redirect_to_own_pages(participant: Participant, token: str) -> HttpResponse:
    """Redirect to the participant's pages, with addresses that hold no token, and set the cookie for them."""
    path = f"/q/{participant.handle}/"
    response = see_other(path)
    set_cookie(response, token, path)
    return response


def _is_of_pilot(link: InviteLink | None, participant: Participant | None) -> bool:
    """Whether somebody who starts or goes on from this page is a pilot."""
    return Participant.Kind.PILOT in {one.kind for one in (link, participant) if one is not None}


def _welcome_page(
    request: HttpRequest, study: Study, participant: Participant | None, *, is_pilot: bool
) -> HttpResponse:
    clips = main_clips(study).values_list("survey_duration", "duration")
    trials = design_of(study, Participant.Kind.REAL, len(clips)).trials
    seconds = sum(min(played or whole, HEARD_SECONDS) + CHOOSING_SECONDS for played, whole in clips)
    minutes = max(1, round(seconds / len(clips) * trials / 60) + 1)
    context = {
        "study": study,
        "known": participant,
        "is_pilot": is_pilot,
        "key": offer_token(),
        "pieces": trials,
        "minutes": minutes,
        "images": study.conditions.count(),
        "languages": texts.languages_of(study),
        "language_url": reverse("survey_site_language"),
    }
    return render(request, "survey/welcome.html", context)
