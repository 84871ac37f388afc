"""The verbs of the review: approve images, take that back, repaint, leave out, undo; each one transaction.

A decision names what its page showed: the images and the decision that held (`ClipReview.seen`). If either is another
one by now, because of another tab, another person or a painting that has ended, nothing is decided and a sentence says
so: nobody approves images that they have not seen.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from generation.errors import NotPossibleNow
from generation.models import ClipStep, ReviewDecision
from generation.runs import lifecycle
from generation.runs.review_state import ClipReview, review_rows
from study.models import Clip, Study
from study.models.log import person_of, record
from study.setup.clip_selection import exclude_clip, include_clip

Kind = ReviewDecision.Kind


class NotAsSeen(NotPossibleNow):
    """The clip's images or its decision are not those that the page showed."""


def _check_seen(row: ClipReview, seen: str) -> None:
    """Raise NotAsSeen unless the clip is as the page showed it."""
    version, _dot, last = seen.partition(".")
    if version != row.version:
        raise NotAsSeen(
            _("%(clip)s has other images now than the ones you saw. Look at them, then decide.") % {"clip": row.name}
        )
    if last != row.seen.partition(".")[2]:
        if row.last is None:
            raise NotAsSeen(_("A decision on %(clip)s was undone meanwhile. Decide again.") % {"clip": row.name})
        raise NotAsSeen(
            _("%(clip)s was decided meanwhile: %(decision)s (%(who)s). Decide again if you want another decision.")
            % {"clip": row.name, "decision": row.last.words, "who": row.last.actor or "—"}
        )


def _new_row(row: ClipReview, kind: str, actor: Any, batch: str = "") -> ReviewDecision:
    batch = batch or secrets.token_hex(16)
    return ReviewDecision(clip_id=row.clip_id, kind=kind, version=row.version, actor=person_of(actor), batch=batch)


def _one(study: Study, clip: Clip) -> ClipReview:
    [row] = review_rows(study, Clip.objects.filter(pk=clip.pk))
    return row


@transaction.atomic
def approve(study: Study, seen: Mapping[int, str], *, actor: Any = None) -> tuple[list[str], list[str]]:
    """Approve the images of clips; return the names of those that are approved, and why others are not.

    `seen`: what the page showed, by clip number. Approving again what is approved changes nothing.

    Raises:
        NotPossibleNow: the study is no draft.
    """
    locked = lifecycle.lock_draft(study)
    batch = secrets.token_hex(16)
    fresh, approved, refused = dict[str, ReviewDecision](), [], []
    rows = review_rows(locked, locked.clips.filter(number__in=seen, included=True))
    gone = locked.clips.filter(number__in=seen.keys() - {row.number for row in rows}).order_by("number")
    for name in gone.values_list("name", flat=True):
        refused.append(_("%(clip)s was left out meanwhile, and is not approved.") % {"clip": name})
    for row in rows:
        try:
            if row.is_approved and seen[row.number].startswith(f"{row.version}."):
                approved.append(row.name)  # pressed twice, or sent again after a lost connection
                continue
            _check_seen(row, seen[row.number])
            if row.is_being_made:
                raise NotPossibleNow(
                    _("The images of %(clip)s are being made again. Look at the new ones first.") % {"clip": row.name}
                )
            if not row.is_complete:
                raise NotPossibleNow(_("%(clip)s does not have all of its images yet.") % {"clip": row.name})
        except NotPossibleNow as refusal:
            refused.append(str(refusal))
            continue
        fresh[row.name] = _new_row(row, Kind.APPROVED, actor, batch)
        approved.append(row.name)
    if fresh:
        ReviewDecision.objects.bulk_create(fresh.values())
        record(locked, "images approved", actor=actor, **_clips_of(list(fresh)))
    return approved, refused


def _clips_of(names: list[str]) -> dict[str, Any]:
    """Return clips as the log names them: one by its name, several as a list."""
    return {"clip": names[0]} if len(names) == 1 else {"clips": names}


@transaction.atomic
def reopen(clip: Clip, *, seen: str, actor: Any = None) -> None:
    """Make a clip undecided again.

    Raises:
        NotPossibleNow: the study is no draft, or the clip is not as the page showed it.
    """
    study = lifecycle.lock_draft(clip.study)
    row = _one(study, clip)
    _check_seen(row, seen)
    _new_row(row, Kind.REOPENED, actor).save()
    record(study, "images not approved any more", actor=actor, clip=clip.name)


@transaction.atomic
def repaint(
    clip: Clip, *, seen: str, reason: str, note: str = "", named: Iterable[str] = (), actor: Any = None
) -> None:
    """Send a clip to be painted again, as `lifecycle.repaint` does.

    Raises:
        NotPossibleNow: as there, or the clip is not as the page showed it.
    """
    _check_seen(_one(lifecycle.lock_draft(clip.study), clip), seen)
    lifecycle.repaint(clip, reason=reason, note=note, named=named, actor=actor)


@transaction.atomic
def leave_out(clip: Clip, *, seen: str, reason: str, actor: Any = None) -> None:
    """Leave a clip out of the study.

    Raises:
        StudyError: no reason is given, the study is no draft, or the clip is not as the page showed it.
    """
    study = lifecycle.lock_draft(clip.study)
    row = _one(study, clip)
    _check_seen(row, seen)
    exclude_clip(clip, reason=reason, actor=actor)
    _new_row(row, Kind.LEFT_OUT, actor).save()


def last_decisions(study: Study, actor: Any) -> list[ReviewDecision]:
    """Return the decisions that `actor` made last, together, and that can be undone; in the order of the clips.

    Those on a clip that was decided on since cannot be undone, nor a repaint that has begun.
    """
    mine = ReviewDecision.objects.filter(clip__study=study, actor=actor, undone=False)
    newer = ReviewDecision.objects.filter(clip=OuterRef("clip"), undone=False, pk__gt=OuterRef("pk"))
    steps = ClipStep.objects.filter(lifecycle.not_begun(OuterRef("at")), clip=OuterRef("clip"))
    has_begun = Q(kind=Kind.REPAINTED) & (Q(step_before={}) | ~Exists(steps))
    spent = mine.filter(Q(Exists(newer)) | has_begun)
    last = mine.exclude(batch__in=spent.values("batch")).order_by("-pk").first()
    if last is None:
        return []
    return list(mine.filter(batch=last.batch).select_related("clip").order_by("clip__number"))


def undo_last(study: Study, *, batch: str, actor: Any) -> list[ReviewDecision]:
    """Undo the decisions that `actor` made last, and return them; what held before holds again.

    `batch`: of the decisions that the page named, so that a second press undoes nothing else.

    Raises:
        NotPossibleNow: they are not the last ones, somebody has decided on one of the clips since, or a clip is being
            painted again already.
    """
    with transaction.atomic():
        locked = lifecycle.lock_draft(study)
        mine = ReviewDecision.objects.filter(clip__study=locked, actor=actor, undone=False, batch=batch)
        rows = list(mine.select_related("clip").order_by("clip__number"))
        last = last_decisions(locked, actor)
        if not rows or (last and last[0].pk > rows[0].pk and last[0].batch != batch):
            raise NotPossibleNow(_("This is not your last decision any more. Nothing was undone."))
        pks = [row.pk for row in rows]
        newer = ReviewDecision.objects.filter(clip__in=[row.clip_id for row in rows], undone=False, pk__gt=max(pks))
        if (later := newer.select_related("clip").first()) is not None:
            raise NotPossibleNow(_("%(clip)s was decided again since. Nothing was undone.") % {"clip": later.clip.name})
        run = None
        for row in rows:
            if row.kind == Kind.LEFT_OUT and not row.clip.included:
                include_clip(row.clip, actor=actor)
            elif row.kind == Kind.REPAINTED:
                run = lifecycle.withdraw_repaint(row)
        mine.filter(pk__in=pks).update(undone=True)
        names = [row.clip.name for row in rows]
        record(locked, "decision undone", actor=actor, decision=rows[0].kind, **_clips_of(names))
    if run is not None:
        lifecycle.finish_if_complete(run)
    return rows
