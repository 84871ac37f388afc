"""The head of a study's log for the console: what it is now, when it was published and where, and what went wrong."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.models import ChainHead, LogEntry, Study
from study.models.log import WRITTEN_HERE
from study.published_heads.places import CONSOLE, FILE, MAIL
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED, due

SHOWN = 3


@dataclass(frozen=True)
class PublishedHead:
    """A head that was published: when, on which occasion, and where besides the console, in words."""

    at: datetime | None
    number: int
    occasion: str
    places: str


@dataclass(frozen=True)
class HeadSummary:
    """The head of a study's log now, as `NUMBER:HEAD` and short, and its latest publications, newest first."""

    number: int
    short: str
    text: str
    published: list[PublishedHead]
    waits: bool
    problems: list[tuple[str, str]]  # the place in words, and why it took no head


def head_summary(study: Study) -> HeadSummary | None:
    """Return what the console says of the head; None for drafts and simulated studies: theirs are not published."""
    chain = ChainHead.objects.filter(study=study, number__gt=0).first()
    if chain is None or study.simulated or study.status == Study.Status.DRAFT:
        return None
    entries = list(
        study.log.filter(WRITTEN_HERE, action__in=(PUBLISHED, NOT_PUBLISHED)).order_by("-number")[: 2 * SHOWN]
    )
    waiting = due(study)
    failed = next((entry for entry in entries if entry.action == NOT_PUBLISHED), None)
    problems = failed.data["problems"].items() if failed is not None else ()
    return HeadSummary(
        number=chain.number,
        short=chain.head[:16],
        text=f"{chain.number}:{chain.head}",
        published=[_published(entry) for entry in entries if entry.action == PUBLISHED][:SHOWN],
        waits=bool(waiting),
        problems=[(_place(place), str(text)) for place, text in problems if place in waiting],
    )


def _published(entry: LogEntry) -> PublishedHead:
    data = entry.data
    people = int(data.get("people") or 0)
    words = {
        MAIL: ngettext("by mail to %(n)d address", "by mail to %(n)d addresses", people) % {"n": people},
        FILE: _("to the file"),
    }
    occasions = {
        "opening": _("at opening"),
        "daily": _("daily"),
        "closing": _("at closing"),
        "end of answers": _("when answers had ended"),
    }
    places = [words[place] for place in data["to"] if place in words] or [_("in the console only")]
    return PublishedHead(entry.at, data["number"], occasions.get(data["occasion"], _("by hand")), ", ".join(places))


def _place(place: str) -> str:
    return {CONSOLE: _("Console"), MAIL: _("Mail"), FILE: _("File")}.get(place, place)
