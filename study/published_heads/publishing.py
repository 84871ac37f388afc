"""Publish heads: at opening, daily while the study is open, at closing, and once answers have ended.

What is due follows from the log alone, where each publication is an entry: a task that was lost, a killed worker or a
place that could not be reached are made up for by the next call, and a repeated call publishes nothing twice.
"""

import fcntl
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from study.background_work import messages, schema
from study.ballots.commitments import ENDED, bind_unfinished
from study.models import ChainHead, LogEntry, Study
from study.models.log import WRITTEN_HERE, record
from study.published_heads.heads import INSTALLATION, Head
from study.published_heads.places import FILE, NotDelivered, addresses_of, deliver, places_of

logger = logging.getLogger(__name__)
# Entries after which the head is published at once, and how the occasion is called in the log.
OCCASIONS = {"opened": "opening", "closed": "closing", ENDED: "end of answers"}
DAILY = "daily"
PUBLISHED, NOT_PUBLISHED = "head published", "head not published"


@dataclass
class Publication:
    """One attempt to publish a head: where it is now, and what went wrong elsewhere."""

    head: Head
    occasion: str
    places: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def ask_for_publication(study: Study) -> None:
    """Let a worker publish what is due once the transaction is over; without a worker or broker, beat does it later."""
    if not study.simulated:
        transaction.on_commit(lambda: messages.send("study.publish_heads", ()), robust=True)


def due(study: Study | None, now: datetime | None = None) -> dict[str, str]:
    """Return the occasion for which the head of a chain is still to be published, by place."""
    today = (now or timezone.now()).astimezone(UTC).date()
    entries = _entries(study)
    last: dict[str, tuple[int, datetime | None]] = {}
    occasion, asked = "", 0
    for entry in entries.filter(action__in=(*OCCASIONS, PUBLISHED)).order_by("number"):
        if entry.action == PUBLISHED:
            last |= dict.fromkeys(entry.data["to"], (entry.data["number"], entry.at))
        else:
            occasion, asked = OCCASIONS[entry.action], entry.number
    done = entries.exclude(action__in=(PUBLISHED, NOT_PUBLISHED)).aggregate(number=Max("number"))["number"] or 0
    is_open = study is None or study.status in Study.TAKES_ANSWERS
    found = {}
    for place in places_of(study):
        number, at = last.get(place, (0, None))
        if asked > number:
            found[place] = occasion
        elif is_open and done > number and (at is None or at.astimezone(UTC).date() < today):
            found[place] = DAILY
    return found


def _entries(study: Study | None) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(WRITTEN_HERE, study=study)


def publish_head(study: Study | None, occasion: str, places: Iterable[str] | None = None) -> Publication | None:
    """Publish the head of a chain (None: the installation's) to these places, or to all; None if it has no entry.

    What succeeded is recorded in the chain, and once a day what did not.
    """
    chain = ChainHead.objects.filter(study=study, number__gt=0).first()
    if chain is None:
        return None
    result = Publication(Head(study.slug if study else INSTALLATION, chain.number, chain.head), occasion)
    for place in places_of(study) if places is None else places:
        try:
            deliver(place, study, result.head, file_was_there=place == FILE and _file_was_there())
            result.places.append(place)
        except NotDelivered as error:
            result.problems[place] = str(error)
            logger.warning("The head of %s was not published by %s: %s", result.head.slug, place, error, exc_info=True)
    _record(study, result)
    return result


def _file_was_there() -> bool:
    said = LogEntry.objects.filter(WRITTEN_HERE, action=PUBLISHED).values_list("data", flat=True)
    return any(FILE in data.get("to", ()) for data in said.iterator())


@transaction.atomic
def _record(study: Study | None, result: Publication) -> None:
    number, head, occasion = result.head.number, result.head.head, result.occasion
    if result.places:
        people = len(addresses_of(study))
        record(study, PUBLISHED, number=number, head=head, occasion=occasion, to=result.places, people=people)
    since = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    said = _entries(study).filter(action=NOT_PUBLISHED, at__gte=since).values_list("data", flat=True)
    known = {place for data in said for place in data["problems"]}
    if new := {place: text for place, text in result.problems.items() if place not in known}:
        record(study, NOT_PUBLISHED, number=number, head=head, occasion=occasion, problems=new)


def publish_due() -> list[Publication]:
    """Publish every head that is due; nothing if another process is publishing just now.

    A study whose head cannot be published stops no other one.
    """
    with _alone() as alone:
        if not alone:
            return []
        found = []
        for study in [None, *_studies()]:
            try:
                found += _publish_due(study)
            except OperationalError:  # the database is away: of no study anything can be read
                raise
            except Exception as error:
                if schema.is_cause_of(error):  # a worker of the other version does it
                    raise
                logger.exception("The head of %s could not be published.", study.slug if study else INSTALLATION)
        return found


def _publish_due(study: Study | None) -> list[Publication]:
    if study is not None:
        bind_unfinished(study)
    places_by_occasion: dict[str, list[str]] = {}
    for place, occasion in due(study).items():
        places_by_occasion.setdefault(occasion, []).append(place)
    found = (publish_head(study, occasion, places) for occasion, places in places_by_occasion.items())
    return [publication for publication in found if publication is not None]


def _studies() -> QuerySet[Study]:
    """Return the studies that were opened; answers of simulated people need no proof."""
    return Study.objects.exclude(status=Study.Status.DRAFT).filter(simulated=False).order_by("pk")


@contextmanager
def _alone() -> Iterator[bool]:
    """Yield whether no other process is publishing; the kernel forgets the lock of a process that is killed."""
    with (Path(settings.DATA_DIR) / "publishing.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:  # a file system without locks: the worst case is the same head twice
            yield True
        else:
            yield True
