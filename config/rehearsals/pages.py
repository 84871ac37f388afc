"""The page “Rehearse”: start a rehearsal, what each has told, and remove one."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import percent, plain
from config.rehearsals.forms import RehearsalForm
from config.rehearsals.request import Wanted, expectation, refuse_if_blocked, rehearse_study
from config.rehearsals.truth import effects_in_words, model_of, true_effects
from study.access import Right
from study.console.common import study_page
from study.console.jobs import address_of
from study.errors import StudyError
from study.instruments.of_study import is_classic
from study.jobs.requests import going_on
from study.models import Job, Study
from study.setup.path_steps import conditions_of
from study.setup.rehearsals import KIND, refuse_unless_rehearsable, remove_rehearsal, shows_conditions


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def study_rehearse(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the rehearsals of a study; start one, or show what a preference would let expect."""
    form = RehearsalForm(request.POST or None, conditions=conditions_of(study))
    expected: list[dict[str, Any]] = []
    means: list[str] = []
    if request.method == "POST" and form.is_valid():
        wanted = form.wanted()
        try:
            refuse_unless_rehearsable(study)
            if "show" not in request.POST:
                job = rehearse_study(study, wanted, actor=request.user)
                return redirect(address_of(job, then=request.path))
            if is_classic(study):
                shares = expectation(study, wanted.preference)["shares"]
                expected = [{"label": row.label, "share": percent(shares[row.key])} for row in conditions_of(study)]
            else:
                means = _means_in_words(study, wanted)
        except StudyError as error:
            form.add_error(None, str(error))
    rows, going = list(_rows(study)), going_on(study, KIND)
    can_start = study.status == Study.Status.DRAFT and not study.simulated
    return render(
        request,
        "study/rehearse.html",
        {
            "study": study,
            "form": form,
            "expected": expected,
            "means": means,
            "rows": rows,
            "failed": _last_failure(study),
            "can_start": can_start,
            "blocked": _what_blocks(study) if can_start and not going else "",
            "going": address_of(going, then=request.path) if going else "",
        },
        status=400 if form.errors else 200,
    )


@require_POST
@study_page(Right.EDIT)
def rehearsal_remove(request: HttpRequest, study: Study, copy_id: int) -> HttpResponse:
    """Remove a rehearsal with everything of it."""
    copy = get_object_or_404(study.rehearsals, pk=copy_id)
    try:
        remove_rehearsal(copy, actor=request.user)
        messages.success(request, _("The rehearsal is removed, with its people, results and files."))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_rehearse", study.slug)


def _rows(study: Study) -> Iterator[dict[str, Any]]:
    """Yield what the page shows of each rehearsal, the newest first, in a fixed number of queries."""
    jobs = {job.outcome.get("copy"): job for job in study.jobs.filter(kind=KIND)}
    labels = {row.key: row.label for row in conditions_of(study)}
    for copy in study.rehearsals.order_by("-pk"):
        told, job = copy.rehearsal, jobs.get(copy.pk)
        is_told = "began" in told
        shows = shows_conditions(study, told)
        times = told.get("times", {})
        yield {
            "copy": copy,
            "told": told,
            "job": job,
            "unfinished": job is not None and job.state in Job.UNFINISHED,
            "is_told": is_told,
            "shows": shows,
            "seconds": times["milliseconds"] / 1000 / max(1, told["began"]) if is_told else 0.0,
            "page_ms": times["milliseconds"] / max(1, times["pages"]) if is_told else 0.0,
            "shares": [
                {
                    "label": labels.get(key, key),
                    "expected": percent(share),
                    "found": percent(told["shares"][key]),
                }
                for key, share in told["expected"].items()
                if key in told["shares"]
            ]
            if shows
            else [],
            "comparisons": [_in_words(row, labels, told["level"]) for row in told["comparisons"]] if shows else [],
        }


def _means_in_words(study: Study, wanted: Wanted) -> list[str]:
    """Return what a preference lets expect of each question of the study's instrument."""
    labels = {row.key: _(row.label) for row in conditions_of(study)}
    return list(effects_in_words(study, true_effects(study, model_of(study, wanted.preference)), labels))


def _in_words(row: dict[str, Any], labels: dict[str, str], level: float) -> dict[str, str]:
    """A comparison in words: its result beside the choice, whether they agree, and what so many people can find."""
    if "contrast" in row:
        name = contrast_name(row["contrast"])
    else:
        name = f"{labels.get(row['a'], row['a'])} − {labels.get(row['b'], row['b'])}"
    if "question" in row:
        name = f"{row['question']}, {name}"
    numbers = {key: plain(row[key]) for key in ("expected", "estimate", "low", "high", "detectable")}
    numbers |= {"percent": f"{100 * level:g}", "half": plain((row["high"] - row["low"]) / 2)}
    if row["low"] <= row["expected"] <= row["high"]:
        judgement = _("The interval holds what was chosen.")
    else:
        judgement = _(
            "The interval misses what was chosen. By chance that happens, as %(percent)s of 100 intervals hold it: "
            "rehearse with another seed, and if it misses again, something is wrong."
        )
    if "question" in row:  # in steps of its scale, or in shares of pairs
        result = _("chosen %(expected)s, found %(estimate)s (%(percent)s %% interval %(low)s to %(high)s).")
        power = _(
            "It reaches %(half)s to each side: with so many people and clips, four of five studies find a difference "
            "of %(detectable)s, and fewer find a smaller one."
        )
    else:
        result = _("chosen %(expected)s points, found %(estimate)s (%(percent)s %% interval %(low)s to %(high)s).")
        power = _(
            "It reaches %(half)s points to each side: with so many people and clips, four of five studies find a "
            "difference of %(detectable)s points, and fewer find a smaller one."
        )
    return {
        "name": name,
        "result": result % numbers,
        "judgement": judgement % numbers,
        "power": power % numbers,
    }


def _what_blocks(study: Study) -> str:
    """Return why the draft cannot be rehearsed yet, or an empty text."""
    try:
        refuse_if_blocked(study)
    except StudyError as error:
        return str(error)
    return ""


def _last_failure(study: Study) -> Job | None:
    """Return the newest rehearsal's job if it failed."""
    newest = study.jobs.filter(kind=KIND).first()
    return newest if newest is not None and newest.state == Job.State.FAILED else None
