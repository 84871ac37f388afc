"""A study's plan, its preview, its opening and closing, its links, and how it is going."""

from typing import Any
from urllib.parse import urlsplit

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.blinding_audit.record import ask_for_audit, last_audits
from study.console.common import conditions_are_sealed, study_page
from study.console.plan_forms import LinksForm, PlanForm
from study.errors import StudyError
from study.models import Participant, Study
from study.participants.enrolment import design_of
from study.participants.links import create_personal_links, open_link
from study.participants.monitoring import monitor
from study.participants.questions import shipped_question_set as shipped_questions
from study.setup import drafting, lifecycle, preflight
from study.setup.path_steps import Group, Progress, conditions_of, images_ready, steps_of
from study.spreadsheet import csv_text

# What Prolific puts into the address of a participant.
PROLIFIC_PARAMETERS = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_plan(request: HttpRequest, study: Study) -> HttpResponse:
    """The design and the plan."""
    form = PlanForm(request.POST or None, instance=Study.objects.get(pk=study.pk))
    if request.method == "POST" and form.is_valid():
        try:
            drafting.save_plan(study, form.plan(), actor=request.user)
            messages.success(request, _("The plan is saved."))
        except StudyError as error:
            messages.error(request, str(error))
        return redirect("study_plan", study.slug)
    included = study.clips.filter(included=True, is_practice=False).count()
    return render(
        request,
        "study/plan.html",
        {
            "study": study,
            "form": form,
            "groups": form.groups(),
            "included": included,
            "questions_example": shipped_questions("musical_experience"),
            "expected_minutes": _expected_minutes(study, included),
        },
        status=400 if form.errors else 200,
    )


def _expected_minutes(study: Study, included: int) -> int | None:
    """About how long a participant takes: each clip once and fifteen seconds to choose, two minutes around it."""
    if not included:
        return None
    durations = study.clips.filter(included=True, is_practice=False).values_list("duration", flat=True)
    mean = sum(durations) / included
    try:
        trials = design_of(study, Participant.Kind.REAL, included).trials
    except ValueError:  # a draft whose numbers do not fit each other yet; the preflight says so
        return None
    return max(1, round((trials * (mean + 15) + 120) / 60))


@require_safe
@study_page
def study_preview(request: HttpRequest, study: Study) -> HttpResponse:
    """The way into the survey as a participant sees it."""
    return render(
        request,
        "study/preview.html",
        {
            "study": study,
            "ready": images_ready(study) is Progress.DONE,
            "closed": study.status == Study.Status.CLOSED,
            "pilots": study.participants.filter(kind=Participant.Kind.PILOT).count(),
        },
    )


@require_POST
@study_page
def study_preview_start(request: HttpRequest, study: Study) -> HttpResponse:
    """Makes a pilot's link and goes through it; pilots' answers never mix with the study's."""
    if images_ready(study) is not Progress.DONE:
        messages.error(request, _("Not every clip has its images yet. Generate them first."))
        return redirect("study_preview", study.slug)
    [(_label, address)] = create_personal_links(study, 1, kind=Participant.Kind.PILOT, actor=request.user)
    return redirect(urlsplit(address).path)


def _blinding(study: Study) -> dict[str, Any]:
    """The last check of the study as it is now, and the last that came to a verdict."""
    audit, verdict = last_audits(study)
    opening = audit is not None and audit.is_going and bool(audit.opens_plan)
    return {"study": study, "audit": audit, "verdict": verdict, "opening": opening}


@require_safe
@study_page
def study_blinding(request: HttpRequest, study: Study) -> HttpResponse:
    """How far the blinding check is; the part of the page that refreshes itself, and all of the page at the end."""
    response = render(request, "study/_blinding.html", _blinding(study) | {"part": True})
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@study_page
def study_blinding_check(request: HttpRequest, study: Study) -> HttpResponse:
    """Lets a worker check the blinding of the study as it is now."""
    if study.status != Study.Status.DRAFT:
        messages.error(request, _("The blinding is checked before the study opens."))
    elif images_ready(study) is not Progress.DONE:
        messages.error(request, _("Not every clip has its images yet. Generate them first."))
    else:
        ask_for_audit(study, actor=request.user)
    return redirect("study_open", study.slug)


@require_safe
@study_page
def study_open(request: HttpRequest, study: Study) -> HttpResponse:
    """Preflight before opening; pausing, resuming and closing after it."""
    findings = preflight.run(study) if study.status == Study.Status.DRAFT else []
    blocking = [finding for finding in findings if finding.level is preflight.Level.BLOCKS]
    return render(
        request,
        "study/open.html",
        {
            "study": study,
            "blocking": blocking,
            "warning": [finding for finding in findings if finding.level is preflight.Level.WARNS],
            "monitoring": monitor(study) if study.status != Study.Status.DRAFT else None,
            "results_url": _results_url(study),
            "clip_count": study.clips.filter(included=True, is_practice=False).count(),
            "condition_count": len(conditions_of(study)),
            **(_blinding(study) if study.status == Study.Status.DRAFT else {}),
        },
    )


def _results_url(study: Study) -> str:
    step = next(iter(steps_of(Group.RESULTS, study)), None)
    return reverse(step.url_name, args=[study.slug]) if step else ""


@require_POST
@study_page
def study_move(request: HttpRequest, study: Study, verb: str) -> HttpResponse:
    """Opens, pauses, resumes or closes the study, after the researcher has confirmed it."""
    reason = request.POST.get("reason", "").strip()[:500]
    if verb in {"begin", "close"} and not request.POST.get("confirmed"):
        messages.error(request, _("Tick the box first: this cannot be undone."))
        return redirect("study_open", study.slug)
    if verb in {"pause", "close"} and not reason:
        messages.error(request, _("Say why; the reason goes into the study's log."))
        return redirect("study_open", study.slug)
    try:
        match verb:
            case "begin":
                if lifecycle.open_when_checked(study, actor=request.user):
                    messages.success(request, _("The study is open. Hand out the link."))
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


@require_safe
@study_page
def study_monitor(request: HttpRequest, study: Study) -> HttpResponse:
    """How the study is going; `?fragment` is the part that refreshes itself."""
    context: dict[str, Any] = {
        "study": study,
        "monitoring": monitor(study),
        "problems": study.problem_reports.filter(resolved=False)[:20],
        "sealed": conditions_are_sealed(study),
    }
    template = "study/_monitoring.html" if "fragment" in request.GET else "study/monitor.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@study_page
def problem_resolve(request: HttpRequest, study: Study, report_id: int) -> HttpResponse:
    """Puts a participant's report away."""
    study.problem_reports.filter(pk=report_id).update(resolved=True)
    return redirect("study_monitor", study.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_links(request: HttpRequest, study: Study) -> HttpResponse:
    """The open link, personal links as a table, and how to enter the link at a recruitment platform."""
    form = LinksForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _personal_links_csv(request, study, form)
    address = open_link(study)
    code = segno.make(address, error="m")
    return render(
        request,
        "study/links.html",
        {
            "study": study,
            "form": form,
            "address": address,
            "qr": code.svg_data_uri(scale=8, border=2, dark="#000", light="#fff"),
            "prolific": f"{address}?{PROLIFIC_PARAMETERS}",
            "made": study.invite_links.filter(kind=Participant.Kind.REAL).count(),
        },
        status=400 if form.errors else 200,
    )


def _personal_links_csv(request: HttpRequest, study: Study, form: LinksForm) -> HttpResponse:
    """The new links, this once: only their hashes are stored."""
    made = create_personal_links(
        study,
        form.cleaned_data["count"],
        form.cleaned_data["cap"],
        labels=form.cleaned_data["labels"],
        actor=request.user,
    )
    table = "\ufeff" + csv_text([("label", "link"), *made])
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-links.csv"'
    response["Cache-Control"] = "no-store, private"
    return response
