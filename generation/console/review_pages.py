"""The pages of the step “Review”: all clips with their images, one clip, and one image beside the clip's others."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from generation.console.clip_views import ClipView, clip_views
from generation.console.common import CLIPS_A_PAGE, clip_or_404
from generation.runs.review_state import FILTERS, ClipReview, Review, review_of, review_rows
from generation.runs.reviewing import last_decisions
from study.access import Right
from study.console.common import study_page
from study.models import Clip, Study
from study.setup.paintings import RepaintReason

FILTER_LABELS = {
    "all": gettext_lazy("All clips"),
    "undecided": gettext_lazy("Undecided"),
    "approved": gettext_lazy("Approved"),
    "repainted": gettext_lazy("Painted again"),
    "checks": gettext_lazy("Needs a look"),
    "contested": gettext_lazy("Tags to decide"),
}


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_review(request: HttpRequest, study: Study) -> HttpResponse:
    """The images of every clip, side by side, to approve, to paint again or to leave out."""
    # While the study is sealed there is nothing to decide, and no filter: each would be a word about the images.
    review = None if study.is_blinded else review_of(study)
    show = chosen_filter(request.GET.get("show", "")) if review else "all"
    shown = [(row.number, row) for row in review.shown(show)] if review else []
    numbers = [number for number, _row in shown] if review else _numbers(study)
    paginator = Paginator(numbers, CLIPS_A_PAGE)
    page = paginator.get_page(request.GET.get("page") or _page_of(request.GET.get("clip", ""), numbers))
    rows = clip_views(study.clips.filter(number__in=page.object_list), study)
    with_states(rows, dict(shown))
    context = {
        "study": study,
        "page": page,
        "rows": rows,
        "blinded": study.is_blinded,
        "sketched": study.clips.filter(stimuli__painter="sketch").exists(),
        "deciding": may_decide(request, study),
        "to_approve": [row for row in rows if row.review and row.review.can_be_approved],
    }
    if review:
        context |= bar_context(request, study, review, show, after=page.object_list[-1] if page.object_list else 0)
    return render(request, "generation/review.html", context)


def _numbers(study: Study) -> list[int]:
    return list(study.clips.filter(included=True).order_by("number").values_list("number", flat=True))


def _page_of(number: str, numbers: list[int]) -> int | None:
    """Return the page of the first clip from this number on, among the clips shown; None if no number was sent."""
    if not (number.isascii() and number.isdigit()):
        return None
    place = sum(shown < int(number[:9]) for shown in numbers)
    return place // CLIPS_A_PAGE + 1


def chosen_filter(show: str) -> str:
    """Return the name of a filter: the one that was sent, or "all"."""
    return show if show in FILTERS else "all"


def may_decide(request: HttpRequest, study: Study) -> bool:
    """Return whether the page offers decisions: the study is a draft, and the person may change it."""
    return study.settings_can_change and not getattr(request, "read_only", False)


def with_states(views: list[ClipView], states: dict[int, ClipReview]) -> None:
    """Give each view its clip's place in the review."""
    for view in views:
        view.review = states.get(view.clip.number)


def bar_context(request: HttpRequest, study: Study, review: Review, show: str, *, after: int) -> dict[str, Any]:
    """Return what the bar above the clips shows: counts, filters, what can be undone, the next undecided clip."""
    return {
        "review": review,
        "show": show,
        "filters": [(name, label, review.counts[name]) for name, label in FILTER_LABELS.items()],
        "following": review.next_undecided(after),
        "undoable": last_decisions(study, request.user) if may_decide(request, study) else [],
        "reasons": RepaintReason.choices,
    }


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_clip(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """One clip: evidence, tags, prompts, images, provenance."""
    clip = clip_or_404(study, number)
    # First the state, then the images: a decision on images that are painted between the two is refused.
    state = None if study.is_blinded else review_rows(study, Clip.objects.filter(pk=clip.pk))[0]
    [row] = clip_views([clip], study)
    row.review = state
    context = {
        "study": study,
        "row": row,
        "clip": row.clip,
        "blinded": row.blinded,
        "before": study.clips.filter(number__lt=number).last(),
        "after": study.clips.filter(number__gt=number).first(),
        "reasons": RepaintReason.choices,
        "deciding": may_decide(request, study),
    }
    return render(request, "generation/clip.html", context)


@require_safe
@study_page(Right.LOOK)
def generation_large(request: HttpRequest, study: Study, number: int, place: int) -> HttpResponse:
    """One image of a clip in full size, with the clip's others beside it."""
    [row] = clip_views([clip_or_404(study, number)], study)
    image = next((image for image in row.images if image.number == place), None)
    if image is None:
        raise Http404
    context = {"study": study, "row": row, "clip": row.clip, "image": image, "blinded": row.blinded}
    return render(request, "generation/large.html", context)
