"""The response to an upload that met too many others: few are read at once (`study.untrusted_files`).

It does not say that something is wrong: the same upload is taken a moment later.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from study.untrusted_files.bounded_process import RETRY_SECONDS, TooManyAtOnce
from study.web.http import wants_json


class UploadQueueMiddleware:
    """Answer uploads that found no free process with 503 and `Retry-After`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooManyAtOnce):
            return None
        if wants_json(request):
            problem = _("Too many files are being checked at the same time. Try again in a moment.")
            response: HttpResponse = JsonResponse({"problem": problem, "retry": True}, status=503)
        else:
            response = render(request, "too_many_uploads.html", status=503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        add_never_cache_headers(response)
        return response
