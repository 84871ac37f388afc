"""Hand audits to a worker: ask for one, queue its message, claim it, and find those that were lost."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from study.background_work import messages
from study.background_work.clocks import pull_back
from study.background_work.lookout import RESEND_AFTER, resend_before
from study.blinding_audit.verdicts import fingerprint, last_audits
from study.models import BlindingAudit, Study
from study.models.audits import PATIENCE, SILENT

State = BlindingAudit.State
# A killed audit is begun again, unless the two before it were killed too.
MOST_KILLED = 3
# Problems as they are stored; pages translate them.
UNTAKEN = gettext_noop("no worker took it within a quarter of an hour. Start a worker, then check again.")
BEGUN_AGAIN = gettext_noop("its worker was killed. It was begun again.")
KILLED = gettext_noop(
    "its worker was killed. Usual reasons are a restart and too little memory; the worker's log may say which. Check "
    "again."
)
UNOPENED = gettext_noop("The check has passed, but its worker was killed before the study opened. Open it now.")


def ask_for_audit(study: Study, actor: Any = None, *, opens_plan: str = "") -> BlindingAudit:
    """Queue an audit of the study as it is now, or return the one that is queued or running already.

    Args:
        opens_plan: digest of the plan with which the study opens if the audit passes.
    """
    known, _verdict = last_audits(study)
    if known is not None and known.is_going:
        if opens_plan:
            going = BlindingAudit.objects.filter(pk=known.pk, state__in=BlindingAudit.GOING)
            if not going.update(opens_plan=opens_plan, actor=actor):  # the audit ended meanwhile
                return ask_for_audit(study, actor, opens_plan=opens_plan)
        return known
    return _add_audit(study, actor, opens_plan)


def _add_audit(study: Study, actor: Any, opens_plan: str) -> BlindingAudit:
    with transaction.atomic():
        audit = BlindingAudit.objects.create(
            study=study, actor=actor, fingerprint=fingerprint(study), opens_plan=opens_plan
        )
        transaction.on_commit(lambda: queue_audit(audit.pk))
    return audit


def queue_audit(audit_id: int) -> None:
    """Send the audit's message to a worker. The task goes by name because its module imports this one."""
    if messages.send("study.audit_blinding", (audit_id,)):
        BlindingAudit.objects.filter(pk=audit_id, state=State.WAITING).update(moved_at=timezone.now())


def claim_audit(audit_id: int) -> BlindingAudit | None:
    """Claim a waiting audit, or return None if another worker has it.

    An audit that waited too long no longer opens the study.
    """
    row = BlindingAudit.objects.filter(pk=audit_id, state=State.WAITING)
    audit = row.select_related("study", "actor").first()
    if audit is None:
        return None
    # Only emptied: written back, it would undo that somebody has just cancelled the opening.
    too_late = {} if audit.is_going else {"opens_plan": ""}
    if not row.update(state=State.RUNNING, moved_at=timezone.now(), **too_late):
        return None
    audit.refresh_from_db()
    return audit


def note_life(audit: BlindingAudit) -> bool:
    """Note that the audit's process lives; return False if the audit is no longer running."""
    return bool(BlindingAudit.objects.filter(pk=audit.pk, state=State.RUNNING).update(moved_at=timezone.now()))


def keep_from_opening(study: Study, plan_digest: str = "") -> None:
    """Let no audit of the study open it any more, whether it is going or has just passed; the audit itself goes on.

    Args:
        plan_digest: only audits that were to open this plan.
    """
    asked = study.blinding_audits.filter(state__in=(*BlindingAudit.GOING, State.PASSED)).exclude(opens_plan="")
    (asked.filter(opens_plan=plan_digest) if plan_digest else asked).update(opens_plan="")


def audit_will_open(study: Study) -> bool:
    """Whether an audit is waiting or running that opens the study once it has passed."""
    going = study.blinding_audits.filter(state__in=BlindingAudit.GOING).exclude(opens_plan="")
    return any(audit.is_going for audit in going)


def passed_and_unopened(audit_id: int) -> BlindingAudit | None:
    """Return the audit if it has passed and its study, which should open then, is still a draft."""
    return _unopened().filter(pk=audit_id).first()


def _unopened() -> Any:
    asked = BlindingAudit.objects.filter(state=State.PASSED, problem="").exclude(opens_plan="")
    return asked.filter(study__status=Study.Status.DRAFT).select_related("study", "actor")


def find_lost_audits(starting: bool) -> int:
    """Send again, begin again or give up the audits whose message or worker was lost; return how many they are.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.
    """
    pull_back(BlindingAudit.objects.filter(state__in=BlindingAudit.GOING), "asked_at", "moved_at")
    pull_back(_unopened(), "moved_at")
    now, found = timezone.now(), 0
    waiting = BlindingAudit.objects.filter(state=State.WAITING).order_by("pk")
    before = resend_before(len(waiting), starting=starting)
    for audit in waiting:
        if not audit.is_going:
            found += _give_up(audit, UNTAKEN)
        elif audit.moved_at < before or audit.moved_at <= audit.asked_at:
            queue_audit(audit.pk)
            found += 1
    for audit in BlindingAudit.objects.filter(state=State.RUNNING, moved_at__lt=now - SILENT).select_related("study"):
        found += _begin_again(audit)
    for audit in _unopened().filter(moved_at__lt=now - RESEND_AFTER):
        if audit.moved_at < now - PATIENCE:
            BlindingAudit.objects.filter(pk=audit.pk).update(problem=UNOPENED)
        else:
            messages.send("study.audit_blinding", (audit.pk,))
        found += 1
    return found


def _give_up(audit: BlindingAudit, problem: str) -> int:
    same = BlindingAudit.objects.filter(pk=audit.pk, state=audit.state, moved_at=audit.moved_at)
    return same.update(state=State.FAILED, problem=problem, opens_plan="", moved_at=timezone.now())


def _begin_again(killed: BlindingAudit) -> int:
    """Give up a killed audit and queue another one in its place, as a row with pilots of its own.

    Not if nobody waits for it: it was killed long ago, or was run by a command. Nor if it was killed again and again.
    """
    earlier = killed.study.blinding_audits.filter(fingerprint=killed.fingerprint).order_by("-pk")[:MOST_KILLED]
    often = sum(audit.pk == killed.pk or audit.problem == BEGUN_AGAIN for audit in earlier) >= MOST_KILLED
    again = killed.actor_id is not None and not often and killed.moved_at > timezone.now() - PATIENCE
    with transaction.atomic():
        # So that nobody cancels the opening between reading and handing on what it is to open.
        Study.objects.select_for_update().get(pk=killed.study_id)
        killed.refresh_from_db(fields=["opens_plan"])
        if not _give_up(killed, BEGUN_AGAIN if again else KILLED):
            return 0  # another worker's look-out was faster, or it lives after all
        if again:
            _add_audit(killed.study, killed.actor, killed.opens_plan)
    return 1
