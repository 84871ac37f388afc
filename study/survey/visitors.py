"""Who is on a page: one helper finds the participant, and pages that stop a visit say so in a friendly way."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from study.ballots.permission import takes_answers
from study.errors import NotAllowedNow
from study.models import Participant, Study
from study.participants.tokens import token_hash
from study.texts import languages_of

COOKIE = "earsight_participant"
# The same token below the way in, so that coming back by the link offers to go on. A name of its own: an answer
# can set only one cookie of a name.
COOKIE_OF_WAY_IN = "earsight_begun"
COOKIE_SECONDS = 60 * 60 * 24 * 90
GUESSES, GUESS_SECONDS = 30, 600
_GUESS_KEY = secrets.token_bytes(16)  # of this process: what is counted cannot be traced to an address


@dataclass
class VisitEnds(Exception):
    """A page that ends the visit here: what to say, under which status code."""

    state: str
    status: int
    heading: str
    text: str
    study: Study | None = None


def unknown_link(request: HttpRequest) -> VisitEnds:
    """What is said to a link or receipt that does not exist, more and more of them in the end.

    Only these are counted and stopped, so that nobody who tries links locks out people whose links are right.
    The count lives in memory for minutes, without the address.
    """
    if _count_guess(request) > GUESSES:
        return VisitEnds(
            "slow", 429, _("Too many links that do not exist"), _("Please wait ten minutes and try again.")
        )
    return VisitEnds(
        "unknown",
        404,
        _("This link is not valid"),
        _("Please check that you copied all of it, or ask the people who sent it to you."),
    )


def needs_own_link() -> VisitEnds:
    return VisitEnds(
        "nolink",
        403,
        _("Please open your own link again"),
        _(
            "This browser does not know who you are. Your own link brings you back to where you were; "
            "nothing that was saved is lost."
        ),
    )


def begun_elsewhere(study: Study) -> VisitEnds:
    """For somebody whom the recruiting platform sends a second time, to a browser that does not know them. The
    platform's id is no secret, so it opens nothing."""
    return VisitEnds(
        "begun",
        403,
        _("You have begun this study already"),
        _(
            "Please go on in the browser in which you began, or open your own link here: it was on the page before "
            "the first piece. Nothing that was saved is lost. If you have neither, write to the people who sent you "
            "here."
        ),
        study,
    )


def not_open(study: Study) -> VisitEnds:
    """Why nobody new comes in now."""
    if study.status == Study.Status.CLOSED:
        return VisitEnds(
            "closed",
            410,
            _("This study has ended"),
            _("Thank you for your interest. No more answers are taken."),
            study,
        )
    if study.status == Study.Status.PAUSED:
        return VisitEnds(
            "paused",
            403,
            _("This study is taking a break"),
            _(
                "Please come back later with the same link. If you have begun already, use your own link: "
                "you can go on."
            ),
            study,
        )
    return VisitEnds(
        "draft", 403, _("This study is not open yet"), _("Please come back later with the same link."), study
    )


def set_cookie(response: HttpResponse, token: str, path: str, name: str = COOKIE) -> None:
    """Lets this browser be the person with `token` below `path`, and nowhere else."""
    response.set_cookie(
        name,
        token,
        max_age=COOKIE_SECONDS,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=settings.SECURE,
    )


def choose_language(request: HttpRequest, study: Study) -> None:
    """Keeps to the languages of the study, whatever the browser asks for."""
    offered = languages_of(study)
    if translation.get_language() not in offered:
        translation.activate(offered[0])
        request.LANGUAGE_CODE = offered[0]


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's script asks, and not a browser for a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def survey_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Never cached; a `VisitEnds` becomes its page."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except VisitEnds as end:
            if wants_json(request):
                # A browser may yet come back with its cookie, or be let in again: its answers wait until then.
                body = {"saved": False, "error": end.heading, "final": end.state not in ("nolink", "slow")}
                return JsonResponse(body, status=end.status)
            response = render(request, "survey/ends.html", {"end": end, "study": end.study}, status=end.status)
        add_never_cache_headers(response)
        return response

    return page


def participant_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of one participant, known by the cookie; ends the visit where the study takes no answers."""

    @wraps(view)
    def page(request: HttpRequest, handle: str, *args: object, **kwargs: object) -> HttpResponse:
        participant = find_participant(request, handle)
        choose_language(request, participant.study)
        stop_if_over(participant)
        try:
            return view(request, participant, *args, **kwargs)
        except NotAllowedNow:  # finished in another tab, or closed since the page was shown: say where they are
            return see_other(f"/q/{handle}/")

    return survey_page(page)


def find_participant(request: HttpRequest, handle: str) -> Participant:
    """The person whose page this is, if the cookie says so too."""
    participant = Participant.objects.select_related("study").filter(handle=handle).first()
    if participant is None or not is_token_of(request, participant):
        raise needs_own_link()
    return participant


def is_token_of(request: HttpRequest, participant: Participant) -> bool:
    """Whether the browser's cookie says that it is this person."""
    token = request.COOKIES.get(COOKIE, "")
    return bool(token) and participant.token_hash == token_hash(token)


def stop_if_over(participant: Participant) -> None:
    """Somebody in the middle of a study that is over, or who has withdrawn, goes no further."""
    study = participant.study
    if participant.status == Participant.Status.WITHDRAWN:
        raise VisitEnds("withdrawn", 410, _("You have withdrawn"), _("Your answers have been erased."), study)
    if participant.status == Participant.Status.STARTED and not takes_answers(participant):
        raise not_open(study)


def _guess_key(request: HttpRequest) -> str:
    address = request.META.get("REMOTE_ADDR", "")
    digest = hashlib.blake2b(address.encode(), key=_GUESS_KEY, digest_size=12).hexdigest()
    return f"survey-guesses-{digest}"


def _count_guess(request: HttpRequest) -> int:
    """How many links that do not exist came from there lately, with this one."""
    key = _guess_key(request)
    if cache.add(key, 1, GUESS_SECONDS):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two calls
        cache.add(key, 1, GUESS_SECONDS)
        return 1


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also where it is nothing, so that an empty form is judged and not shown as new."""
    return request.POST if request.method == "POST" else None


def see_other(url: str) -> HttpResponse:
    """After a POST: a redirect that is followed by GET, so that reload and back send nothing again."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def to_own_page(participant: Participant, token: str) -> HttpResponse:
    """Into the survey, at an address without token, with the cookie that stands for it."""
    path = f"/q/{participant.handle}/"
    response = see_other(path)
    set_cookie(response, token, path)
    return response
