"""Who reads an address of the API: the holder of a token, as far as their role goes, and never a browser's cookie."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from study.access import Access, Right, access_or_404
from study.errors import StudyError
from study.models import ApiToken
from study.models.log import acting_through
from study.setup.api_tokens import find_token, note_used
from study.survey import networks

logger = logging.getLogger(__name__)

# Of one network within ten minutes: tokens that are none. Good ones are never counted.
MAX_GUESSES, GUESS_SECONDS = 30, 600
_LONGEST_TOKEN = 100
_METHODS = ("GET", "HEAD")

View = Callable[..., dict[str, Any]]


def api_page(right: Right) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Require a token whose person has the right in the study; the view gets the access, and its dict becomes JSON.

    A refusal is JSON too: `{"error": sentence}`. It is 401 without a good token, 404 for every other study than the
    token's, 403 without the right, 409 for what is not ready or sealed.
    """
    if not isinstance(right, Right):
        raise TypeError("Name the right that the address needs: @api_page(Right.SEE).")

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @csrf_exempt  # nothing is changed here, and no cookie is read
        @wraps(view)
        def page(request: HttpRequest, slug: str) -> HttpResponseBase:
            token = token_of(request)
            if token is None:
                return _refuse_token(request)
            if request.method not in _METHODS:
                return answer({"error": _("This address is read only: send GET.")}, 405, Allow=", ".join(_METHODS))
            try:
                access = _access(token, slug)
                access.require(right)
                with acting_through("token"):
                    content = view(request, access)
            except Http404 as error:
                return answer({"error": str(error) or not_found_text()}, 404)
            except PermissionDenied as error:
                return answer({"error": str(error)}, 403)
            except StudyError as error:
                return answer({"error": str(error)}, 409)
            note_used(token)
            return answer(content)

        return page

    return decorate


def answer(content: dict[str, Any], status: int = 200, **headers: str) -> JsonResponse:
    """Return JSON that no cache keeps."""
    response = JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False, "allow_nan": False})
    response.headers["Cache-Control"] = "private, no-store"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def not_found_text() -> str:
    """Return what is said of each address and study that the token does not open."""
    return _("There is no such address, or this token is not for that study.")


def token_of(request: HttpRequest) -> ApiToken | None:
    """Return the good token that the request's header names; None without one."""
    scheme, _space, token = request.headers.get("Authorization", "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        return None
    return find_token(token)


def _access(token: ApiToken, slug: str) -> Access:
    """Return the access of the token's person.

    Raises:
        Http404: the token is for another study, or the person works on this one no longer, or in another role.
    """
    if token.study.slug != slug:
        raise Http404
    access = access_or_404(token.user, slug)
    if access.role != token.role:
        raise Http404(_("Your role in the study has changed since this token was made: make another one."))
    return access


def _refuse_token(request: HttpRequest) -> JsonResponse:
    """Answer a request without a good token: 401; 429 once a network has tried very many that are none."""
    if "Authorization" in request.headers:
        guesses, _seconds = networks.count("api-tokens", networks.network_of(request), GUESS_SECONDS)
        if guesses == MAX_GUESSES + 1:
            logger.warning("More than %d API tokens that do not exist came from one network.", MAX_GUESSES)
        if guesses > MAX_GUESSES:
            error = _("Too many tokens that do not exist came from your network. Wait ten minutes.")
            return answer({"error": error}, 429, Retry_After=str(GUESS_SECONDS))
    error = _(
        "Send a token of this study in the header “Authorization: Bearer …”; you make one on its page “Scripts”. One "
        "that has ended is refused too."
    )
    return answer({"error": error}, 401, WWW_Authenticate='Bearer realm="Earsight"')
