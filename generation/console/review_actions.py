"""What the pages of the review send: decisions on images and on contested tags.

A script gets the clip's card and the bar as they are now; without script the browser is sent back to the page.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from generation.console.clip_views import clip_views
from generation.console.common import attempt, clip_or_404
from generation.console.review_pages import bar_context, chosen_filter, may_decide, with_states
from generation.errors import NotPossibleNow
from generation.runs import reviewing
from generation.runs.review_state import review_of, review_rows
from study.access import Right
from study.console.common import study_page
from study.errors import StudyError
from study.models import Study
from study.setup.clip_selection import include_clip


def answer(request: HttpRequest, study: Study, number: int | None) -> HttpResponse:
    """Answer a form of a clip: its card and the bar for a script, else the way back to the page it was sent from.

    `number`: of the clip; None if none was decided on.
    """
    if request.headers.get("X-Requested-With") == "fetch":
        return _card(request, study, number)
    if number is None or study.is_blinded:  # the way back by a filter would be a word about the images
        return redirect("generation_review", study.slug)
    if "show" not in request.POST:
        return redirect("generation_clip", study.slug, number)
    show = chosen_filter(request.POST["show"])
    shown = [row.number for row in review_of(study).shown(show)]
    # A clip that the filter no longer shows has left the page; then the one after it is where to go on.
    there = next((other for other in shown if other >= number), number)
    query = urlencode({"show": show, "clip": str(there)})
    return redirect(f"{reverse('generation_review', args=[study.slug])}?{query}#clip-{there}")


def _card(request: HttpRequest, study: Study, number: int | None) -> HttpResponse:
    if study.is_blinded:  # opened meanwhile: a refusal, and no word about the images
        return render(request, "generation/review_answer.html", {"study": study})
    review = review_of(study)
    rows = clip_views(study.clips.filter(number=number) if number else [], study)
    with_states(rows, {row.number: row for row in review.rows})
    show = chosen_filter(request.POST.get("show", ""))
    after = request.POST.get("after", "")
    last = int(after) if re.fullmatch("[0-9]{1,9}", after) else 0
    context = {"study": study, "row": rows[0] if rows else None, "blinded": False}
    context["deciding"] = may_decide(request, study)
    return render(
        request, "generation/review_answer.html", context | bar_context(request, study, review, show, after=last)
    )


@require_POST
@study_page(Right.EDIT)
def generation_approve(request: HttpRequest, study: Study) -> HttpResponse:
    """Approve the images of the clips sent as `seen-<clip number>`; of several after a page that asks once.

    That page leaves out clips in which a check found something: they are looked at one by one.
    """
    seen = {
        int(name.removeprefix("seen-")): str(value)
        for name, value in request.POST.items()
        if re.fullmatch("seen-[0-9]{1,9}", name)
    }
    if not seen:
        messages.error(request, _("No clip was chosen."))
        return redirect("generation_review", study.slug)
    if "confirmed" not in request.POST and study.settings_can_change:
        return _ask(request, study, seen)
    try:
        approved, refused = reviewing.approve(study, seen, actor=request.user)
    except NotPossibleNow as error:
        approved, refused = [], [str(error)]
    for refusal in refused:
        messages.error(request, refusal)
    if approved:
        text = ngettext("%(clips)s: approved.", "%(n)d clips are approved.", len(approved))
        messages.success(request, text % {"n": len(approved), "clips": approved[0]})
    return answer(request, study, min(seen) if len(seen) == 1 else max(seen))


def _ask(request: HttpRequest, study: Study, seen: Mapping[int, str]) -> HttpResponse:
    """Ask once whether these clips are to be approved."""
    show = chosen_filter(request.POST.get("show", ""))
    states = review_rows(study, study.clips.filter(number__in=seen, included=True))
    asked = [state.number for state in states if not state.asks_for_a_look]
    to_look_at = len(states) - len(asked)
    if not asked:
        text = ngettext(
            "Look at this %(n)d clip by itself, then approve it there: a check found something in it.",
            "Look at these %(n)d clips one by one, then approve each there: checks found something in them.",
            to_look_at,
        )
        messages.error(request, text % {"n": to_look_at} if to_look_at else _("No clip was chosen."))
        return answer(request, study, min(seen))
    pairs = [(row, seen[row.clip.number]) for row in clip_views(study.clips.filter(number__in=asked), study)]
    context = {"study": study, "pairs": pairs, "show": show, "to_look_at": to_look_at}
    return render(request, "generation/approve.html", context)


def _decide(
    request: HttpRequest, study: Study, number: int, done: str, verb: Callable[..., Any], **details: Any
) -> HttpResponse:
    """Call a verb of the review on a clip as the page showed it, and answer."""
    clip = clip_or_404(study, number)
    attempt(request, done % {"clip": clip.name}, verb, clip, seen=request.POST.get("seen", ""), **details)
    return answer(request, study, number)


@require_POST
@study_page(Right.EDIT)
def generation_reopen(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Make a clip undecided again."""
    return _decide(request, study, number, _("%(clip)s: undecided again."), reviewing.reopen)


@require_POST
@study_page(Right.EDIT)
def generation_repaint(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Paint all images of a clip again, from the next seed."""
    details = {name: request.POST.get(name, "") for name in ("reason", "note")}
    done = _("%(clip)s: all of its images are being painted again.")
    return _decide(request, study, number, done, reviewing.repaint, named=request.POST.getlist("named"), **details)


@require_POST
@study_page(Right.EDIT)
def generation_leave_out(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Leave a clip out of the study."""
    reason = request.POST.get("reason", "")
    return _decide(request, study, number, _("%(clip)s: left out."), reviewing.leave_out, reason=reason)


@require_POST
@study_page(Right.EDIT)
def generation_take_in(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Take a clip back into the study."""
    attempt(request, _("The clip is in the study again."), include_clip, clip_or_404(study, number))
    return answer(request, study, number)


@require_POST
@study_page(Right.EDIT)
def generation_undo(request: HttpRequest, study: Study) -> HttpResponse:
    """Undo the decision that this person made last."""
    try:
        undone = reviewing.undo_last(study, batch=request.POST.get("batch", ""), actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return answer(request, study, None)
    text = ngettext("Undone: %(clips)s, %(decision)s.", "Undone: %(n)d clips, %(decision)s.", len(undone))
    decision = undone[0].get_kind_display()
    messages.success(request, text % {"n": len(undone), "clips": undone[0].clip.name, "decision": decision})
    return answer(request, study, undone[0].clip.number)
