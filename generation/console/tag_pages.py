"""The pages of a study's tags: before and after redefinition, and the contested ones to decide."""

import re
from collections.abc import Mapping

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from generation.console.clip_views import clip_views
from generation.console.common import CLIPS_A_PAGE, filtered_clips
from generation.console.review_actions import answer
from generation.console.tag_overview import tag_overview
from generation.errors import GenerationError
from generation.models import TagDecision
from generation.runs import lifecycle
from generation.runs.progress import tag_questions
from study.access import Right
from study.console.common import study_page
from study.models import Clip, Study


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
        return _decide(request, study)
    clips = filtered_clips(study, "decide") if request.GET.get("show") != "all" else _contested(study)
    return _page(request, study, clips)


def _page(
    request: HttpRequest, study: Study, clips: QuerySet[Clip], chosen: Mapping[int, Mapping[str, str]] | None = None
) -> HttpResponse:
    """Return the page of these clips; `chosen`: what was chosen there and is not saved, by clip number and tag."""
    page = Paginator(clips, CLIPS_A_PAGE).get_page(request.GET.get("page"))
    rows = clip_views(page.object_list, study)
    for row in rows:
        row.unsaved = (chosen or {}).get(row.clip.number, {})
    context = {"study": study, "rows": rows, "page": page, "unsaved": bool(chosen)}
    return render(request, "generation/decide.html", context, status=409 if chosen else 200)


def _contested(study: Study) -> QuerySet[Clip]:
    return study.clips.filter(steps__result__contested__0__isnull=False).distinct()


def _decide(request: HttpRequest, study: Study) -> HttpResponse:
    """Save decisions, say what they change, make the images of that if asked to, and lead back to the page.

    What is refused stays chosen on the page, and no image is made before it is decided.
    """
    back = request.POST.get("clip", "")
    in_review = re.fullmatch("[0-9]{1,9}", back) and study.clips.filter(number=back).exists()
    saved, refused, why = _save_choices(request, study)
    outdated = sum(asked.is_outdated for asked in tag_questions(lifecycle.clips_to_generate(study)).values())
    if saved or not refused:
        _say(request, saved, outdated)
    if refused and request.headers.get("X-Requested-With") == "form":
        return HttpResponse(status=409)  # the browser then sends it once more, and shows the page
    if refused:
        _say_refused(request, why, len(refused))
        study.refresh_from_db()  # it may have been opened meanwhile
    elif "generate" in request.POST:
        _make_again(request, study)
    if in_review:
        return answer(request, study, int(back))
    if refused and study.settings_can_change:
        return _page(request, study, study.clips.filter(number__in=refused), refused)
    return redirect("generation_decide" if refused else "generation_run", study.slug)


def _save_choices(request: HttpRequest, study: Study) -> tuple[int, dict[int, dict[str, str]], list[str]]:
    """Save the choices posted as `decide-<clip number>-<tag>`; return how many are new, what is refused, and why.

    `was-<clip number>-<tag>` is the decision that the page showed, so that a second tab overwrites nothing unseen.
    """
    chosen, seen = _sent(request, "decide-"), _sent(request, "was-")
    saved, refused, why = 0, dict[int, dict[str, str]](), list[str]()
    for view in clip_views(study.clips.filter(number__in=chosen), study):
        number = view.clip.number
        contested = {entry["tag"] for contest in view.contested for entry in contest["tags"]}
        choices = {tag: choice for tag, choice in chosen[number].items() if tag in contested}
        try:
            saved += lifecycle.decide_tags(view.clip, choices, seen=seen.get(number, {}), actor=request.user)
        except GenerationError as error:
            refused[number] = choices
            why.append(str(error))
    return saved, refused, list(dict.fromkeys(why))


def _sent(request: HttpRequest, start: str) -> dict[int, dict[str, str]]:
    """Return the choices that were sent under names with this start, by clip number and tag."""
    found: dict[int, dict[str, str]] = {}
    for name, choice in request.POST.items():
        number, _dash, tag = name.removeprefix(start).partition("-")
        if name.startswith(start) and choice in TagDecision.Choice.values and re.fullmatch("[0-9]{1,9}", number):
            found.setdefault(int(number), {})[tag] = choice
    return found


def _say_refused(request: HttpRequest, why: list[str], clips: int) -> None:
    for text in why:
        messages.error(request, text)
    text = ngettext(
        "The choices for %(n)d clip are not saved. Look at them again, then save.",
        "The choices for %(n)d clips are not saved. Look at them again, then save.",
        clips,
    )
    messages.warning(request, text % {"n": clips})


def _say(request: HttpRequest, saved: int, outdated: int) -> None:
    """Say how many decisions are kept, and how many clips have images that do not follow their decisions."""
    if saved:
        message = ngettext("%(n)d decision is kept.", "%(n)d decisions are kept.", saved) % {"n": saved}
        if outdated:
            message += " " + ngettext(
                "The tags of %(n)d clip change by it: its images must be made again.",
                "The tags of %(n)d clips change by decisions: their images must be made again.",
                outdated,
            ) % {"n": outdated}
        else:
            message += " " + _("No image changes by it.")
        messages.success(request, message)
    elif "generate" not in request.POST:
        messages.info(request, _("Nothing new to save."))


def _make_again(request: HttpRequest, study: Study) -> None:
    """Start a run; what is not changed stays."""
    try:
        lifecycle.start_run(study, actor=request.user)
    except GenerationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The run has started. It makes again what has changed, and nothing else."))
