"""The cookies that identify a participant: setting them, and finding the participant of a request."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from study.models import Participant
from study.participants.tokens import token_hash
from study.survey.visit_ends import has_withdrawn, needs_own_link

COOKIE = "earsight_participant"
# A second cookie on the entry path, so that the entry page can offer to resume: the tokens of those who began in this
# browser, the last one first. It needs its own name because one response cannot set a cookie name for two paths.
ENTRY_COOKIE = "earsight_begun"
_MAX_REMEMBERED = 8
_MAX_AGE = 60 * 60 * 24 * 90


def set_cookie(response: HttpResponse, token: str, path: str, name: str = COOKIE) -> None:
    """Identify this browser as the participant with `token` on addresses below `path`."""
    response.set_cookie(
        name,
        token,
        max_age=_MAX_AGE,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=settings.SECURE,
    )


def remember(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Note on the entry address that the participant with `token` began in this browser."""
    tokens = [token, *(known for known in remembered_tokens(request) if known != token)]
    set_cookie(response, ".".join(tokens[:_MAX_REMEMBERED]), request.path, ENTRY_COOKIE)


def remembered_tokens(request: HttpRequest) -> list[str]:
    """The tokens of those who began in this browser by this entry address, the last one first."""
    return [token for token in request.COOKIES.get(ENTRY_COOKIE, "").split(".") if token][:_MAX_REMEMBERED]


def token_of(request: HttpRequest) -> str:
    """The token of the participant whose page is requested; empty without the cookie."""
    return request.COOKIES.get(COOKIE, "")


def has_cookie_of(request: HttpRequest, participant: Participant) -> bool:
    """Whether the request's cookie holds this participant's token."""
    token = token_of(request)
    return bool(token) and participant.token_hash == token_hash(token)


def find_participant(request: HttpRequest, handle: str) -> Participant:
    """The participant of this address, with their study.

    Raises:
        VisitEnds: no participant has this handle, the request's cookie is not theirs, or they have withdrawn, after
            which no cookie is theirs.
    """
    participant = Participant.objects.select_related("study").filter(handle=handle).first()
    if participant is not None and participant.status == Participant.Status.WITHDRAWN:
        raise has_withdrawn(participant.study)
    if participant is None or not has_cookie_of(request, participant):
        raise needs_own_link()
    return participant
