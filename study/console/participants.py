"""The page “Participants”: flags and exclusions; no choices are shown."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.ballots.table import counted_kind
from study.console.common import study_page
from study.errors import StudyError
from study.models import Participant, Study
from study.models.participants import kind_of_flag
from study.participants.exclusion import set_exclusion
from study.participants.exclusion_rules import refresh_unfinished, rule_from_json
from study.participants.flag_words import evidence, flag_name, rule_words, rules_in_words
from study.participants.monitoring import flag_counts, minutes_of
from study.participants.study_stages import stages_in_words

PARTICIPANTS_PER_PAGE = 50


def _people(study: Study, stage: str = "") -> QuerySet[Participant]:
    """Return the participants of one stage or of all; withdrawn ones have no data left."""
    everybody = study.participants.filter(kind=counted_kind(study))
    return (
        (everybody.filter(stage=stage) if stage else everybody)
        .exclude(status=Participant.Status.WITHDRAWN)
        .defer("answers")
        .order_by("number")
    )


@require_safe
@study_page(Right.SEE, change=Right.RUN)
def study_participants(request: HttpRequest, study: Study) -> HttpResponse:
    """List the flagged or excluded participants, if there are any; all with `?show=all`, one flag's by `?flag=…`."""
    refresh_unfinished(study)
    asked = request.GET.get("stage", "")
    stage = asked if asked in study.stages else ""
    version = request.GET.get("version", "")
    version = version if version.isascii() and version.isdecimal() and len(version) < 7 else ""
    people = _people(study, stage)
    people = people.filter(study_version=int(version)) if version else people
    noted = list(people.filter(remarked=True).values_list("pk", "flags"))
    show = request.GET.get("show") or ("noted" if noted else "all")
    flag = request.GET.get("flag", "")
    if flag:  # which databases cannot look up within JSON lists alike
        noted_here = [pk for pk, flags in noted if flag in map(kind_of_flag, flags)]
        show = ""
    else:
        noted_here = [pk for pk, _flags in noted]
    listed = people.values_list("pk", flat=True) if show == "all" else noted_here
    page = Paginator(listed, PARTICIPANTS_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "study/participants.html",
        {
            "study": study,
            "page": page,
            "rows": [_row(person) for person in people.filter(pk__in=list(page))],
            "show": show,
            "flag": flag,
            "counts": flag_counts(flags for _pk, flags in noted),
            "rules": rules_in_words(study),
            "noted": len(noted),
            "all": people.count(),
            "stage": stage,
            "version": version,
            "versions": range(1, study.version + 1) if study.version > 1 else (),
            "within": _within(stage=stage, version=version),
            "stages": stages_in_words(study),
        },
    )


def _within(**chosen: str) -> str:
    """Return the part of an address that keeps the stage and the version that are chosen."""
    return "".join(f"&{name}={value}" for name, value in chosen.items() if value)


def _row(person: Participant) -> dict[str, Any]:
    return {
        "person": person,
        "minutes": minutes_of(person) or 0.0,
        "flags": [{"name": flag_name(flag), "evidence": evidence(flag)} for flag in person.flags],
        "rules": [rule_words(rule_from_json(rule)) for rule in person.rule_exclusions],
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
    show = "?show=all" if request.POST.get("show") == "all" else ""
    return redirect(reverse("study_participants", args=[study.slug]) + show)
