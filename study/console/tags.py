"""The page “Tags”: the original tags of the clips."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.access import Right
from study.console.common import one_at_a_time, study_page
from study.console.forms.clip_tags import ClipTagsForm
from study.console.forms.tag_file import TagFileForm
from study.console.forms.versions import editing
from study.errors import ImportRefused, StudyError
from study.models import Clip, Study
from study.setup import tag_import
from study.setup.path_steps import step_after
from study.setup.tag_table import LONGEST_TAG, TagTable, check_size, split_typed_tags
from study.setup.tag_upload import preview_tag_upload
from study.tables.errors import TableRefused
from study.untrusted_files.uploads import on_disk
from study.web.http import wants_json

SAMPLE_TAGS = 5


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def study_tags(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the original tags of every clip; import them from a table."""
    form = TagFileForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    unknown_clips = 0
    readings: Sequence[Any] = ()
    if request.method == "POST" and form.is_valid():
        try:
            return _import_tags(request, study, form)
        except ImportRefused as error:
            problems, unknown_clips, readings = error.problems, error.unknown_clips, error.readings
        except (StudyError, TableRefused) as error:
            problems = [str(error)]
    context: dict[str, Any] = {"problems": problems, "unknown_clips": unknown_clips, "readings": readings}
    return _tags_page(request, study, form, status=400 if problems or form.errors else 200, **context)


def _tags_page(
    request: HttpRequest,
    study: Study,
    form: TagFileForm,
    *,
    status: int,
    sent: ClipTagsForm | None = None,
    **context: Any,
) -> HttpResponse:
    """Show the page; `sent` is the form of a clip whose tags could not be saved."""
    clips = list(study.clips.all())
    editors = [sent if sent is not None and sent.clip.pk == clip.pk else ClipTagsForm(clip=clip) for clip in clips]
    context |= {
        "study": study,
        "form": form,
        "editors": editors,
        "clips": clips,
        "tagged": sum(bool(clip.imported_tags) for clip in clips),
        "longest_tag": LONGEST_TAG,
    }
    return render(request, "study/tags.html", context, status=status)


def _import_tags(request: HttpRequest, study: Study, form: TagFileForm) -> HttpResponse:
    upload = form.cleaned_data["file"]
    with on_disk(upload) as path:
        table = tag_import.import_tag_upload(
            study,
            path,
            file=upload.name,
            skip_unknown=form.cleaned_data["skip_unknown"],
            encoding=form.cleaned_data["encoding"] or None,
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
    if table.prefixes:
        message += " " + ngettext(
            "A prefix such as “genre---” was taken off %(n)d tag.",
            "A prefix such as “genre---” was taken off %(n)d tags.",
            table.prefixes,
        ) % {"n": table.prefixes}
    messages.success(request, " ".join([message, *table.notes.sentences()]))
    if table.notes.encoding != "UTF-8":
        messages.info(
            request,
            _(
                "Read as %(encoding)s, the table says, for example, %(sample)s. If that is wrong, choose another "
                "encoding and import it again."
            )
            % {"encoding": table.notes.encoding, "sample": _sample(table)},
        )
    # Who has to look whether the table was read right stays on its page.
    following = step_after("tags", study) if "go-on" in request.POST and table.notes.encoding == "UTF-8" else None
    return redirect(following.url_name if following else "study_tags", study.slug)


@require_POST
@study_page(Right.EDIT)
def tags_preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Return a piece of a page: how a table that is chosen would be read, before it is imported."""
    form = TagFileForm(request.POST, request.FILES)
    shown: dict[str, Any] = {}
    if form.is_valid():
        upload, encoding = form.cleaned_data["file"], form.cleaned_data["encoding"] or None
        try:
            check_size(upload.size, upload.name)
            with on_disk(upload) as path:
                preview = preview_tag_upload(path, upload.name, encoding=encoding)
            shown = {"preview": preview, "readings": preview.others}
        except ImportRefused as error:
            shown = {"problems": error.problems, "readings": error.readings}
        except TableRefused as error:
            shown = {"problems": [str(error)]}
    else:
        shown["problems"] = [text for texts in form.errors.values() for text in texts]
    return render(request, "console/table_preview.html", shown)


def _sample(table: TagTable) -> str:
    """Return some tags of the table, those with letters beyond ASCII first."""
    found = dict.fromkeys(tag for tags in table.tags.values() for tag in tags)
    return ", ".join(f"“{tag}”" for tag in sorted(found, key=str.isascii)[:SAMPLE_TAGS])


@require_POST
@study_page(Right.EDIT)
@one_at_a_time
def clip_tags(request: HttpRequest, study: Study, clip_id: int) -> HttpResponse:
    """Replace one clip's original tags."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    form = ClipTagsForm(request.POST, clip=clip)
    form.editing = editing(study, request.user, "tags edited", clip=clip.name)
    problem = ""
    if form.is_valid():
        try:
            tag_import.set_tags(clip, split_typed_tags(form.cleaned_data["tags"]), actor=request.user)
        except StudyError as error:
            problem = str(error)
    if form.errors or problem:
        problem = problem or " ".join(map(str, form.errors["tags"]))
        if wants_json(request):
            question = render_to_string("study/_tags_conflict.html", {"form": form})
            return JsonResponse({"ok": False, "problem": problem, "question": question}, status=409)
        messages.error(request, problem)
        return _tags_page(request, study, TagFileForm(), status=409, sent=form)
    if wants_json(request):
        return JsonResponse({"ok": True, "tags": clip.imported_tags, "version": ClipTagsForm(clip=clip).version()})
    messages.success(request, _("The tags of %(clip)s are saved.") % {"clip": clip.name})
    return redirect(reverse("study_tags", args=[study.slug]) + f"#clip-{clip.pk}")


@require_safe
@study_page(Right.LOOK)
def tags_template(request: HttpRequest, study: Study) -> HttpResponse:
    """Return a table of the clips and their tags, to fill in."""
    content = tag_import.template_csv(list(study.clips.all()))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-tags.csv"'
    return response
