"""Studies whose work waits for a worker that nobody has seen: told to those who run them, beside the operators."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from config.health.waiting_work import STUCK_AFTER, silent_queues, waiting_since_by_study
from study.models import NoticeKind, Study
from study.notices.finding import Found


def studies_that_wait() -> Iterator[Found]:
    """Studies with work in a silent queue that has waited for a quarter of an hour; once a day for each queue."""
    now = timezone.now()
    silent = {one.queue for one in silent_queues()}
    if not silent:
        return
    since: dict[tuple[int, str], datetime] = {}
    for study, queue, at in waiting_since_by_study(now - STUCK_AFTER):
        if queue in silent:
            since[study, queue] = min(at, since.get((study, queue), at))
    studies = Study.objects.in_bulk({study for study, _queue in since})
    for (study, queue), at in sorted(since.items()):
        facts = {"queue": queue, "minutes": int((now - at).total_seconds() // 60)}
        yield Found(studies[study], NoticeKind.WORK, f"{queue} {timezone.localdate()}", facts)
