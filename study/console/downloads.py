"""Write every file that a researcher takes out of the console to the study's log.

A middleware, so that no download can be forgotten: whatever is sent as an attachment to somebody signed in.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

from study.models import Study
from study.models.log import record

DOWNLOADED = "downloaded"
_NAME = "earsight.name_in_log"


def name_in_log(request: HttpRequest, name: str) -> None:
    """Have the download that answers the request logged under this name, not under that of a researcher's own file.

    Runners read these entries, and somebody may have named a file of rules after what it favours.
    """
    request.META[_NAME] = name


def note_download(study: Study, name: str, *, actor: Any) -> None:
    """Write to the study's log that a script or a command has taken what pages give as a file."""
    record(study, DOWNLOADED, actor=actor, file=name)


class DownloadLogMiddleware:
    """Record who downloads which file; pages, previews and images shown on pages are no attachments."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        how, parameters = parse_header_parameters(response.headers.get("Content-Disposition", ""))
        if how == "attachment" and request.method != "HEAD" and response.status_code < 300:
            self._record(request, parameters.get("filename", ""))
        return response

    def _record(self, request: HttpRequest, name: str) -> None:
        if not request.user.is_authenticated or request.resolver_match is None:
            return
        slug = request.resolver_match.kwargs.get("slug")
        study = Study.objects.filter(slug=slug).first() if slug else None
        named = request.META.get(_NAME) or name or request.resolver_match.url_name
        record(study, DOWNLOADED, actor=request.user, file=named)
