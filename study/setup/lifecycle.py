"""The life cycle of a study: draft → open → paused → closed, each step a verb, each in one transaction.

A verb updates only where the old status still holds and checks that one row changed: of two researchers who
press at once, one wins and the other is told.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from study.blinding_audit import audit_study
from study.blinding_audit.queueing import ask_for_audit
from study.blinding_audit.verdicts import last_verdict
from study.design.conditions import TAGS_BY_FORM, ConditionPreset, create_conditions
from study.digests import canonical_digest
from study.errors import NotAllowedNow, PreflightFailed, StudyError
from study.models import BlindingAudit, Study
from study.models.studies import record
from study.setup import preflight

PLAN_FIELDS = (
    "seed",
    "trials_per_participant",
    "second_choice_required",
    "allow_none_fits",
    "listening_minimum_seconds",
    "practice_trial",
    "repeats",
    "match_controls",
    "attention_trials",
    "target_participants",
    "grace_minutes",
)


def free_slug(title: str) -> str:
    """A short name for `title` that no study has yet."""
    stem = slugify(title)[:50] or "study"
    slug, number = stem, 2
    while Study.objects.filter(slug=slug).exists():
        slug, number = f"{stem}-{number}", number + 1
    return slug


@transaction.atomic
def create_study(
    *,
    title: str,
    owner: Any,
    presets: tuple[ConditionPreset, ...] = TAGS_BY_FORM,
    slug: str = "",
    **fields: Any,
) -> Study:
    """Makes a draft with its conditions."""
    study = Study.objects.create(slug=slug or free_slug(title), title=title, owner=owner, **fields)
    create_conditions(study, presets)
    record(study, "created", actor=owner)
    return study


def current_plan(study: Study) -> dict[str, Any]:
    """Everything that is fixed before opening, as plain data in a stable order."""
    return {
        "weights": list(study.weights),
        "alpha": float(study.alpha),
        "conditions": [
            {"key": condition.key, "levels": condition.levels} for condition in study.conditions.order_by("number")
        ],
        "clips": [{"number": clip.number, "digest": clip.audio_digest} for clip in study.clips.filter(included=True)],
        "design": {name: getattr(study, name) for name in PLAN_FIELDS},
        "analysis": study.plan.get("analysis", {}),
    }


def _move(study: Study, old: tuple[str, ...], new: str, **fields: Any) -> None:
    changed = Study.objects.filter(pk=study.pk, status__in=old).update(status=new, **fields)
    if not changed:
        study.refresh_from_db()
        raise NotAllowedNow(
            _("This study is %(status)s, so that is not possible now.") % {"status": study.get_status_display()}
        )
    study.refresh_from_db()


def _stop_if_blocked(study: Study) -> None:
    blocking = [finding for finding in preflight.run(study) if finding.level is preflight.Level.BLOCKS]
    if blocking:
        raise PreflightFailed(blocking)


def open_study(study: Study, *, actor: Any = None) -> Study:
    """Fixes the plan and lets participants in, once the blinding of exactly this content has been checked.

    Where no audit of it is known yet, it runs here, some seconds long. A study that only simulated people answer
    needs none.

    Raises:
        PreflightFailed: something that blocks is left to mend, a leak among it.
        SurveyBroken: the survey does not work as the audit walks through it.
        NotAllowedNow: the study is no draft any more, or was changed while it was checked.
    """
    if _is_unchecked(study):
        _stop_if_blocked(study)
        audit_study(study, actor=actor)
    return _open(study, actor)


def open_or_audit_first(study: Study, *, actor: Any = None) -> bool:
    """Opens the study, or lets a worker check its blinding first, which opens it once the check has passed.

    Returns:
        Whether it is open already.

    Raises:
        PreflightFailed: something that blocks is left to mend, a leak among it.
        NotAllowedNow: the study is no draft any more.
    """
    if _is_unchecked(study):
        _stop_if_blocked(study)
        ask_for_audit(study, actor, opens_plan=canonical_digest(current_plan(study)))
        return False
    _open(study, actor)
    return True


def open_after_audit(audit: BlindingAudit) -> None:
    """Opens the study of an audit that was asked for to open it; what stands against it stands in the audit's row."""
    audit.refresh_from_db()  # that it opens may have been said while it ran
    if not audit.opens_plan or audit.state != BlindingAudit.State.PASSED:
        return
    study = Study.objects.get(pk=audit.study_id)
    try:
        if study.status == Study.Status.DRAFT and canonical_digest(current_plan(study)) != audit.opens_plan:
            raise _changed_meanwhile()
        _open(study, audit.actor)
    except StudyError as error:
        BlindingAudit.objects.filter(pk=audit.pk).update(problem=str(error))


def _is_unchecked(study: Study) -> bool:
    """Whether the study may not open yet for want of a verdict on its blinding."""
    return study.status == Study.Status.DRAFT and not study.simulated and last_verdict(study) is None


def _changed_meanwhile() -> NotAllowedNow:
    return NotAllowedNow(_("The study was changed while its blinding was checked. Look at it again, then open it."))


@transaction.atomic
def _open(study: Study, actor: Any) -> Study:
    _stop_if_blocked(study)
    if _is_unchecked(study):
        raise _changed_meanwhile()
    plan = current_plan(study)
    digest = canonical_digest(plan)
    _move(
        study,
        (Study.Status.DRAFT,),
        Study.Status.OPEN,
        opened_at=timezone.now(),
        plan=study.plan | {"fixed": plan},
        plan_digest=digest,
    )
    record(study, "opened", actor=actor, plan_digest=digest)
    return study


@transaction.atomic
def pause_study(study: Study, *, actor: Any = None, reason: str = "") -> Study:
    """Lets nobody new in; people in the middle may go on."""
    _move(study, (Study.Status.OPEN,), Study.Status.PAUSED)
    record(study, "paused", actor=actor, reason=reason)
    return study


@transaction.atomic
def resume_study(study: Study, *, actor: Any = None) -> Study:
    """Opens a paused study again."""
    _move(study, (Study.Status.PAUSED,), Study.Status.OPEN)
    record(study, "resumed", actor=actor)
    return study


@transaction.atomic
def close_study(study: Study, *, actor: Any = None, reason: str = "") -> Study:
    """Ends the study for good; people in the middle may finish within the grace period."""
    _move(study, (Study.Status.OPEN, Study.Status.PAUSED), Study.Status.CLOSED, closed_at=timezone.now())
    record(study, "closed", actor=actor, reason=reason)
    return study
