"""The page on which the download of a survey tool becomes ballots: a guess, a person's corrections, a preview."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from analysis.console.forms import DownloadForm
from analysis.statistics.ballots import PRESET
from analysis.tables.errors import TableError
from analysis.tables.survey_exports.ballots import MappedBallots, map_ballots
from analysis.tables.survey_exports.columns import SurveyTable, read_survey_table
from analysis.tables.survey_exports.guess import columns_text, guess_mapping
from analysis.tables.survey_exports.mapping import Mapping, parse_mapping
from study.tables.errors import EncodingUnclear, TableRefused

BALLOTS_SHOWN = 8
LONGEST_MAPPING = 200_000
WEIGHTS = (3, 1)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def form_answers(request: HttpRequest) -> HttpResponse:
    """Guess what the columns of a download mean, show its ballots by the corrected mapping, or return them."""
    form = DownloadForm(request.POST, request.FILES) if request.method == "POST" else DownloadForm()
    shown: dict[str, Any] = {"form": form, "preset": PRESET}
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            table = read_survey_table(upload.read(), upload.name, encoding=form.cleaned_data["encoding"] or None)
            shown["columns"] = [(table.reference(column), column) for column in table.columns if column.question]
            if "columns" not in request.POST or "guess" in request.POST:
                shown |= _guessed(table)
            else:
                shown |= _as_posted(request)
                text = _mapping_text(shown)
                if "mapping_file" in request.POST:
                    return _file(text, "map.yaml", "application/yaml")
                ballots = map_ballots(table, parse_mapping(text, "mapping"))
                if "ballots_file" in request.POST:
                    return _file(ballots.csv(), "ballots.csv", "text/csv")
                shown |= _preview(ballots) | {"notes": table.notes.sentences()}
        except EncodingUnclear as error:
            shown |= {"problem": str(error), "readings": error.readings}
        except (TableError, TableRefused) as error:
            shown["problem"] = str(error)
    failed = bool(form.errors or shown.get("problem"))
    return render(request, "analysis/form_answers.html", shown, status=400 if failed else 200)


def _guessed(table: SurveyTable) -> dict[str, Any]:
    mapping: Mapping = guess_mapping(table)
    return {
        "participant": mapping.participant or "",
        "answers": list(mapping.answers.items()),
        "mapping": columns_text(mapping, table),
    }


def _as_posted(request: HttpRequest) -> dict[str, Any]:
    answers = zip(request.POST.getlist("answer"), request.POST.getlist("condition"), strict=False)
    return {
        "participant": request.POST.get("participant", ""),
        "answers": [(answer, condition.strip()) for answer, condition in answers],
        "mapping": request.POST["columns"].replace("\r\n", "\n")[:LONGEST_MAPPING],
    }


def _mapping_text(shown: dict[str, Any]) -> str:
    head = {"participant": shown["participant"], "answers": dict(shown["answers"])}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items() if value]
    return "\n".join([*lines, shown["mapping"]])


def _file(text: str, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _preview(ballots: MappedBallots) -> dict[str, Any]:
    """The first ballots, and the points of every condition by clip."""
    at = {name: place for place, name in enumerate(ballots.header)}
    counted = [row for row in ballots.rows if not ("excluded" in at and row[at["excluded"]])]
    clips = list(dict.fromkeys(row[1] for row in ballots.rows))
    found = {key for row in counted for key in row[2:4] if key}
    conditions = [*(key for key in PRESET if key in found), *sorted(found - set(PRESET))]
    points = {(key, clip): 0 for key in conditions for clip in clips}
    for row in counted:
        for key, weight in zip(row[2:4], WEIGHTS, strict=True):
            if key:
                points[key, row[1]] += weight
    return {
        "ballots": ballots,
        "first_ballots": ballots.rows[:BALLOTS_SHOWN],
        "n_ballots": len(ballots.rows),
        "n_people": len({row[0] for row in ballots.rows}),
        "clips": clips,
        "points": [
            (key, [points[key, clip] for clip in clips], sum(points[key, clip] for clip in clips)) for key in conditions
        ],
    }
