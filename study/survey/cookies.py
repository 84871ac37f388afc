"""The cookie that identifies participants: setting it, and finding the participant of a request."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from study.models import Participant
from study.participants.tokens import token_hash
from study.survey.visit_ends import has_withdrawn, needs_own_link

# Cookies of versions up to 0.1, one for each address. People who began then keep their place.
_OLD_NAMES = ("earsight_participant", "earsight_begun")
# So many people are remembered in one browser; more would make every request longer.
MAX_REMEMBERED = 24
_MAX_AGE = 60 * 60 * 24 * 90


def remember(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Identify this browser as the participant with `token`, beside those who began in it before."""
    tokens = [token, *(known for known in remembered_tokens(request) if known != token)]
    response.set_cookie(
        settings.PARTICIPANT_COOKIE_NAME,
        ".".join(tokens[:MAX_REMEMBERED]),
        max_age=_MAX_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SECURE,
    )


def replace_old_cookie(request: HttpRequest, response: HttpResponse, participant: Participant) -> None:
    """Set today's cookie for a participant who was found by an old one."""
    token = token_of(request, participant)
    if token and token not in _tokens(request, settings.PARTICIPANT_COOKIE_NAME):
        remember(request, response, token)


def _tokens(request: HttpRequest, *names: str) -> list[str]:
    found = (token for name in names for token in request.COOKIES.get(name, "").split("."))
    return list(dict.fromkeys(filter(None, found)))


def remembered_tokens(request: HttpRequest) -> list[str]:
    """The tokens of those who take part in this browser, the last one first."""
    return _tokens(request, settings.PARTICIPANT_COOKIE_NAME, *_OLD_NAMES)


def token_of(request: HttpRequest, participant: Participant) -> str:
    """The participant's token, if the request's cookie holds it; else empty."""
    return next((token for token in remembered_tokens(request) if _is_of(token, participant)), "")


def _is_of(token: str, participant: Participant) -> bool:
    return token_hash(token) == participant.token_hash


def has_cookie_of(request: HttpRequest, participant: Participant) -> bool:
    """Whether the request's cookie holds this participant's token."""
    return bool(token_of(request, participant))


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
