"""How long a researcher's sign-in lasts, in which browsers it is open, and how it is ended.

A sign-in ends when nobody has used it for `SESSION_IDLE_SECONDS`, and `SESSION_LIFE_SECONDS` after it began, whatever
happened since. Pages that load a part of themselves again and again do not count as use. Participants have no session:
a request without the session's cookie reads none.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

_BEGAN, _USED, _BROWSER = "began_at", "used_at", "browser"
# The time of use is written at most so often: reading a page should not write to the database.
_NOTED_EVERY = 300
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class SignIn:
    """A sign-in that is open in some browser. `code` names it in a form; it is no key of the session."""

    code: str
    browser: str
    began_at: datetime
    used_at: datetime


def begin(sender: Any, request: HttpRequest, user: Any, **_more: Any) -> None:
    """Note when and in which kind of browser a sign-in began. For Django's signal `user_logged_in`."""
    now = int(time.time())
    request.session.update({_BEGAN: now, _USED: now, _BROWSER: _browser_of(request.headers.get("User-Agent", ""))})


class SessionLifeMiddleware:
    """End sign-ins that are too old, or that nobody has used for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            _keep_or_end(request)
        return self.get_response(request)


def _keep_or_end(request: HttpRequest) -> None:
    now = int(time.time())
    session = request.session
    for name in (_BEGAN, _USED):
        # Missing in a session that is older than this rule; in the future if the clock was set back since.
        if session.get(name, now + 1) > now:
            session[name] = now
    began, used = session[_BEGAN], session[_USED]
    if now - began >= settings.SESSION_LIFE_SECONDS or now - used >= settings.SESSION_IDLE_SECONDS:
        logout(request)
    elif now - used >= _NOTED_EVERY and _is_of_a_person(request):
        session[_USED] = now


def _is_of_a_person(request: HttpRequest) -> bool:
    """Whether a person sent a form or opened a page, rather than the page's script loading a part of it again."""
    return request.method == "POST" or request.headers.get("Sec-Fetch-Dest", "document") == "document"


def open_sign_ins(user: Any, *, but: str | None = None) -> list[SignIn]:
    """The user's open sign-ins, the last used first, without that of the session key `but`."""
    rows = [_sign_in(key, data) for key, data in _sessions_of(user) if key != but]
    return sorted(rows, key=lambda row: row.used_at, reverse=True)


def end_sign_ins(user: Any, *, codes: Collection[str] | None = None, but: str | None = None) -> int:
    """End the user's sign-ins with these codes, all if None, except that of the session key `but`; return how many."""
    keys = [key for key, _data in _sessions_of(user) if key != but and (codes is None or _code(key) in codes)]
    return Session.objects.filter(session_key__in=keys).delete()[0]


def _sessions_of(user: Any) -> list[tuple[str, dict[str, Any]]]:
    """The session keys and contents of the user's open sign-ins. Only researchers have sessions: they are few."""
    now = int(time.time())
    # The later ones are signed by older keys (EARSIGHT_SECRET_KEY_FALLBACKS), and open the console too.
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    stored = ((row.session_key, row.get_decoded()) for row in Session.objects.filter(expire_date__gt=timezone.now()))
    return [
        (key, data)
        for key, data in stored
        if data.get(SESSION_KEY) == str(user.pk)
        # Of before a change of the password: it opens nothing.
        and any(constant_time_compare(data.get(HASH_SESSION_KEY, ""), known) for known in hashes)
        and now - data.get(_USED, now) < settings.SESSION_IDLE_SECONDS
        and now - data.get(_BEGAN, now) < settings.SESSION_LIFE_SECONDS
    ]


def _sign_in(key: str, data: dict[str, Any]) -> SignIn:
    began, used = (datetime.fromtimestamp(data.get(name, time.time()), UTC) for name in (_BEGAN, _USED))
    return SignIn(_code(key), data.get(_BROWSER, ""), began, used)


def _code(key: str) -> str:
    return salted_hmac("earsight.sign-in", key, algorithm="sha256").hexdigest()[:32]


def _browser_of(agent: str) -> str:
    """The kind of browser and system, for example "Firefox, Linux"; empty if neither is known. Nothing else is kept."""
    found = (next((name for sign, name in kinds if sign in agent), "") for kinds in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))
