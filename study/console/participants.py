"""The page “Participants”: how far each person is, flags and exclusions; no choices are shown."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.console.common import access_to, study_page
from study.console.live import live_page, live_part
from study.errors import StudyError
from study.models import Study, Trial
from study.participants.exclusion import set_exclusion
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.flag_words import rules_in_words
from study.participants.people_filters import PeopleFilters, Wanted
from study.participants.people_rows import people_a_page, rows_of


@require_safe
@study_page(Right.SEE, change=Right.RUN)
def study_participants(request: HttpRequest, study: Study) -> HttpResponse:
    """List people, each with a block a trial; `?status=…&step=…&stage=…&flag=…&group=…&code=…` narrows the list.

    `?fragment` returns the part that is kept live.
    """
    is_part = "fragment" in request.GET
    query = request.GET.copy()
    query.pop("fragment", None)
    request.GET = query  # type: ignore[assignment]  # the links of the part lead to pages
    shown = partial(_people, request, study)
    if is_part:
        return live_part(request, study, "study/_people.html", shown)
    refresh_unfinished(study)
    return live_page(request, study, "study/participants.html", shown, rules=rules_in_words(study))


def _people(request: HttpRequest, study: Study) -> dict[str, Any]:
    wanted = Wanted.from_query(request.GET)
    filters = PeopleFilters(study, wanted)
    people = filters.people()
    # The most trials that somebody of the newest has: as many as the plan gives, whichever plan that was.
    newest = study.participants.order_by("-pk").values("pk")[:1]
    trials = Trial.objects.filter(participant__in=newest).aggregate(most=Max("number"))["most"] or 1
    page = Paginator(people.values_list("pk", flat=True), people_a_page(trials)).get_page(request.GET.get("page"))
    # Through the study, which each of them names then without a query of its own.
    shown = study.participants.defer("answers").in_bulk(list(page))
    rows = rows_of(
        [shown[pk] for pk in page if pk in shown],
        active_since=filters.active_since,
        now=filters.now,
        show_checks=access_to(request).allows(Right.LOOK),
    )
    return {
        "study": study,
        "wanted": wanted,
        "filters": filters.read(),
        "page": page,
        "rows": rows,
    }


@require_POST
@study_page(Right.RUN)
def participant_exclude(request: HttpRequest, study: Study, code: str, verb: str) -> HttpResponse:
    """Exclude a participant's answers from the analysis, or include them again, with a reason."""
    leave_out = verb == "leave-out"
    try:
        set_exclusion(study, code, request.POST.get("reason", ""), excluded=leave_out, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        text = _("%(code)s is left out of the analysis.") if leave_out else _("%(code)s is included again.")
        messages.success(request, text % {"code": code})
    return redirect(reverse("study_participants", args=[study.slug]) + _filters_of(request.POST.get("back", "")))


def _filters_of(query: str) -> str:
    """The filters of an address, and nothing else that somebody may have put there."""
    try:
        given = QueryDict(query[:400])
    except (UnicodeDecodeError, ValueError):
        return ""
    address = Wanted.from_query(given.dict()).address()
    page = given.get("page", "")
    if page.isascii() and page.isdigit():
        address += f"{'&' if address else ''}page={page[:9]}"
    return f"?{address}" if address else ""
