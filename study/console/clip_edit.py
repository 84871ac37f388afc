"""The pages that change clips: name, excerpt and rights of one, and one change to several."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console.common import one_at_a_time, study_page
from study.console.deleted import tell_deleted
from study.console.forms.clip_edit import BulkForm, ClipForm
from study.console.forms.versions import Editing
from study.errors import StudyError
from study.models import Clip, Study
from study.setup import bulk_changes, clip_editing
from study.setup.bulk_changes import Bulk
from study.setup.clip_rights import RIGHTS_CHANGED

_EDITED = ("clip renamed", "clip trimmed", "clip whole again", RIGHTS_CHANGED)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def clip_edit(request: HttpRequest, study: Study, clip_id: int) -> HttpResponse:
    """Rename a clip, choose which part of its file is heard, and say how its sound is licensed."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    form = ClipForm(request.POST if request.method == "POST" else None, clip=clip)
    form.editing = editing_of(clip, request.user)
    if request.method == "POST" and form.is_valid():
        try:
            clip_editing.edit_clip(
                clip, name=form.cleaned_data["name"], excerpt=form.excerpt, rights=form.rights, actor=request.user
            )
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(clip)s is saved.") % {"clip": clip.name})
            if kept := form.taken_in_words():
                messages.info(request, kept)
            return redirect(reverse("study_clips", args=[study.slug]) + f"#clip-{clip.pk}")
    stored = get_object_or_404(Clip, study=study, pk=clip_id)
    context = {"study": study, "clip": stored, "form": form, "bars": _bars(stored)}
    return render(request, "study/clip_edit.html", context, status=form.refusal_status)


def editing_of(clip: Clip, sender: Any) -> Editing:
    """Who edits a clip, and the entries of the log about what the form changes."""
    entries = clip.study.log.filter(action__in=_EDITED)
    return Editing(
        sender, (entries.filter(data__clip=clip.name) | entries.filter(data__name=clip.name)).order_by("-number")
    )


def _bars(clip: Clip) -> list[dict[str, float]]:
    """Return the outline of the whole file as bars of a picture, 100 wide and 40 high; empty before it was heard."""
    heights = clip.file_outline if clip.excerpt else clip.outline
    width = 100 / max(1, len(heights))
    return [
        {"x": round(width * at, 3), "y": round(20 - 19 * height, 2), "height": round(max(1.0, 38 * height), 2)}
        for at, height in enumerate(heights)
    ]


@require_POST
@study_page(Right.EDIT)
def clips_change(request: HttpRequest, study: Study) -> HttpResponse:
    """Say what a change would do to the chosen clips; once that is confirmed, do it."""
    clips = list(study.clips.all())
    form = BulkForm(request.POST, clips=clips)
    if not form.is_valid() and form.errors.keys() & {"action", "clip"}:
        for problems in form.errors.values():
            messages.error(request, " ".join(map(str, problems)))
        return redirect("study_clips", study.slug)
    if form.is_valid() and "confirmed" in request.POST:
        try:
            changed = bulk_changes.change_clips(study, form.cleaned_data["clip"], form.wanted, actor=request.user)
        except StudyError as error:
            messages.error(request, str(error))
        else:
            _tell(request, form.wanted.action, changed)
        return redirect("study_clips", study.slug)
    chosen = [clip for clip in clips if clip.pk in set(form.cleaned_data["clip"])]
    found = bulk_changes.sort_clips(study, chosen, form.wanted)
    if form.wanted.action == Bulk.RIGHTS and "confirmed" not in request.POST:
        found = bulk_changes.Sorted(chosen, [])  # for which of them it is, is known once it is written
    # The first time nothing has been typed yet, so nothing is wrong.
    shown = form if "confirmed" in request.POST else BulkForm(initial=_first_values(form), clips=clips)
    context: dict[str, Any] = {
        "study": study,
        "form": shown,
        "action": form.wanted.action,
        "chosen": chosen,
        "found": found,
        "what": _in_words(form.wanted.action),
        "Bulk": Bulk,
    }
    return render(request, "study/clips_change.html", context, status=400 if shown.errors else 200)


def _first_values(form: BulkForm) -> dict[str, Any]:
    return {"seconds": form.cleaned_data.get("seconds") or form.fields["seconds"].initial}


def _in_words(action: Bulk) -> str:
    """Say what the change does."""
    return {
        Bulk.LEAVE_OUT: _("Nobody will judge them. They stay in the list, with the reason, and can be included again."),
        Bulk.INCLUDE: _("They will be judged again."),
        Bulk.PRACTICE: _("They are shown in the practice trial only, and nobody's answers to them count."),
        Bulk.JUDGE: _("They are judged like the others, and no longer used for practice."),
        Bulk.TRIM: _(
            "Only the beginning of each file is heard. The files stay as they are. Voice and predicted tags are found "
            "anew in the excerpt, and its images are made again if they change: start generation afterwards."
        ),
        Bulk.WHOLE: _("All of each file is heard again. Start generation afterwards: sound and tags are made anew."),
        Bulk.RIGHTS: _(
            "A deposit holds, and the public gallery can play, only the sounds that may be published, each with its "
            "licence. This may change at any time."
        ),
        Bulk.DELETE: _(
            "They go with their images and tags, and so do the pilots who met them. For a day they can be brought "
            "back, without the pilots."
        ),
    }[action]


def _tell(request: HttpRequest, action: Bulk, changed: bulk_changes.Sorted) -> None:
    count = len(changed.ready)
    text = ngettext("%(action)s: done for %(n)d clip.", "%(action)s: done for %(n)d clips.", count)
    text = text % {"action": action.label, "n": count}
    if changed.deletion is not None:
        tell_deleted(request, text, changed.deletion)
    else:
        messages.success(request, text)
    if changed.refused:
        named = "; ".join(f"{clip.name} {why}" for clip, why in changed.refused[:10])
        rest = len(changed.refused) - 10
        messages.warning(
            request,
            _("Not changed: %(clips)s.") % {"clips": named + (_(", and %(n)d more") % {"n": rest} if rest > 0 else "")},
        )
