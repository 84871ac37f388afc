"""What a study's people are told by mail: found by functions, one for each kind, and noted once.

The study's own kinds are here; `config` registers the one about workers, which needs all wings.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from study.models import Notice, NoticeKind, NoticeMail, Study, StudyStage
from study.notices.choices import recipients
from study.notices.stops import FEWEST, unusual_steps
from study.participants.monitoring import progress
from study.participants.stages import Stage

# A target that was reached in the last moment is told also if the study was closed since.
_AFTER_CLOSING = timedelta(days=1)


@dataclass(frozen=True)
class Found:
    """Something to tell: `key` names it, so that it is told once; `facts` hold counts, nobody and no condition."""

    study: Study
    kind: str
    key: str
    facts: dict[str, Any]


Finder = Callable[[], Iterable[Found]]
_finders: dict[str, Finder] = {}


def register(kind: str, finder: Finder) -> None:
    """Add the function that finds notices of this kind, in all studies."""
    _finders[kind] = finder


def note_what_is_found() -> list[Notice]:
    """Note what is found and was not before, with its mails; nothing of what nobody wants to be told."""
    return [notice for find in list(_finders.values()) for found in find() if (notice := note(found)) is not None]


@transaction.atomic
def note(found: Found) -> Notice | None:
    """Note one thing and who is to be told; None if it is known, or nobody is."""
    to = recipients(found.study, found.kind)
    if not to:
        return None
    notice, is_new = Notice.objects.get_or_create(
        study=found.study, kind=found.kind, key=found.key, defaults={"facts": found.facts}
    )
    if not is_new:
        return None
    NoticeMail.objects.bulk_create(NoticeMail(notice=notice, user=one.user) for one in to)
    return notice


def _running() -> QuerySet[Study]:
    """Studies that take answers, or did a moment ago; simulated people need nobody's help."""
    just_closed = Q(status=Study.Status.CLOSED, closed_at__gte=timezone.now() - _AFTER_CLOSING)
    return Study.objects.filter(Q(status__in=Study.TAKES_ANSWERS) | just_closed, simulated=False).order_by("pk")


def reached_targets() -> Iterator[Found]:
    """Studies with as many people who finished as their stage asks for; a target that is raised is told anew."""
    for study in _running():
        target = study.stage_target
        if target and progress(study).completed >= target:
            # As before there were stages, so that nothing is told twice.
            key = str(target) if study.stage == StudyStage.MAIN else f"{study.stage} {target}"
            facts = {"target": target} | ({"stage": study.stage} if study.stages else {})
            yield Found(study, NoticeKind.TARGET, key, facts)


def steps_where_people_leave() -> Iterator[Found]:
    """Steps at which unusually many people leave, once a day for each: if as many have left since it was told."""
    for study in _running().filter(status__in=Study.TAKES_ANSWERS):
        if not recipients(study, NoticeKind.STOPS):  # the rule reads fifty people: not for nobody
            continue
        for unusual in unusual_steps(study):
            stage, trial = unusual.step
            name = f"{Stage(stage).name.lower()} {trial}".removesuffix(" 0")
            told = study.notices.filter(kind=NoticeKind.STOPS, facts__step=name).first()
            new = sum(told is None or at > told.found_at for at in unusual.last_seen)
            if new >= FEWEST:
                facts = {"step": name, "stopped": unusual.stopped, "reached": unusual.reached}
                yield Found(study, NoticeKind.STOPS, f"{name} {timezone.localdate()}", facts)


register(NoticeKind.TARGET, reached_targets)
register(NoticeKind.STOPS, steps_where_people_leave)
