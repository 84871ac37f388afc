"""Entering a study: the open link, invite links, and a participant's own link."""

from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from study import texts
from study.ballots.permission import takes_answers
from study.errors import NotAllowedNow
from study.models import InviteLink, Participant, Study
from study.participants.completion import answered_by_number
from study.participants.enrolment import (
    check_open_to,
    design_of,
    enrol,
    main_clips,
    participant_with_token,
)
from study.participants.expected_time import answering_seconds
from study.participants.invitation_texts import heading, task
from study.participants.links import find_link
from study.participants.monitoring import note_many_arrivals
from study.participants.recruiting import TYPED_BY_PEOPLE, Arrival, Fault, read_arrival
from study.participants.tokens import accept_token, offer_token, token_hash
from study.participants.visits import come_again, is_of, visit_of
from study.setup.schedule import keep_schedule
from study.survey import networks
from study.survey.cookies import remember, remembered_tokens
from study.survey.decorators import survey_page
from study.survey.responses import choose_language, see_other
from study.survey.visit_ends import (
    ARRIVAL_SECONDS,
    closed_to_new,
    too_many_arrivals,
    unknown_link,
)

# Assumed for the expected duration: a participant hears at most so much of a clip.
HEARD_SECONDS = 30
# So many people from one network within minutes are a class, a lecture or a script: the researcher is told.
TOLD_FROM = 50


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
    return _let_in(request, participant, token)


def _enter_study(
    request: HttpRequest, study: Study, *, link: InviteLink | None = None, token: str | None = None
) -> HttpResponse:
    """Enter by the open link or a group link; `token` is that of a personal link."""
    choose_language(request, study)
    study = keep_schedule(study, in_request=True)
    if token is not None:
        participant = participant_with_token(token, study)
        if participant is not None:
            return _let_in(request, participant, token)
        arrival = read_arrival(study, request.GET)
        return _enter_new(request, study, link, token, Arrival() if arrival.fault else arrival)
    # Sent twice: whoever has the form's key is the participant whom it enrolled.
    key = accept_token(request.POST.get("key", "")) if request.method == "POST" else None
    enrolled = participant_with_token(key, study) if key else None
    if enrolled is not None and key is not None and "resume" not in request.POST:
        return _let_in(request, enrolled, key)
    arrival = read_arrival(study, request.GET, request.POST.get("platform_id", ""))
    if link is not None and arrival.fault == Fault.MISSING:
        arrival = Arrival()  # the link is enough
    known = _known_here(request, study, link, arrival)
    if known is not None and "resume" in request.POST:
        come_again(known.participant, known.token, arrival)
        return _let_in(request, known.participant, known.token)
    if known is not None and known.is_sure and request.method == "POST":
        # In another tab, since this page was shown: the page now offers to resume.
        return see_other(request.get_full_path())
    return _enter_new(request, study, link, key, arrival, known)


@dataclass(frozen=True)
class Known:
    """A participant who began in this browser. They are sure if the platform sends the same person again."""

    participant: Participant
    token: str
    is_sure: bool = False


def _known_here(request: HttpRequest, study: Study, link: InviteLink | None, arrival: Arrival) -> Known | None:
    """The participant who comes back: the platform's person, else the last who may be it; never another person's.

    Only what began in this browser, by this link, decides, so that nobody learns from the page whether an id takes
    part.
    """
    tokens = {token_hash(token): token for token in remembered_tokens(request)}
    found = {row.token_hash: row for row in study.participants.filter(token_hash__in=tokens, invite_link=link)}
    people = [Known(found[key], token) for key, token in tokens.items() if key in found and _may_resume(found[key])]
    if arrival.person:
        visits = {known.token: visit_of(known.token) for known in people}
        for known in people:
            visit = visits[known.token]
            if visit is not None and is_of(visit, arrival):
                return replace(known, is_sure=True)
        people = [known for known in people if visits[known.token] is None]
    return people[0] if people else None


def _may_resume(participant: Participant) -> bool:
    """Whether there is something to see: the study takes their answers, or they have finished."""
    return participant.status != Participant.Status.STARTED or takes_answers(participant)


def _enter_new(
    request: HttpRequest,
    study: Study,
    link: InviteLink | None,
    token: str | None,
    arrival: Arrival,
    known: Known | None = None,
) -> HttpResponse:
    """Show the welcome page, or enrol a new participant."""
    try:
        check_open_to(study, link)
    except NotAllowedNow as error:
        if known is None or request.method == "POST":
            raise closed_to_new(study, str(error)) from error
    is_pilot = _is_of_pilot(link, known)
    if request.method != "POST":
        return _welcome_page(request, study, arrival, known, is_pilot=is_pilot)
    if arrival.fault is not None:
        return _welcome_page(request, study, arrival, known, is_pilot=is_pilot, status=422)
    if token is None:  # the page was open for more than a day: show a fresh one
        return see_other(request.get_full_path())
    network = "" if link is not None and link.cap == 1 else networks.network_of(request)
    _check_pace(study, network)
    try:
        participant, token = enrol(
            study,
            token=token,
            link=link,
            language=request.LANGUAGE_CODE,
            arrival=arrival,
            bot=bool(request.POST.get("website")),  # a field that people do not see
        )
    except NotAllowedNow as error:  # full or closed since the page was shown
        raise closed_to_new(study, str(error)) from error
    _note_arrival(study, network)
    return _let_in(request, participant, token)


def _check_pace(study: Study, network: str) -> None:
    """Stop a new participant from a network from which the most that one may send have just come."""
    most = settings.ARRIVALS_PER_NETWORK
    if network and most and networks.counted(f"arrivals-{study.open_link_token}", network) >= most:
        raise too_many_arrivals(study)


def _note_arrival(study: Study, network: str) -> None:
    """Count a new participant; at 50, 100, 200 … from one network within minutes, write it to the study's log."""
    if not network:
        return
    people, seconds = networks.count(f"arrivals-{study.open_link_token}", network, ARRIVAL_SECONDS)
    if people % TOLD_FROM == 0 and (people // TOLD_FROM).bit_count() == 1:
        note_many_arrivals(study, people, seconds)


def _let_in(request: HttpRequest, participant: Participant, token: str) -> HttpResponse:
    """Redirect to the participant's pages, with addresses that hold no token, and set the cookie for them."""
    response = see_other(f"/q/{participant.handle}/")
    remember(request, response, token)
    return response


def _is_of_pilot(link: InviteLink | None, known: Known | None) -> bool:
    """Whether somebody who starts or goes on from this page is a pilot."""
    kinds = {link.kind if link else None, known.participant.kind if known else None}
    return Participant.Kind.PILOT in kinds


def _welcome_page(
    request: HttpRequest,
    study: Study,
    arrival: Arrival,
    known: Known | None,
    *,
    is_pilot: bool,
    status: int = 200,
) -> HttpResponse:
    clips = main_clips(study).values_list("survey_duration", "duration")
    design = design_of(study, Participant.Kind.REAL, len(clips))
    answering = answering_seconds(study, design.shown)
    seconds = sum(min(played or whole, HEARD_SECONDS) + answering for played, whole in clips)
    minutes = max(1, round(seconds / len(clips) * design.trials / 60) + 1)
    asks_id = study.recruitment_platform in TYPED_BY_PEOPLE and "platform_id" in request.POST
    given = answered_by_number(known.participant) if known else {}
    context = {
        "study": study,
        "known": known,
        "answers": sum(given.values()),
        "trials": len(given),
        "platform": study.get_recruitment_platform_display(),
        # Without an id in the address people can type it; a placeholder is no id, and nobody can start with it.
        "asks_id": asks_id or (arrival.fault == Fault.MISSING and study.recruitment_platform in TYPED_BY_PEOPLE),
        "fault": arrival.fault.value if arrival.fault else "",
        "typed": request.POST.get("platform_id", ""),
        "is_refused": status != 200,
        "is_pilot": is_pilot,
        "key": offer_token(),
        "heading": heading(study),
        "task": task(study, design),
        "minutes": minutes,
        "languages": texts.languages_of(study),
        "language_url": reverse("survey_site_language"),
        "path": request.get_full_path(),
    }
    return render(request, "survey/welcome.html", context, status=status)
