"""The pages of the step “Review”: each clip's images and how they were made, and the decisions on its tags."""

import re

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from generation.console.clip_views import clip_views, voice_curve
from generation.console.common import attempt, clip_or_404, filtered_clips
from generation.console.tag_overview import tag_overview
from generation.errors import GenerationError
from generation.models import TagDecision
from generation.runs import lifecycle
from generation.runs.progress import unfaithful_sentences
from study.access import Right
from study.console.common import study_page
from study.models import Study
from study.setup.clip_selection import exclude_clip, include_clip

CLIPS_A_PAGE = 20


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_review(request: HttpRequest, study: Study) -> HttpResponse:
    """The images of every clip, side by side."""
    clips = study.clips.filter(included=True)
    unfaithful = None if study.is_blinded else unfaithful_sentences(study)
    show = "sentences" if unfaithful and request.GET.get("show") == "sentences" else ""
    if unfaithful and show:
        clips = clips.filter(pk__in=unfaithful.values("clip"))
    page = Paginator(clips, CLIPS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "page": page,
        "rows": clip_views(page.object_list, study),
        "blinded": study.is_blinded,
        "sketched": study.clips.filter(stimuli__painter="sketch").exists(),
        "conditions": study.conditions.all(),
        "unfaithful": unfaithful.count() if unfaithful is not None else 0,
        "show": show,
    }
    return render(request, "generation/review.html", context)


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_clip(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """One clip: evidence, tags, prompts, images, provenance."""
    [row] = clip_views([clip_or_404(study, number)], study)
    context = {
        "study": study,
        "row": row,
        "clip": row.clip,
        "blinded": row.blinded,
        "curve": voice_curve(row.voice.get("curve", [])),
        "before": study.clips.filter(number__lt=number).last(),
        "after": study.clips.filter(number__gt=number).first(),
    }
    return render(request, "generation/clip.html", context)


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_tags(request: HttpRequest, study: Study) -> HttpResponse:
    """The tags of the whole study before and after redefinition."""
    if study.is_blinded:
        raise Http404
    page = Paginator(study.clips.filter(included=True), CLIPS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "overview": tag_overview(study),
        "rows": clip_views(page.object_list, study),
        "page": page,
    }
    return render(request, "generation/tags.html", context)


@study_page(Right.LOOK, change=Right.EDIT)
def generation_decide(request: HttpRequest, study: Study) -> HttpResponse:
    """The contested tags of all clips, with the evidence, to keep or to remove."""
    if study.is_blinded:
        raise Http404
    if request.method == "POST":
        return _store_decisions(request, study)
    clips = filtered_clips(study, "decide") if request.GET.get("show") != "all" else _contested(study)
    page = Paginator(clips, CLIPS_A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"view": view, "curve": voice_curve(view.voice.get("curve", []))}
        for view in clip_views(page.object_list, study)
    ]
    return render(request, "generation/decide.html", {"study": study, "rows": rows, "page": page})


def _contested(study: Study):
    return study.clips.filter(steps__result__contested__0__isnull=False).distinct()


def _store_decisions(request: HttpRequest, study: Study) -> HttpResponse:
    """Save the choices posted as `decide-<clip number>-<tag>`, and start a run if asked to."""
    chosen: dict[int, dict[str, str]] = {}
    for name, choice in request.POST.items():
        if not name.startswith("decide-") or choice not in TagDecision.Choice.values:
            continue
        number, _dash, tag = name.removeprefix("decide-").partition("-")
        if re.fullmatch("[0-9]{1,9}", number):
            chosen.setdefault(int(number), {})[tag] = choice
    saved = 0
    try:
        for view in clip_views(study.clips.filter(number__in=chosen), study):
            contested = {entry["tag"] for contest in view.contested for entry in contest["tags"]}
            choices = {tag: choice for tag, choice in chosen[view.clip.number].items() if tag in contested}
            lifecycle.decide_tags(view.clip, choices, actor=request.user)
            saved += len(choices)
        if "generate" in request.POST:
            lifecycle.start_run(study, actor=request.user)
    except GenerationError as error:
        messages.error(request, str(error))
        return redirect("generation_decide", study.slug)
    message = ngettext(
        "%(n)d decision is kept; the next run redefines its clip with it.",
        "%(n)d decisions are kept; the next run redefines these clips with them.",
        saved,
    )
    messages.success(request, message % {"n": saved})
    return redirect("generation_run", study.slug)


@require_POST
@study_page(Right.EDIT)
def generation_repaint(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Paint all images of a clip again, from the next seed."""
    clip = clip_or_404(study, number)
    done = _("All images of the clip are being painted again.")
    attempt(request, done, lifecycle.repaint, clip, reason=request.POST.get("reason", ""))
    return redirect("generation_clip", study.slug, number)


@require_POST
@study_page(Right.EDIT)
def generation_leave_out(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Leaves a clip out of the study."""
    clip = clip_or_404(study, number)
    attempt(request, _("The clip is left out."), exclude_clip, clip, reason=request.POST.get("reason", ""))
    return redirect("generation_clip", study.slug, number)


@require_POST
@study_page(Right.EDIT)
def generation_take_in(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Takes a clip back into the study."""
    attempt(request, _("The clip is in the study again."), include_clip, clip_or_404(study, number))
    return redirect("generation_clip", study.slug, number)
