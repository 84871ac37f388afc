"""Steps that wait for a service that does not answer: the language model, or the storage of files.

Such a step keeps no worker waiting. Its row says when it is tried next. Of the steps of a run that need the same
service one asks at a time; the others wait behind it, and go on as soon as one has succeeded. So an hour without the
service costs a few tries and no failure.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generation.models import ClipStep, GenerationRun
from generation.runs.leases import NO_DEATHS, NO_LEASE, Lease
from study.background_work.clocks import TOLERANCE
from study.models import Study

Kind, State = ClipStep.Kind, ClipStep.State

# Between two tries of a step; twice as long each time, unless the service asks for more.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=5)
# The longest that a service may ask for; it may have sent a date far away by mistake.
LONGEST_ASKED = timedelta(hours=6)
# The other steps are tried by themselves so long after the first one, in case its worker was killed.
BEHIND = timedelta(minutes=10)
# Steps fail when their service has answered none of them for so long.
GIVE_UP = timedelta(hours=24)
# One fails when it has asked again in vain so often while the service has answered others of its run.
MOST_ALONE = 5
_AWAY_TOO_LONG = gettext_noop("%(reason)s It was tried again for a day.")
_FAILS_ALONE = gettext_noop("%(reason)s It was tried again %(n)d times, while others were answered.")
# Steps that need the same service.
TOGETHER = {Kind.WRITE: (Kind.WRITE,), Kind.LISTEN: (Kind.LISTEN, Kind.PAINT), Kind.PAINT: (Kind.LISTEN, Kind.PAINT)}


def put_off(lease: Lease, step: ClipStep, reason: str, asked: float | None = None) -> str:
    """Let a step wait for its service, and the others of its run that need it.

    Of several steps another one asks next, so that a request which the service cannot answer holds up no others. When
    the service has been away for a day, the steps that wait behind this one fail.

    Args:
        reason: why the service did not answer, for the run's page.
        asked: seconds that the service asked for.

    Returns:
        With what sentence this step should fail instead; empty if it waits, or if another worker has it by now.
    """
    with transaction.atomic():
        # Under the study's lock, as all that changes several steps, so that two such changes never wait for each other.
        Study.objects.select_for_update().filter(pk=step.clip.study_id).first()
        mine = lease.held().first()
        if mine is None:
            return ""
        others = _needing_the_same(step).exclude(pk=step.pk)
        behind = others.filter(state=State.WAITING)
        away = _waiting(_needing_the_same(step)).filter(waiting_since__isnull=False)
        answered_at = _last_answer(others, away.aggregate(at=Min("waiting_since"))["at"])
        # It has asked before, and the service has answered another one since; or has done so once, and none is left.
        is_alone = bool(answered_at and mine.waiting_since and mine.waiting_since < answered_at)
        is_alone |= mine.waits_alone > 0 and not others.filter(state__in=ClipStep.ACTIVE).exists()
        waits_alone = mine.waits_alone + is_alone
        if waits_alone >= MOST_ALONE:
            return _(_FAILS_ALONE) % {"reason": reason, "n": waits_alone}
        if answered_at:
            away = away.filter(waiting_since__gt=answered_at)
        if away.filter(waiting_since__lt=Now() - GIVE_UP).exists():
            sentence = _(_AWAY_TOO_LONG) % {"reason": reason}
            behind.update(
                **NO_LEASE | NO_DEATHS | ClipStep.NO_WAITS,
                state=State.FAILED,
                error=sentence[:4000],
                finished_at=Now(),
            )
            return sentence
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(mine.waits, 10))
        wait = max(wait, min(LONGEST_ASKED, timedelta(seconds=asked or 0)))
        asks_next = {
            "waits": mine.waits + 1,
            # Since when the service is away, whichever step noticed it first.
            "waiting_since": away.aggregate(at=Min("waiting_since"))["at"] or Now(),
            "not_before": Now() + wait,
            "error": reason[:4000],
            "queued_at": None,
        }
        behind.update(not_before=Now() + wait + BEHIND, queued_at=None)
        following = behind.order_by("waits", "-position", "clip__number").first()
        if following is not None:
            since = following.waiting_since or asks_next["waiting_since"]
            ClipStep.objects.filter(pk=following.pk).update(**asks_next | {"waiting_since": since})
        fields = asks_next | {"state": State.WAITING, "waits_alone": waits_alone}
        if following is not None:
            fields["not_before"] = Now() + wait + BEHIND
        # One less attempt: the fault is the service's and not the step's.
        lease.held().update(**NO_LEASE | fields, attempts=F("attempts") - 1)
    return ""


def _last_answer(steps: QuerySet[ClipStep], since: datetime | None) -> datetime | None:
    """Return when the service last served one of `steps`; None if it has served none after `since`."""
    if since is None:
        return None
    # A time to come was written before the clock was set back.
    done = steps.filter(state=State.DONE, finished_at__gt=since, finished_at__lte=Now() + TOLERANCE)
    rows = done.order_by("-finished_at").values_list("finished_at", "kind", "result")
    return next((at for at, kind, result in rows.iterator() if kind != Kind.WRITE or _was_asked_for(result)), None)


def _was_asked_for(written: Any) -> bool:
    """Whether a result of writing took a call; stored answers need no service."""
    records = [sentence["provenance"] for sentence in (written or {}).get("sentences", {}).values()]
    return any(record.get("answers", 1) > record.get("answers_from_store", 0) for record in records)


def resume(step: ClipStep) -> None:
    """Let the steps of a run go on that waited for the service that this one has just used.

    Those that have asked in vain themselves come a moment later: the fault may be in what they ask.
    """
    if step.waits or step.queue == "api":
        held = _needing_the_same(step).exclude(pk=step.pk).filter(state=State.WAITING, not_before__isnull=False)
        held.filter(waits__gt=0, not_before__gt=Now() + FIRST_WAIT).update(not_before=Now() + FIRST_WAIT)
        held.filter(waits__gt=1).update(waits=1)  # the next time that the service is away, they begin with short waits
        held.filter(waits=0).update(not_before=None)


def hold_back(step: ClipStep) -> None:
    """Let a step that has become due wait behind one of its run that waits for the same service."""
    first = _waiting(_needing_the_same(step).exclude(pk=step.pk)).order_by("-not_before").first()
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
    return ClipStep.objects.filter(run_id=step.run_id, kind__in=kinds)
