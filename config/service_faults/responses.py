"""Answer a request that met a fault of the database, the disk or the broker with 503, `Retry-After` and what to do.

A page's script gets JSON, keeps what it sent and sends it again; a plain form gets a page that holds what was written,
with a button that sends it again.
"""

import logging
import sys
from collections.abc import Callable

from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views import defaults

from config.requests.edge import refusal
from config.service_faults import broker, database, disk, schema
from config.service_faults.fault import Fault, Unavailable
from study.background_work.schema import difference, is_cause_of, remember_own
from study.web.http import is_for_api, wants_json

logger = logging.getLogger(__name__)


def fault_of(error: BaseException) -> Fault | None:
    """The fault that this error tells of; None for other errors."""
    if isinstance(error, Unavailable):
        return error.fault
    return database.fault_of(error) or disk.fault_of(error) or broker.fault_of(error)


def response_to(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    """The response to a request that met such a fault; None for other errors."""
    fault = fault_of(error)
    if fault is None and is_cause_of(error):
        fault = schema.OTHER_VERSION
    elif isinstance(error, DataError):  # a value that no form has checked and no column can hold: too long, too large
        logger.error("A value was refused by the database: %s", str(error).strip())
        return refusal(request, HttpResponse(), 400)
    elif isinstance(error, IntegrityError):  # two that do the same at once, where no view foresaw it
        logger.error("A change met another one: %s", str(error).strip())
        return refusal(request, HttpResponse(), 409)
    if fault is None:
        return None
    if isinstance(error, Unavailable):
        logger.warning("%s.", fault.name)
    else:
        logger.error("%s: %s", fault.name, str(error).strip())
    return _unavailable(request, fault)


def _unavailable(request: HttpRequest, fault: Fault) -> HttpResponse:
    if is_for_api(request):
        message = _("Earsight cannot answer just now. Ask again in some seconds.")
        response: HttpResponse = JsonResponse({"error": message}, status=503)
    elif wants_json(request):
        message = _("This could not be saved just now. Nothing is lost: it is sent again by itself.")
        response = JsonResponse({"saved": False, "retry": True, "error": message}, status=503)
    else:
        context = _form_again(request) | {
            "advice": _(fault.advice) if fault.advice and _is_researcher(request) else "",
            "message": _(fault.message) if fault.message else "",
            "reason": _(fault.reason) if fault.reason else "",
        }
        response = render(request, "service_fault.html", context, status=503)
    response.headers["Retry-After"] = str(fault.seconds)
    add_never_cache_headers(response)
    return response


def _is_researcher(request: HttpRequest) -> bool:
    """Whether a researcher is known to be signed in, without asking the database, which may be away."""
    user = getattr(request, "_cached_user", None)
    return user is not None and user.is_authenticated


def _form_again(request: HttpRequest) -> dict[str, object]:
    """What the page needs to send a form again: its fields, unless it held a file or a password."""
    # A form is shown again only to the site's own pages: the check of its token has passed.
    sent = request.method == "POST" and getattr(request, "csrf_processing_done", False)
    if not sent:
        return {"sent": request.method == "POST", "fields": None}
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    if request.FILES or any("password" in name for name, _value in fields):
        return {"sent": True, "fields": None}
    return {"sent": True, "fields": [(name, value) for name, value in fields if name != "csrfmiddlewaretoken"]}


class ServiceFaultMiddleware:
    """Answer requests whose view met such a fault, and all while the database is of another version."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        remember_own()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if problem := difference():
            logger.error("Nothing is answered but this: %s", problem)
            return _unavailable(request, schema.OTHER_VERSION)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return response_to(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: faults outside a view, for example when a session is read, are answered alike."""
    error = sys.exc_info()[1]
    return (error and response_to(request, error)) or defaults.server_error(request)
