"""Clips: upload several, listen, leave out, delete; and their original tags."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.console.common import study_page, told
from study.console.forms.tag_file import TagFileForm
from study.errors import ImportRefused, StudyError
from study.http import wants_json
from study.models import Clip, Study
from study.setup import clip_import, clip_selection, tag_import


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_clips(request: HttpRequest, study: Study) -> HttpResponse:
    """The clips, and the place to drop new ones."""
    if request.method == "POST":
        return _take_uploads(request, study)
    clips = list(study.clips.all())
    included = [clip for clip in clips if clip.included and not clip.is_practice]
    return render(
        request,
        "study/clips.html",
        {
            "study": study,
            "clips": clips,
            "included": len(included),
            "left_out": sum(not clip.included for clip in clips),
            "seconds": sum(clip.duration for clip in included),
            "accepted": clip_import.ACCEPTED_TEXT,
            "accept": ",".join(clip_import.ACCEPTED_SUFFIXES),
            "maximum_bytes": clip_import.MAXIMUM_BYTES,
        },
    )


def _take_uploads(request: HttpRequest, study: Study) -> HttpResponse:
    uploads = request.FILES.getlist("files")
    if not uploads:
        return told(
            request, StudyError(_("No file was chosen. Choose one or more audio files.")), "study_clips", study.slug
        )
    try:
        results = clip_import.import_clips(study, uploads, actor=request.user)
    except StudyError as error:
        return told(request, error, "study_clips", study.slug)
    if wants_json(request):
        return JsonResponse({"files": [_as_json(request, study, result) for result in results]})
    added = sum(result.clip is not None for result in results)
    if added:
        messages.success(request, ngettext("%(n)d clip added.", "%(n)d clips added.", added) % {"n": added})
    for result in results:
        if result.problem:
            messages.error(request, result.problem)
    return redirect("study_clips", study.slug)


def _as_json(request: HttpRequest, study: Study, result: clip_import.ImportedFile) -> dict[str, Any]:
    if result.clip is None:
        return {"name": result.name, "ok": False, "problem": result.problem}
    row = render_to_string("study/_clip_row.html", {"clip": result.clip, "study": study}, request=request)
    return {"name": result.name, "ok": True, "row": row}


@require_POST
@study_page
def clip_change(request: HttpRequest, study: Study, clip_id: int, verb: str) -> HttpResponse:
    """Leaves a clip out, takes it back in, marks it for practice, or deletes it."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    try:
        match verb:
            case "leave-out":
                clip_selection.exclude_clip(clip, reason=request.POST.get("reason", ""), actor=request.user)
                messages.success(request, _("%(clip)s is left out.") % {"clip": clip.name})
            case "include":
                clip_selection.include_clip(clip, actor=request.user)
                messages.success(request, _("%(clip)s is back in.") % {"clip": clip.name})
            case "practice":
                clip_selection.set_practice(clip, not clip.is_practice, actor=request.user)
            case "delete":
                clip_selection.delete_clip(clip, actor=request.user)
                messages.success(request, _("%(clip)s is deleted.") % {"clip": clip.name})
    except StudyError as error:
        messages.error(request, str(error))
    return redirect(reverse("study_clips", args=[study.slug]) + ("" if verb == "delete" else f"#clip-{clip_id}"))


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_tags(request: HttpRequest, study: Study) -> HttpResponse:
    """The original tags of every clip, and their import from a table."""
    form = TagFileForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    unknown_clips = 0
    if request.method == "POST" and form.is_valid():
        try:
            return _import_tags(request, study, form)
        except ImportRefused as error:
            problems, unknown_clips = error.problems, error.unknown_clips
        except StudyError as error:
            problems = [str(error)]
    clips = list(study.clips.all())
    return render(
        request,
        "study/tags.html",
        {
            "study": study,
            "form": form,
            "problems": problems,
            "unknown_clips": unknown_clips,
            "clips": clips,
            "tagged": sum(bool(clip.imported_tags) for clip in clips),
            "longest_tag": tag_import.LONGEST_TAG,
        },
        status=400 if problems or form.errors else 200,
    )


def _import_tags(request: HttpRequest, study: Study, form: TagFileForm) -> HttpResponse:
    upload = form.cleaned_data["file"]
    table = tag_import.import_tags(
        study,
        upload.read(),
        file=upload.name,
        skip_unknown=form.cleaned_data["skip_unknown"],
        actor=request.user,
    )
    count = len(table.tags)
    message = ngettext("Tags of %(n)d clip imported.", "Tags of %(n)d clips imported.", count) % {"n": count}
    if table.skipped:
        message += " " + ngettext(
            "%(n)d row about another clip was skipped.",
            "%(n)d rows about other clips were skipped.",
            table.skipped,
        ) % {"n": table.skipped}
    if table.encoding != "UTF-8":
        message += " " + _("The file was read as %(encoding)s.") % {"encoding": table.encoding}
    messages.success(request, message)
    return redirect("study_tags", study.slug)


@require_POST
@study_page
def clip_tags(request: HttpRequest, study: Study, clip_id: int) -> HttpResponse:
    """Writes one clip's original tags anew."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    try:
        tag_import.set_tags(clip, tag_import.split_tags(request.POST.get("tags", "")), actor=request.user)
    except StudyError as error:
        return told(request, error, "study_tags", study.slug)
    if wants_json(request):
        return JsonResponse({"ok": True, "tags": clip.imported_tags})
    messages.success(request, _("The tags of %(clip)s are saved.") % {"clip": clip.name})
    return redirect(reverse("study_tags", args=[study.slug]) + f"#clip-{clip.pk}")


@require_safe
@study_page
def tags_template(request: HttpRequest, study: Study) -> HttpResponse:
    """A table to fill in, with the study's clips and the tags they have."""
    content = tag_import.template_csv(list(study.clips.all()))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-tags.csv"'
    return response
