"""The life cycle of a study: draft → open → paused → closed, each change a verb in one transaction.

A verb updates the row only if the old status still holds, and checks that a row changed: if two researchers press at
once, the second one gets an error.
"""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from study.ballots.table import counted_kind
from study.blinding_audit.queueing import ask_for_audit
from study.blinding_audit.verdicts import last_verdict
from study.design.conditions import TAGS_BY_FORM, ConditionPreset, create_conditions
from study.digests import canonical_digest
from study.errors import NotAllowedNow, StudyError
from study.models import Ballot, BlindingAudit, Clip, Schedule, Study
from study.models.log import record
from study.participants.exclusion_rules import fixed_rules
from study.published_heads.publishing import ask_for_publication
from study.setup import preflight
from study.survey_images.versions import is_prepared, prepare_images
from study.texts import consent_texts

PLAN_FIELDS = (
    "seed",
    "orders_version",
    "trials_per_participant",
    "second_choice_required",
    "allow_none_fits",
    "listening_minimum_seconds",
    "images_lossless",
    "practice_trial",
    "repeats",
    "match_controls",
    "attention_trials",
    "target_participants",
    "grace_minutes",
)


def free_slug(title: str) -> str:
    """Return a short name for `title` that no study has yet."""
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
    """Create a draft with its conditions."""
    study = Study.objects.create(slug=slug or free_slug(title), title=title, owner=owner, **fields)
    create_conditions(study, presets)
    record(study, "created", actor=owner)
    return study


def planned_clip(clip: Clip) -> dict[str, Any]:
    """Return what the plan fixes of a clip. Absent of a whole file: the excerpt, so that digests of before stay."""
    heard = {} if clip.excerpt is None else {"excerpt": list(clip.excerpt)}
    return {"number": clip.number, "digest": clip.audio_digest} | heard


def current_plan(study: Study) -> dict[str, Any]:
    """Return everything that is fixed at opening, as plain data in a stable order."""
    return {
        "weights": list(study.weights),
        "alpha": float(study.alpha),
        "conditions": [
            {"key": condition.key, "levels": condition.levels} for condition in study.conditions.order_by("number")
        ],
        "clips": [planned_clip(clip) for clip in study.clips.filter(included=True)],
        "design": {name: getattr(study, name) for name in PLAN_FIELDS},
        "analysis": study.plan.get("analysis", {}),
        "questions": {"before": study.questions_before, "after": study.questions_after},
        # Absent of the first and second choice alone, as in the plans of earlier versions.
        **({"instrument": study.instrument} if study.instrument else {}),
        # Absent without rules, as in the plans of earlier versions, whose digests must stay.
        **({"exclusions": rules} if (rules := fixed_rules(study)) else {}),
    }


def _change_status(study: Study, old: tuple[str, ...], new: str, **fields: Any) -> None:
    changed = Study.objects.filter(pk=study.pk, status__in=old).update(status=new, **fields)
    if not changed:
        study.refresh_from_db()
        raise NotAllowedNow(
            _("This study is %(status)s, so that is not possible now.") % {"status": study.get_status_display()}
        )
    study.refresh_from_db()


def _refuse_if_blocked(study: Study) -> None:
    # Else its schedule would close it at once, for good.
    if Schedule.objects.filter(study=study, study__status=Study.Status.DRAFT, closes_at__lte=timezone.now()).exists():
        raise NotAllowedNow(
            _(
                "The time at which the study was to close has passed already, so it does not open. Schedule other "
                "times, or none."
            )
        )
    preflight.refuse_if_blocked(study)


def open_study(study: Study, *, actor: Any = None) -> Study:
    """Fix the plan and let participants in; audit the blinding first if this content was not audited yet.

    The audit runs here and takes some seconds. A study that only simulated people answer needs none.

    Raises:
        PreflightFailed: a finding blocks the opening, for example a leak.
        SurveyBroken: a page of the survey failed in the audit.
        NotAllowedNow: the study is no draft, was changed during the audit, or the time of its closing has passed.
    """
    if needs_audit(study):
        _refuse_if_blocked(study)
        # Imported here: slow to import, and every command imports this module.
        from study.blinding_audit.audit import audit_study

        audit_study(study, actor=actor)
    make_images_first(study)
    return _open(study, actor)


def open_or_audit_first(study: Study, *, actor: Any = None) -> bool:
    """Open the study; or, if its blinding must be audited first, let a worker do that and open it afterwards.

    Returns:
        Whether the study is open now.

    Raises:
        PreflightFailed: a finding blocks the opening, for example a leak.
        NotAllowedNow: the study is no draft, or the time of its closing has passed.
    """
    if needs_audit(study):
        _refuse_if_blocked(study)
        ask_for_audit(study, actor, opens_plan=canonical_digest(current_plan(study)))
        return False
    make_images_first(study)
    _open(study, actor)
    return True


def open_after_audit(audit: BlindingAudit) -> None:
    """Open the study if its audit passed and the researcher asked for that.

    A reason why it cannot open is saved in `audit.problem`.
    """
    try:
        with transaction.atomic():
            # Under the lock: the researcher may have asked while the audit ran, or cancelled what was to open it.
            study = Study.objects.select_for_update().get(pk=audit.study_id)
            audit.refresh_from_db()
            if not audit.opens_plan or audit.state != BlindingAudit.State.PASSED:
                return
            if study.status == Study.Status.DRAFT and canonical_digest(current_plan(study)) != audit.opens_plan:
                raise _changed_meanwhile()
            _open(study, audit.actor)
    except StudyError as error:
        BlindingAudit.objects.filter(pk=audit.pk).update(problem=str(error))


def make_images_first(study: Study) -> None:
    """Make the files of the images, unless the audit has done so; a study that needs none has not had one."""
    if study.status == Study.Status.DRAFT and not is_prepared(study):
        _refuse_if_blocked(study)
        prepare_images(study)


def needs_audit(study: Study) -> bool:
    """Whether the study has to pass an audit of its blinding before it opens."""
    return study.status == Study.Status.DRAFT and not study.simulated and last_verdict(study) is None


def _changed_meanwhile() -> NotAllowedNow:
    return NotAllowedNow(_("The study was changed while its blinding was checked. Look at it again, then open it."))


@transaction.atomic
def _open(study: Study, actor: Any) -> Study:
    _refuse_if_blocked(study)
    if needs_audit(study) or (study.status == Study.Status.DRAFT and not is_prepared(study)):
        raise _changed_meanwhile()
    plan = current_plan(study)
    digest = canonical_digest(plan)
    _change_status(
        study,
        (Study.Status.DRAFT,),
        Study.Status.OPEN,
        opened_at=timezone.now(),
        # The text that people agree to stays, whatever text a later version ships.
        plan=study.plan | {"fixed": plan, "consent": consent_texts(study)},
        plan_digest=digest,
    )
    record(study, "opened", actor=actor, plan_digest=digest)
    ask_for_publication(study)
    return study


@transaction.atomic
def pause_study(study: Study, *, actor: Any = None, reason: str = "") -> Study:
    """Let no new participants in; those who have begun may continue."""
    _change_status(study, (Study.Status.OPEN,), Study.Status.PAUSED)
    record(study, "paused", actor=actor, reason=reason)
    return study


@transaction.atomic
def resume_study(study: Study, *, actor: Any = None) -> Study:
    """Open a paused study again."""
    _change_status(study, (Study.Status.PAUSED,), Study.Status.OPEN)
    record(study, "resumed", actor=actor)
    return study


@transaction.atomic
def close_study(study: Study, *, actor: Any = None, reason: str = "") -> Study:
    """End the study for good; participants who have begun may finish within the grace period.

    If the clock was set back meanwhile, the study closes when the last of them came, so that all have that period.
    """
    came = study.participants.aggregate(last=Max("created_at"))["last"]
    closed_at = max(filter(None, (timezone.now(), came)))
    _change_status(study, (Study.Status.OPEN, Study.Status.PAUSED), Study.Status.CLOSED, closed_at=closed_at)
    ballots = Ballot.objects.filter(trial__participant__study=study, trial__participant__kind=counted_kind(study))
    record(study, "closed", actor=actor, reason=reason, at=closed_at, ballots=ballots.count())
    ask_for_publication(study)
    return study
