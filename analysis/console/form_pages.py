"""The page on which the download of a survey tool becomes ballots: a guess, a person's corrections, a preview."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from analysis.console.forms import DownloadForm
from analysis.statistics.ballots import PRESET
from analysis.tables.survey_exports.upload import mapping_of, read_download
from study.tables.bounded_reading import read_bounded
from study.tables.errors import EncodingUnclear, TableRefused
from study.untrusted_files.uploads import on_disk


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def form_answers(request: HttpRequest) -> HttpResponse:
    """Guess what the columns of a download mean, show its ballots by the corrected mapping, or return them."""
    form = DownloadForm(request.POST, request.FILES) if request.method == "POST" else DownloadForm()
    shown: dict[str, Any] = {"form": form, "preset": PRESET}
    if request.method == "POST" and form.is_valid():
        mapping = None
        if "columns" in request.POST and "guess" not in request.POST:
            posted = _as_posted(request)
            shown |= posted
            mapping = mapping_of(posted["participant"], posted["answers"], posted["mapping"])
            if "mapping_file" in request.POST:
                return _file(mapping, "map.yaml", "application/yaml")
        as_table = mapping is not None and "ballots_file" in request.POST
        try:
            shown |= _read(form, mapping, as_table=as_table)
            if "text" in shown:
                return _file(shown["text"], "ballots.csv", "text/csv")
        except EncodingUnclear as error:
            shown |= {"problem": str(error), "readings": error.readings}
        except TableRefused as error:
            shown["problem"] = str(error)
    failed = bool(form.errors or shown.get("problem"))
    return render(request, "analysis/form_answers.html", shown, status=400 if failed else 200)


def _read(form: DownloadForm, mapping: str | None, *, as_table: bool) -> dict[str, Any]:
    upload, encoding = form.cleaned_data["file"], form.cleaned_data["encoding"] or None
    with on_disk(upload) as path:
        found = read_bounded(read_download, path, upload.name, encoding=encoding, mapping=mapping, as_table=as_table)
    return dict(found)


def _as_posted(request: HttpRequest) -> dict[str, Any]:
    answers = zip(request.POST.getlist("answer"), request.POST.getlist("condition"), strict=False)
    return {
        "participant": request.POST.get("participant", ""),
        "answers": [(answer, condition.strip()) for answer, condition in answers],
        "mapping": request.POST["columns"].replace("\r\n", "\n"),
    }


def _file(text: str, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
