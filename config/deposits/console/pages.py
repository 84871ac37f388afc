"""The page “Publish”: what a deposit still needs, its facts, what might point to a person, the deposit, its check."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analysis.console.result_pages import send_report_page
from config.deposits.console.choices import Choice, choices_of, decide
from config.deposits.console.forms import PublicationForm, with_row
from config.deposits.console.jobs import KINDS, REPRODUCTION, ask_for, ready_result
from config.deposits.facts import SAVED, publication_facts, save_publication_facts
from config.deposits.media import sound_path
from config.deposits.writing import hindrances
from study import jobs
from study.access import Right
from study.console.common import access_to, one_at_a_time, study_page
from study.console.forms.versions import editing
from study.console.jobs import address_of, job_row
from study.errors import StudyError
from study.jobs.requests import going_on
from study.models import Job, Study


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_publish(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what is ready and what is missing; save the facts, or show the form with a row more or less."""
    do = request.POST.get("do", "")
    data = (with_row(request.POST, do) if do else request.POST) if request.method == "POST" else None
    form = PublicationForm(data, facts=publication_facts(study))
    form.editing = editing(study, request.user, SAVED)
    form.focus_on(do)
    if form.is_valid() and not do:
        save_publication_facts(study, form.sent(), actor=request.user)
        messages.success(request, _("Saved."))
        if kept := form.taken_in_words():
            messages.info(request, kept)
        return redirect("study_publish", study.slug)
    clips = study.clips.filter(included=True)
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "unsaved": bool(do) or bool(form.errors),
        "went_on": do,
        "missing": [{"message": one.message, "url": reverse(one.page, args=[study.slug])} for one in hindrances(study)],
        "sounds": sum(bool(sound_path(clip)) for clip in clips),
        "clips": len(clips),
    }
    if not study.is_sealed and access_to(request).allows(Right.DATA):
        context |= _of_results(study)
        if blocking := sum(row.blocks for row in context["choices"]):
            context["missing"].append({"message": _to_decide(blocking), "url": "#people"})
    return render(request, "study/publish.html", context, status=200 if do else form.refusal_status)


def _to_decide(n: int) -> str:
    words = ngettext(
        "Decide about %(n)d finding that might point to a person: leave the column out, or keep it after reading.",
        "Decide about %(n)d findings that might point to a person: leave each column out, or keep it after reading.",
        n,
    )
    return words % {"n": n}


def _of_results(study: Study) -> dict[str, Any]:
    """What the page shows of findings, deposit and check, to those who may see the data."""
    shown: dict[str, Any] = {name: _work(study, kind) for name, kind in KINDS.items()}
    shown["with_results"] = True
    try:
        choices = choices_of(study)
    except StudyError:  # not analysed yet
        choices = []
    shown["choices"] = [row for row in choices if row.finding or row.choice is not Choice.OPEN]
    shown["other_columns"] = [row for row in choices if not row.finding and row.choice is Choice.OPEN]
    if (job := shown["reproduction"]["job"]) is not None and job.state == Job.State.READY:
        shown["checked_at"] = parse_datetime(job.outcome["at"])
    return shown


def _work(study: Study, kind: str) -> dict[str, Any]:
    """The newest job about the data as they are now, whether an older one is out of date, and one that goes on."""
    try:
        job = jobs.newest_job(study, kind, {})
    except StudyError:
        job = None
    row: dict[str, Any] = job_row(job) if job is not None else {"job": None}
    going = going_on(study, kind)
    row["going"] = address_of(going, then=reverse("study_publish", args=[study.slug])) if going else ""
    row["out_of_date"] = job is None and study.jobs.filter(kind=kind, state=Job.State.READY).exists()
    return row


@require_POST
@study_page(Right.EDIT)
def publication_choices(request: HttpRequest, study: Study) -> HttpResponse:
    """Save what is decided about findings: left out, kept after reading, or nothing yet."""
    try:
        known = [choice.key for choice in choices_of(study)]
        chosen = {key: Choice(sent) for key in known if (sent := request.POST.get(f"choice {key}")) in set(Choice)}
        decide(study, chosen, actor=request.user)
        messages.success(request, _("Saved."))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect(reverse("study_publish", args=[study.slug]) + "#findings")


@require_POST
@study_page(Right.DATA)
def deposit_work(request: HttpRequest, study: Study, verb: str) -> HttpResponse:
    """Ask a worker for the findings, the deposit, or its analysis again."""
    if verb not in KINDS:
        raise Http404("no such work")
    try:
        job = ask_for(study, verb, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_publish", study.slug)
    return redirect(address_of(job, then=reverse("study_publish", args=[study.slug])))


@require_safe
@study_page(Right.DATA)
def deposit_badge(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the page that says whether the deposit's analysis was made again, and what was checked."""
    try:
        file = ready_result(study, REPRODUCTION)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_publish", study.slug)
    if file is None:
        raise Http404("not checked")
    return send_report_page(request, file)
