"""The addresses of the API about how a study is going."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from study.access import Access, Right
from study.api import contents
from study.api.access import answer, api_page, not_found_text
from study.api.contents import after_of


@api_page(Right.SEE)
def api_study(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Tell the study's state and the role of the token's person."""
    return contents.study_contents(access)


@api_page(Right.SEE)
def api_monitor(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Tell the numbers of the page “Monitor”; `?stage=pilot` of another stage than the current one."""
    return contents.monitor_contents(access, request.GET.get("stage", ""))


@api_page(Right.SEE)
def api_participants(request: HttpRequest, access: Access) -> dict[str, Any]:
    """List the people of the page “Participants”, a page at a time."""
    return contents.participants_contents(access, after_of(request.GET.get("after")))


@api_page(Right.SEE)
def api_log(request: HttpRequest, access: Access) -> dict[str, Any]:
    """List the log, a page at a time; `?people` with the entries of people who finished."""
    after = after_of(request.GET.get("after"))
    return contents.log_contents(access, after, with_people="people" in request.GET)


@api_page(Right.LOOK)
def api_clips(request: HttpRequest, access: Access) -> dict[str, Any]:
    """List the clips, a page at a time, and the conditions."""
    return contents.clips_contents(access, after_of(request.GET.get("after")))


@csrf_exempt
def api_nowhere(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Answer every other address below the API's in JSON."""
    return answer({"error": not_found_text()}, 404)
