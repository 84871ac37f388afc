"""How long a study that is taken in keeps others from writing.

SQLite has one writer. Writing a study and comparing it with its export is one transaction, so that nothing stays of a
study that is not the same. Until it ends, no participant of another study can answer, and after 15 seconds answers are
refused and have to be sent again.
"""

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from config.bundles.reading import Bundle
from config.bundles.taking_in.errors import BundleRefused
from config.bundles.whole import PEOPLE
from study.models import Study

# Trials, with their answers; two seconds of the processor, and some more of a busy one (benchmarks/RESULTS-scale.md).
MOST_WHILE_PEOPLE_ANSWER = 5_000


def ensure_short_lock(bundle: Bundle) -> None:
    """Raise BundleRefused for a large study on SQLite while people answer another one."""
    if connection.vendor != "sqlite" or PEOPLE not in bundle.members or not _people_answer():
        return
    # Somebody without an answer may have none; what is no list is refused when the people are read.
    found = (person.get("trials") for person in bundle.json_lines(PEOPLE))
    trials = sum(len(rows) for rows in found if isinstance(rows, list))
    if trials > MOST_WHILE_PEOPLE_ANSWER:
        raise BundleRefused(
            _(
                "This study has %(trials)s trials. While so many are written, nobody can answer another study here, "
                "because the database is SQLite. Bring it in when no study here is open, or ask the operator to change "
                "to PostgreSQL; up to %(most)s can be brought in at any time."
            )
            % {"trials": f"{trials:,}", "most": f"{MOST_WHILE_PEOPLE_ANSWER:,}"}
        )


def _people_answer() -> bool:
    """Whether somebody may be answering a study: one that is open, paused, or in its grace period."""
    real = Study.objects.filter(simulated=False)
    if real.filter(status__in=Study.TAKES_ANSWERS).exists():
        return True
    now = timezone.now()
    closed = real.filter(closed_at__lte=now).values_list("closed_at", "grace_minutes")
    return any(at is not None and at + timedelta(minutes=grace) > now for at, grace in closed)
