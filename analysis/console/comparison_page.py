"""The page “Compare studies”: which studies and files, what is compared, and the answer."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from analysis.comparison import words
from analysis.comparison.bounded import Comparer
from analysis.comparison.effects import MEASURES
from analysis.comparison.errors import SourceRefused
from analysis.comparison.files_of_comparison import FILES, shown
from analysis.comparison.study_sources import Candidate, candidates, is_outdated, study_facts
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS
from analysis.study_results.report_files import CONTENT_TYPES
from study.errors import StudyError
from study.untrusted_files.uploads import on_disk

MOST_STUDIES, MOST_FILES = 50, 20
METHODS = ("reml", "dl", "fixed")
POPULATIONS = {"new": NEW_CLIPS, "these": THESE_CLIPS}
_LONGEST = 450  # characters of a contrast's name: two names of conditions


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def compare_studies(request: HttpRequest) -> HttpResponse:
    """Choose studies and files, and compare them. Nothing is stored; without files the address holds the choice."""
    sent = request.POST if request.method == "POST" else request.GET
    files, kept = request.FILES.getlist("files"), sent.getlist("kept")[:MOST_FILES]
    if request.method == "POST" and not files and not kept and "download" not in sent:
        return redirect(f"{reverse('compare_studies')}?{_address(sent)}")
    listed = candidates(request.user)
    chosen = _chosen(listed, sent)
    context = _asked(listed, chosen, sent)
    if not chosen and not files and not kept:
        return render(request, "analysis/compare_studies.html", context)
    if len(files) + len(kept) > MOST_FILES:
        context["problems"].append(_("At most %(n)d files can be compared at once.") % {"n": MOST_FILES})
        return render(request, "analysis/compare_studies.html", context, status=400)
    try:
        answer = _compared(context, chosen, files, kept, sent)
    except SourceRefused as error:
        context["problems"].append(str(error))
        return render(request, "analysis/compare_studies.html", context, status=400)
    if "download" in sent:
        return _file(answer["comparison"], sent["download"])
    context["problems"] += answer["refused"]
    context |= {"kept": answer["kept"], "shown": shown(answer["comparison"]), "kinds": [*FILES]}
    context |= _choices(answer, sent) | {"address": "" if answer["kept"] else _address(sent)}
    return render(request, "analysis/compare_studies.html", context, status=400 if answer["refused"] else 200)


def _compared(
    context: dict[str, Any], chosen: list[Candidate], files: list[Any], kept: list[str], sent: QueryDict
) -> dict[str, Any]:
    facts = []
    for candidate in chosen:
        try:
            facts.append(study_facts(candidate.study))
        except StudyError as error:  # since the list was made
            context["problems"].append(f"{candidate.study.title}: {error}")
            continue
        if is_outdated(candidate.study):
            text = _("“%(title)s”: answers have come or changed since its analysis. Analyse again to include them.")
            context["problems"].append(text % {"title": candidate.study.title})
    with ExitStack() as stack:
        paths = [(stack.enter_context(on_disk(upload)), upload.name or "") for upload in files]
        comparer = stack.enter_context(Comparer())
        return comparer.compare(facts, paths, kept, _choice(sent), _one_of(METHODS, sent.get("method")))


def _choice(sent: QueryDict) -> dict[str, str]:
    return {
        "contrast": sent.get("contrast", "")[:_LONGEST],
        "measure": _one_of(("", *MEASURES), sent.get("measure")),
        "question": sent.get("question", "")[:_LONGEST],
        "population": POPULATIONS[_one_of(tuple(POPULATIONS), sent.get("population"))],
    }


def _one_of(values: tuple[str, ...], value: str | None) -> str:
    return value if value in values else values[0]


def _chosen(listed: list[Candidate], sent: QueryDict) -> list[Candidate]:
    """The studies that are named, in the order of their names: the first sets the contrast's sides and unit."""
    by_slug = {candidate.study.slug: candidate for candidate in listed}
    named = dict.fromkeys(sent.getlist("study"))
    return [by_slug[slug] for slug in named if slug in by_slug and not by_slug[slug].hindrance][:MOST_STUDIES]


def _asked(listed: list[Candidate], chosen: list[Candidate], sent: QueryDict) -> dict[str, Any]:
    """The list of studies, which are chosen, and what of an address cannot be used."""
    problems = []
    usable = {candidate.study.slug for candidate in chosen}
    hindered = {candidate.study.slug: candidate for candidate in listed if candidate.hindrance}
    for slug in dict.fromkeys(sent.getlist("study")):
        if slug in hindered:
            problems.append(f"{hindered[slug].study.title}: {hindered[slug].hindrance}")
        elif slug not in usable:
            text = _("There is no study “%(slug)s” here whose results you may see.")
            problems.append(text % {"slug": slug[:80]})
    titles = Counter(row.study.title for row in listed)
    return {
        "listed": [
            {
                "study": row.study,
                "hindrance": row.hindrance,
                "chosen": row.study.slug in usable,
                "is_one_of_many": titles[row.study.title] > 1,
            }
            for row in sorted(listed, key=lambda row: bool(row.hindrance))  # those that can be chosen come first
        ],
        "problems": problems[:MOST_STUDIES],
        "most": MOST_STUDIES,
    }


def _choices(answer: Mapping[str, Any], sent: QueryDict) -> dict[str, Any]:
    """What can be chosen for these studies, and what is."""
    found, choices = answer["comparison"], answer["choices"]
    key = found["contrast"]["key"] if found["contrast"] else sent.get("contrast", "")
    contrast = next((row for row in choices["contrasts"] if row["key"] == key), None)
    measures = [measure for measure in MEASURES if any(measure in row["measures"] for row in choices["contrasts"])]
    return {
        "contrasts": [(row["key"], words.contrast_label(row), row is contrast) for row in choices["contrasts"]],
        "measures": [(value, words.measure_label(value), value == found["measure"]) for value in measures],
        "questions": [(value, value == found["question"]) for value in choices["questions"]],
        "populations": [
            ("new", _("new clips"), found["population"] == NEW_CLIPS),
            ("these", _("these clips"), found["population"] == THESE_CLIPS),
        ],
        "methods": [(value, words.method_label(value), value == found["method"]) for value in METHODS],
    }


def _address(sent: QueryDict) -> str:
    """The choice as the query of an address."""
    fields = [("study", slug) for slug in dict.fromkeys(sent.getlist("study"))]
    names = ("contrast", "measure", "question", "population", "method")
    return urlencode([*fields, *((name, sent[name]) for name in names if sent.get(name))])


def _file(found: Mapping[str, Any], kind: str) -> HttpResponse:
    if kind not in FILES or not found["studies"]:
        raise Http404("no such file")
    name, write = FILES[kind]
    response = HttpResponse(write(found), content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
