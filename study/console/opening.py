"""The preview, the blinding check, and the pages that open, pause, resume and close a study."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from study.access import Right
from study.blinding_audit.size import expected_minutes
from study.console.common import access_to, study_page
from study.console.instrument import asked_rows, readable_instrument
from study.errors import StudyError
from study.models import Participant, Study
from study.participants.flag_words import rules_in_words
from study.participants.links import open_link
from study.participants.monitoring import progress
from study.setup import lifecycle, preflight
from study.setup.path_steps import Group, conditions_of, has_all_images, steps_of
from study.setup.schedule import changed_since, in_words, keep_schedule, schedule_of
from study.setup.trying_out import check_blinding, preview_address


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def study_preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Offer the survey as a participant sees it."""
    return render(
        request,
        "study/preview.html",
        {
            "study": study,
            "ready": has_all_images(study),
            "closed": study.status == Study.Status.CLOSED,
            "pilots": study.participants.filter(kind=Participant.Kind.PILOT).count(),
        },
    )


@require_POST
@study_page(Right.EDIT)
def study_preview_start(request: HttpRequest, study: Study) -> HttpResponse:
    """Create a pilot's link and follow it; answers of pilots never mix with the study's."""
    try:
        address = preview_address(study, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_preview", study.slug)
    return redirect(urlsplit(address).path)


def _blinding_context(facts: preflight.DraftFacts) -> dict[str, Any]:
    """Return the last audit of the study as it is now, and the last one with a verdict, for the page."""
    study, (audit, verdict) = facts.study, facts.audits
    opening = audit is not None and audit.is_going and bool(audit.opens_plan)
    minutes = expected_minutes(study, audit, facts.clips)
    return {"study": study, "audit": audit, "verdict": verdict, "opening": opening, "minutes": minutes}


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def study_blinding(request: HttpRequest, study: Study) -> HttpResponse:
    """Show how far the audit is: a fragment that refreshes itself until the audit ends."""
    response = render(request, "study/_blinding.html", _blinding_context(preflight.DraftFacts(study)) | {"part": True})
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@study_page(Right.EDIT)
def study_blinding_check(request: HttpRequest, study: Study) -> HttpResponse:
    """Ask for an audit of the study as it is now."""
    try:
        check_blinding(study, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_open", study.slug)


@require_safe
@study_page(Right.SEE)
def study_open(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the preflight findings of a draft; afterwards how to pause, resume and close."""
    study = keep_schedule(study, in_request=True)
    shows_draft = study.status == Study.Status.DRAFT and access_to(request).allows(Right.LOOK)
    facts = preflight.DraftFacts(study)
    findings = preflight.run(study, facts) if shows_draft else []
    blocking = [finding for finding in findings if finding.level is preflight.Level.BLOCKS]
    return render(
        request,
        "study/open.html",
        {
            "study": study,
            "rules": rules_in_words(study),
            "trial": asked_rows(study, readable_instrument(study)[0]) if shows_draft else [],
            "blocking": blocking,
            "warning": [finding for finding in findings if finding.level is preflight.Level.WARNS],
            "progress": progress(study) if study.status != Study.Status.DRAFT else None,
            "address": open_link(study),
            "results_url": _results_url(study) if access_to(request).allows(Right.RESULTS) else "",
            "clip_count": facts.clips,
            "condition_count": len(conditions_of(study)),
            **_schedule_context(study),
            **(_blinding_context(facts) if shows_draft else {}),
        },
    )


def _schedule_context(study: Study) -> dict[str, Any]:
    """Return what happens by itself, with its times in words."""
    schedule = schedule_of(study)
    if schedule is None or study.status == Study.Status.CLOSED:
        return {"schedule": schedule}
    is_draft = study.status == Study.Status.DRAFT
    return {
        "schedule": schedule,
        "schedule_opens": in_words(schedule.opens_at, schedule.time_zone) if schedule.opens_at and is_draft else "",
        "schedule_closes": in_words(schedule.closes_at, schedule.time_zone) if schedule.closes_at else "",
        "schedule_changed": is_draft and changed_since(study, schedule),
    }


def _results_url(study: Study) -> str:
    step = next(iter(steps_of(Group.RESULTS, study)), None)
    return reverse(step.url_name, args=[study.slug]) if step else ""


# Of the moves that need another right than running the study.
_RIGHT_TO = {"begin": Right.EDIT, "close": Right.OWN}


@require_POST
@study_page(Right.SEE)
def study_move(request: HttpRequest, study: Study, verb: str) -> HttpResponse:
    """Open, pause, resume or close the study, after the researcher has confirmed it."""
    access_to(request).require(_RIGHT_TO.get(verb, Right.RUN))
    reason = request.POST.get("reason", "").strip()[:500]
    if verb in {"begin", "close"} and not request.POST.get("confirmed"):
        messages.error(request, _("Tick the box first: this cannot be undone."))
        return redirect("study_open", study.slug)
    if verb in {"pause", "close"} and not reason:
        messages.error(request, _("Give a reason; it is written to the study's log."))
        return redirect("study_open", study.slug)
    try:
        match verb:
            case "begin":
                if lifecycle.open_or_audit_first(study, actor=request.user):
                    messages.success(request, _("The study is open. Share the link."))
                    return redirect("study_links", study.slug)
            case "pause":
                lifecycle.pause_study(study, actor=request.user, reason=reason)
                messages.success(request, _("The study is paused."))
            case "resume":
                lifecycle.resume_study(study, actor=request.user)
                messages.success(request, _("The study is open again."))
            case "close":
                lifecycle.close_study(study, actor=request.user, reason=reason)
                messages.success(request, _("The study is closed."))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_open", study.slug)
