"""Steps that wait for a service that does not answer: the language model, or the storage of files.

Such a step keeps no worker waiting. Its row says when it is tried next. Of the steps of a run that need the same
service one asks at a time; the others wait behind it, and go on as soon as one has succeeded. So an hour without the
service costs a few tries and no failure.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from generation.models import ClipStep, GenerationRun
from generation.runs.leases import NO_LEASE, Lease
from study.background_work.clocks import TOLERANCE
from study.models import Study

Kind, State = ClipStep.Kind, ClipStep.State

# Between two tries of a step; twice as long each time, unless the service asks for more.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=5)
# The longest that a service may ask for; it may have sent a date far away by mistake.
LONGEST_ASKED = timedelta(hours=6)
# The other steps are tried by themselves so long after the first one, in case its worker was killed.
BEHIND = timedelta(minutes=10)
# A step fails when it has waited so long.
GIVE_UP = timedelta(hours=24)
# It fails when it has asked in vain so often while the service has answered others of its run.
MOST_ALONE = 5
# Steps that need the same service.
TOGETHER = {Kind.WRITE: (Kind.WRITE,), Kind.LISTEN: (Kind.LISTEN, Kind.PAINT), Kind.PAINT: (Kind.LISTEN, Kind.PAINT)}


def put_off(lease: Lease, step: ClipStep, reason: str, asked: float | None = None) -> bool:
    """Let a step wait for its service, and the others of its run that need it; return False if it should fail instead.

    Of several steps another one asks next, so that a request which the service cannot answer holds up no others.

    Args:
        reason: why the service did not answer, for the run's page.
        asked: seconds that the service asked for.
    """
    if _waited_too_long(lease, step):
        return False
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(step.waits, 10))
    wait = max(wait, min(LONGEST_ASKED, timedelta(seconds=asked or 0)))
    asks_next = {
        "waits": step.waits + 1,
        "waiting_since": Coalesce("waiting_since", Now()),
        "not_before": Now() + wait,
        "error": reason[:4000],
        "queued_at": None,
    }
    with transaction.atomic():
        # Under the study's lock, as all that changes several steps, so that two such changes never wait for each other.
        Study.objects.select_for_update().filter(pk=step.clip.study_id).first()
        held = lease.held().update(
            # One less attempt: the fault is the service's and not the step's.
            **NO_LEASE | asks_next | {"state": State.WAITING, "attempts": F("attempts") - 1}
        )
        others = _needing_the_same(step).filter(state=State.WAITING)
        others.update(not_before=Now() + wait + BEHIND, queued_at=None)
        following = others.order_by("waits", "-position", "clip__number").first()
        if held and following is not None:
            ClipStep.objects.filter(pk=following.pk).update(**asks_next)
            ClipStep.objects.filter(pk=step.pk).update(not_before=Now() + wait + BEHIND)
    return True


def _waited_too_long(lease: Lease, step: ClipStep) -> bool:
    """Whether a step has waited for a day, or often while the service has answered others of its run."""
    if lease.held().filter(waiting_since__lt=Now() - GIVE_UP).exists():
        return True
    answered = _needing_the_same(step).filter(state=State.DONE, finished_at__gt=step.waiting_since or timezone.now())
    return step.waits >= MOST_ALONE and answered.exists()


def resume(step: ClipStep) -> None:
    """Let the steps of a run go on that waited for the service that this one has just used.

    Those that have asked in vain themselves come a moment later: the fault may be in what they ask.
    """
    if step.waits or step.queue == "api":
        held = _needing_the_same(step).filter(state=State.WAITING, not_before__isnull=False)
        held.filter(waits__gt=0, not_before__gt=Now() + FIRST_WAIT).update(not_before=Now() + FIRST_WAIT)
        held.filter(waits=0).update(not_before=None)


def hold_back(step: ClipStep) -> None:
    """Let a step that has become due wait behind one of its run that waits for the same service."""
    first = _waiting(_needing_the_same(step)).order_by("-not_before").first()
    if first is not None and first.not_before is not None:
        later = max(first.not_before, timezone.now()) + BEHIND
        ClipStep.objects.filter(pk=step.pk, state=State.WAITING).update(not_before=later)


def pull_back_waits(run: GenerationRun) -> None:
    """Let steps of a run that wait since before the clock was set back be tried soon, not when it has caught up."""
    early = ClipStep.objects.filter(run=run, state=State.WAITING, waiting_since__gt=Now() + TOLERANCE)
    early.update(waiting_since=Now(), not_before=Now() + FIRST_WAIT)


def waiting_for_a_service(run: GenerationRun) -> QuerySet[ClipStep]:
    """Return the run's steps that have asked a service in vain, the one that is tried next first."""
    return _waiting(ClipStep.objects.filter(run=run)).order_by("not_before")


def _waiting(steps: QuerySet[ClipStep]) -> QuerySet[ClipStep]:
    return steps.filter(state__in=ClipStep.ACTIVE, waits__gt=0)


def _needing_the_same(step: ClipStep) -> QuerySet[ClipStep]:
    kinds = TOGETHER.get(Kind(step.kind), (step.kind,))
    return ClipStep.objects.filter(run_id=step.run_id, kind__in=kinds).exclude(pk=step.pk)
