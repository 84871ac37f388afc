"""The page of a study's own rule files and tables of predictions."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from generation import study_files
from generation.errors import GenerationError
from generation.models import StudyFile
from generation.redefinition import RuleError
from generation.runs import lifecycle
from generation.settings_model import settings_of
from study.access import Right
from study.console.common import study_page
from study.console.deleted import tell_deleted
from study.console.downloads import name_in_log
from study.errors import ImportRefused, StudyError
from study.models import Study
from study.untrusted_files.uploads import on_disk

CLIPS_NAMED = 5
SUFFIXES = {StudyFile.Kind.RULES: ".yaml,.yml", StudyFile.Kind.PREDICTIONS: ".csv,.tsv,.txt,.xlsx"}


@study_page(Right.LOOK, change=Right.EDIT)
def generation_files(request: HttpRequest, study: Study) -> HttpResponse:
    """The files with what they hold, and a form to upload each kind. A faulty file is refused with all its faults."""
    faults: list[str] = []
    kind = request.POST.get("kind", "")
    if request.method == "POST" and kind in StudyFile.Kind.values:
        faults = _upload(request, study, kind)
        if not faults:
            return redirect("generation_files", study.slug)
    try:
        used = study_files.used_digests(settings_of(study))
    except GenerationError:  # settings of another version
        used = set()
    files = list(study.files.defer("text"))
    sections = [
        {
            "kind": each,
            "suffixes": SUFFIXES[each],
            "files": [_file_view(request, file, used) for file in files if file.kind == each],
            "faults": faults if each == kind else [],
        }
        for each in StudyFile.Kind
    ]
    editable = study.settings_can_change and lifecycle.active_run(study) is None
    context: dict[str, Any] = {"study": study, "sections": sections, "editable": editable}
    return render(request, "generation/files.html", context, status=422 if faults else 200)


def _file_view(request: HttpRequest, file: StudyFile, used: set[str]) -> dict[str, Any]:
    missing: list[str] = []
    if file.kind == StudyFile.Kind.PREDICTIONS:
        try:
            missing = study_files.clips_missing_in(file)
        except GenerationError as error:
            messages.error(request, str(error))
    names = ", ".join(missing[:CLIPS_NAMED]) + (" …" if len(missing) > CLIPS_NAMED else "")
    return {"row": file, "used": file.digest in used, "missing": missing, "missing_names": names}


def _upload(request: HttpRequest, study: Study, kind: str) -> list[str]:
    """Keep the posted file; return its faults, none if it is kept."""
    file = request.FILES.get("file")
    if file is None:
        return [_("Choose a file first.")]
    try:
        with on_disk(file) as path:
            row, left_out = study_files.upload_file(study, kind, path, name=file.name or "", actor=request.user)
    except ImportRefused as error:
        return error.problems
    except (StudyError, RuleError) as error:
        return str(error).splitlines()
    messages.success(
        request,
        _("%(file)s is checked and kept, digest %(digest)s…. Choose it in the settings.")
        % {"file": row.name, "digest": row.digest[:8]},
    )
    if left_out:
        messages.info(
            request,
            ngettext(
                "The table is large: its rows about %(n)d clip that is not in this study were left out.",
                "The table is large: its rows about %(n)d clips that are not in this study were left out.",
                left_out,
            )
            % {"n": left_out},
        )
    return []


@require_safe
@study_page(Right.LOOK)
def generation_file(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Return the file's text."""
    row = get_object_or_404(study.files, pk=pk)
    response = HttpResponse(row.text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    name_in_log(request, f"{row.kind} {row.digest[:8]}")
    return response


@require_POST
@study_page(Right.EDIT)
def generation_file_delete(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Delete a file that the settings do not use."""
    row = get_object_or_404(study.files, pk=pk)
    try:
        deletion = study_files.delete_file(row, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        tell_deleted(request, _("%(file)s is deleted.") % {"file": row.name}, deletion)
    return redirect("generation_files", study.slug)
