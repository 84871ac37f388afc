"""Whether anything that the live pages show may have changed, told by one short query."""

from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from study.digests import canonical_digest
from study.models import ChainHead, Participant, ProblemReport, Study

# Some things change with the clock alone, such as who is still there.
EVERY = timedelta(minutes=1)


def live_state(study: Study, *, now: datetime | None = None) -> str:
    """A digest that is another one when somebody has come, answered, finished or withdrawn, or the log has grown.

    Each of these sets a person's `last_seen_at` or adds to the log: two numbers at the end of an index, however many
    people there are. A page may lag behind anything else (flags that were judged anew, say) by a minute.
    """
    now = now or timezone.now()
    people = Participant.objects.filter(study=OuterRef("pk")).order_by().values("study")
    chain = ChainHead.objects.filter(study=OuterRef("pk"))
    problems = ProblemReport.objects.filter(study=OuterRef("pk")).order_by().values("study")
    row = Study.objects.filter(pk=study.pk).values_list(
        "status",
        "target_participants",
        Subquery(people.annotate(last=Max("last_seen_at")).values("last")),
        Subquery(chain.values("number")),
        Subquery(problems.annotate(last=Max("pk")).values("last")),
    )
    status, target, last_seen, entries, problem = row.get()
    clock = int(now.timestamp() // EVERY.total_seconds())
    return canonical_digest([clock, status, target, last_seen.isoformat() if last_seen else "", entries, problem])[:24]
