"""The pages of the step “Review”: each clip's images and how they were made, and the decisions on its tags."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
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
from study.access import study_or_404
from study.console.forms.versions import (
    CHOICE,
    VERSION,
    Conflict,
    Editing,
    editing,
    mark,
    read_version,
    settle,
    version_field,
)
from study.models import Study
from study.setup.clip_selection import exclude_clip, include_clip

CLIPS_A_PAGE = 20
_DECISION = re.compile("decide-(?P<clip>[0-9]{1,9})-(?P<tag>.*)", re.DOTALL)


@require_safe
@login_required
def generation_review(request: HttpRequest, slug: str) -> HttpResponse:
    """The images of every clip, side by side."""
    study = study_or_404(request.user, slug)
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
@login_required
def generation_clip(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One clip: evidence, tags, prompts, images, provenance."""
    study = study_or_404(request.user, slug)
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
@login_required
def generation_tags(request: HttpRequest, slug: str) -> HttpResponse:
    """The tags of the whole study before and after redefinition."""
    study = study_or_404(request.user, slug)
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


@login_required
def generation_decide(request: HttpRequest, slug: str) -> HttpResponse:
    """The contested tags of all clips, with the evidence, to keep or to remove."""
    study = study_or_404(request.user, slug)
    if study.is_blinded:
        raise Http404
    if request.method == "POST":
        return _store_decisions(request, study)
    clips = filtered_clips(study, "decide") if request.GET.get("show") != "all" else _contested(study)
    return _decide_page(request, study, Paginator(clips, CLIPS_A_PAGE).get_page(request.GET.get("page")))


def _contested(study: Study):
    return study.clips.filter(steps__result__contested__0__isnull=False).distinct()


def _decide_page(
    request: HttpRequest,
    study: Study,
    page: Any,
    *,
    sent: Mapping[str, str] = MappingProxyType({}),
    seen: Mapping[str, str] = MappingProxyType({}),
    conflicts: Mapping[str, Conflict] = MappingProxyType({}),
    who: str = "",
) -> HttpResponse:
    """Show the contested tags of some clips; choices that were sent and not saved stay chosen."""
    rows, marks = [], editing(study, request.user, "tags decided").marks()
    if conflicts:
        marks[""] = seen.get("", "")
    for view in clip_views(page.object_list, study):
        contested = view.contested
        for tag in (tag for contest in contested for tag in contest["tags"]):
            name = f"decide-{view.clip.number}-{tag['tag']}"
            decided = tag["choice"] if tag["decided"] else ""
            marks[name] = seen.get(name, "") if name in conflicts else mark(decided)
            tag |= {"name": name, "picked": sent.get(name, decided), "conflict": conflicts.get(name)}
        rows.append({"view": view, "contested": contested, "curve": voice_curve(view.voice.get("curve", []))})
    context = {"study": study, "rows": rows, "page": page, "version": version_field(marks), "who": who}
    return render(
        request,
        "generation/decide.html",
        context | {"unsaved": bool(sent)},
        status=409 if conflicts else 400 if sent else 200,
    )


def _store_decisions(request: HttpRequest, study: Study) -> HttpResponse:
    """Save the choices posted as `decide-<clip number>-<tag>`, and start a run if asked to."""
    sent: dict[str, str] = {}
    chosen: dict[int, dict[str, str]] = {}
    for name, choice in request.POST.items():
        if (match := _DECISION.fullmatch(name)) and choice in TagDecision.Choice.values:
            sent[name] = choice
            chosen.setdefault(int(match["clip"]), {})[match["tag"]] = choice
    clips = study.clips.filter(number__in=chosen)
    saved, conflicts, who, seen = 0, dict[str, Conflict](), "", read_version(request.POST.get(VERSION))
    try:
        with transaction.atomic():
            lifecycle.lock_draft(study)
            last = editing(study, request.user, "tags decided")
            taken, conflicts = _compare(request, study, sent, seen, last)
            who = last.who_saved(seen or {}) if conflicts else ""
            for view in clip_views(clips, study) if not conflicts else ():
                contested = {entry["tag"] for contest in view.contested for entry in contest["tags"]}
                choices = {
                    tag: choice
                    for tag, choice in chosen[view.clip.number].items()
                    if tag in contested and f"decide-{view.clip.number}-{tag}" not in taken
                }
                lifecycle.decide_tags(view.clip, choices, actor=request.user)
                saved += len(choices)
        if "generate" in request.POST and not conflicts:
            lifecycle.start_run(study, actor=request.user)
    except GenerationError as error:
        messages.error(request, str(error))
        if not saved and sent:
            return _decide_page(request, study, Paginator(clips, CLIPS_A_PAGE).get_page(1), sent=sent)
        return redirect("generation_decide", study.slug)
    if conflicts:
        page = Paginator(clips, CLIPS_A_PAGE).get_page(1)
        return _decide_page(request, study, page, sent=sent, seen=seen or {}, conflicts=conflicts, who=who)
    message = ngettext(
        "%(n)d decision is kept; the next run redefines its clip with it.",
        "%(n)d decisions are kept; the next run redefines these clips with them.",
        saved,
    )
    messages.success(request, message % {"n": saved})
    return redirect("generation_run", study.slug)


def _compare(
    request: HttpRequest, study: Study, sent: Mapping[str, str], seen: dict[str, str] | None, last: Editing
) -> tuple[list[str], dict[str, Conflict]]:
    """Return the names of choices that keep what is stored, and those that somebody else has decided otherwise."""
    if seen is None and last.may_overwrite:
        return [], {}
    decided = TagDecision.objects.filter(clip__study=study).values_list("clip__number", "tag", "choice")
    stored = {f"decide-{number}-{tag}": choice for number, tag, choice in decided}
    marks = {name: mark(stored.get(name, "")) for name in sent}
    mine = {name: mark(choice) for name, choice in sent.items()}
    settled = settle(seen or {}, mine, marks, lambda name: request.POST.get(CHOICE + name, ""))
    words: dict[str, Any] = {"": _("undecided"), "keep": _("keep"), "remove": _("remove")}
    return settled.take, {
        name: Conflict(name, name.split("-", 2)[2], str(words[stored.get(name, "")]), marks[name])
        for name in settled.ask
    }


@require_POST
@login_required
def generation_repaint(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Paint all images of a clip again, from the next seed."""
    study = study_or_404(request.user, slug)
    clip = clip_or_404(study, number)
    done = _("All images of the clip are being painted again.")
    attempt(request, done, lifecycle.repaint, clip, reason=request.POST.get("reason", ""))
    return redirect("generation_clip", slug, number)


@require_POST
@login_required
def generation_leave_out(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Leaves a clip out of the study."""
    study = study_or_404(request.user, slug)
    clip = clip_or_404(study, number)
    attempt(request, _("The clip is left out."), exclude_clip, clip, reason=request.POST.get("reason", ""))
    return redirect("generation_clip", slug, number)


@require_POST
@login_required
def generation_take_in(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Takes a clip back into the study."""
    study = study_or_404(request.user, slug)
    attempt(request, _("The clip is in the study again."), include_clip, clip_or_404(study, number))
    return redirect("generation_clip", slug, number)
