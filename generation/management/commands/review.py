"""`manage.py review VERB …`: decisions on a study's images and contested tags."""

from typing import Any

from generation.console.clip_views import clip_views
from generation.models import TagDecision
from generation.runs import lifecycle, reviewing
from generation.runs.review_state import ClipReview, review_of, review_rows
from study.access import Access, Right
from study.errors import StudyError
from study.management.scripted.clips import CLIP, clip_of
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, values_of
from study.models import Clip
from study.setup.clip_selection import include_clip
from study.setup.paintings import RepaintReason

REASON = argument("--reason", "for the log", required=True)
SEEN = argument("--seen", "what `review list` printed for it: refused if it has changed since", default="")


def _refuse_blinded(access: Access) -> None:
    if access.study.is_blinded:
        raise StudyError("While the study takes answers, nothing is told of its images.")


def _rows(access: Access) -> list[ClipReview]:
    _refuse_blinded(access)
    return review_of(access.study).rows


def _seen(access: Access, clip: Clip, given: Given) -> str:
    _refuse_blinded(access)
    rows = review_rows(access.study, access.study.clips.filter(pk=clip.pk, included=True))
    return str(given["seen"] or (rows[0].seen if rows else ""))


def show(access: Access, given: Given) -> dict[str, Any]:
    return {
        "clips": [
            {
                "number": row.number,
                "name": row.name,
                "approved": row.is_approved,
                "complete": row.is_complete,
                "asks_for_a_look": row.asks_for_a_look,
                "seen": row.seen,
            }
            for row in _rows(access)
        ]
    }


def approve(access: Access, given: Given) -> dict[str, Any]:
    if given["all"] == bool(given["clip"]):
        raise StudyError("Name one clip, or give --all.")
    if given["all"]:
        seen = {row.number: row.seen for row in _rows(access) if row.is_complete and not row.asks_for_a_look}
    else:
        clip = clip_of(access, given)
        seen = {clip.number: _seen(access, clip, given)}
    approved, refused = reviewing.approve(access.study, seen, actor=access.user)
    if refused and not approved:
        raise StudyError(" ".join(refused))
    return {"done": f"{len(approved)} clips are approved.", "approved": approved, "refused": refused}


def undo(access: Access, given: Given) -> dict[str, Any]:
    last = reviewing.last_decisions(access.study, access.user)
    if not last:
        raise StudyError("There is no decision of yours to undo.")
    undone = reviewing.undo_last(access.study, batch=last[0].batch, actor=access.user)
    return {"done": "Undone.", "clips": [row.clip.name for row in undone], "decision": undone[0].kind}


def reopen(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    reviewing.reopen(clip, seen=_seen(access, clip, given), actor=access.user)
    return {"done": f"{clip.name} is undecided again.", "clip": clip.name}


def repaint(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    seen = _seen(access, clip, given)
    reviewing.repaint(clip, seen=seen, reason=given["reason"], note=given["note"], actor=access.user)
    return {"done": f"{clip.name}: all of its images are being painted again.", "clip": clip.name}


def leave_out(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    reviewing.leave_out(clip, seen=_seen(access, clip, given), reason=given["reason"], actor=access.user)
    return {"done": f"{clip.name} is left out.", "clip": clip.name}


def take_in(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    include_clip(clip, actor=access.user)
    return {"done": f"{clip.name} is in the study again.", "clip": clip.name}


def decide(access: Access, given: Given) -> dict[str, Any]:
    _refuse_blinded(access)
    clip, choices = clip_of(access, given), {tag: str(choice) for tag, choice in values_of(given).items()}
    [view] = clip_views([clip], access.study)
    contested = sorted({entry["tag"] for contest in view.contested for entry in contest["tags"]})
    if not choices:
        held = dict(TagDecision.objects.filter(clip=clip).values_list("tag", "choice"))
        return {"clip": clip.name, "contested": {tag: held.get(tag, "") for tag in contested}}
    for tag, choice in choices.items():
        if tag not in contested:
            raise StudyError(f"'{tag}' is not contested in {clip.name}: {', '.join(contested) or 'no tag is'}.")
        if choice not in TagDecision.Choice.values:
            raise StudyError(f"{tag}: write {' or '.join(TagDecision.Choice.values)}, not '{choice}'.")
    new = lifecycle.decide_tags(clip, choices, actor=access.user)
    return {"done": f"{new} decisions are kept.", "clip": clip.name, "new": new}


class Command(ScriptedCommand):
    help = "Approve a study's images, have them painted again, leave clips out, decide on contested tags."
    examples = ("approve my-study --all --as mina", 'repaint my-study 3 --reason "artefact" --as mina --json')
    verbs = (
        Verb("list", "list the clips with what is decided", Right.LOOK, show),
        Verb(
            "approve",
            "approve one clip's images as they are now, or those of all in which no check found something",
            Right.EDIT,
            approve,
            (
                argument("clip", "its number, or the name of its file", nargs="?"),
                argument("--all", "all of them", action="store_true"),
                SEEN,
            ),
            ("generation_approve",),
        ),
        Verb("undo", "undo one's own last decision", Right.EDIT, undo, (), ("generation_undo",)),
        Verb("reopen", "make a clip undecided again", Right.EDIT, reopen, (CLIP, SEEN), ("generation_reopen",)),
        Verb(
            "repaint",
            "have all images of a clip painted again",
            Right.EDIT,
            repaint,
            (
                CLIP,
                argument("--reason", ", ".join(RepaintReason.values), required=True, choices=RepaintReason.values),
                argument("--note", "more about it", default=""),
                SEEN,
            ),
            ("generation_repaint",),
        ),
        Verb("leave-out", "leave a clip out", Right.EDIT, leave_out, (CLIP, REASON, SEEN), ("generation_leave_out",)),
        Verb("take-in", "take it back", Right.EDIT, take_in, (CLIP,), ("generation_take_in",)),
        Verb(
            "decide",
            "print a clip's contested tags, or decide on them: TAG=keep or another choice",
            Right.LOOK,
            decide,
            (CLIP, *VALUES),
            ("generation_decide",),
            Right.EDIT,
        ),
    )
