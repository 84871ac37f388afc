"""Which people a list shows, and how many each other filter would show.

A filter never joins a person to a personal link, whose label may name them: of links only those are told apart by which
a group came, of `GROUP_FROM` people at least.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.ballots.table import counted_kind
from study.models import InviteLink, Participant, Study, StudyStage, Trial
from study.models.participants import LEFT_OUT
from study.participants.flag_words import MEANINGS, flag_name
from study.participants.monitoring import ACTIVE_WITHIN, flag_counts
from study.participants.study_stages import stages_in_words

GROUP_FROM = 5
# The greatest groups are told apart, the others are together.
_MOST_GROUPS = 20
_MOST_VERSIONS = 20

_STATUSES: Mapping[str, Any] = {
    "here": gettext_lazy("Right now"),
    "stopped": gettext_lazy("Stopped"),
    "completed": gettext_lazy("Completed"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "screened_out": gettext_lazy("Screened out"),
    "left_out": gettext_lazy("Left out"),
    "noted": gettext_lazy("Flagged or left out"),
}
STEPS: Mapping[str, Any] = {
    "consent": gettext_lazy("At the consent"),
    "before": gettext_lazy("Before the first answer"),
    "trials": gettext_lazy("In the trials"),
    "after": gettext_lazy("After the last trial"),
}


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; an empty word is no filter."""

    status: str = ""
    step: str = ""
    stage: str = ""
    version: str = ""
    flag: str = ""
    group: str = ""
    code: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Wanted":
        """Of an address; what is no filter is not one."""
        wanted = cls(**{name: str(query.get(name, ""))[:40].strip() for name in cls.__dataclass_fields__})
        return replace(
            wanted,
            status=wanted.status if wanted.status in _STATUSES else "",
            step=wanted.step if wanted.step in STEPS else "",
            stage=wanted.stage if wanted.stage in StudyStage.values else "",
            version=wanted.version if _is_number(wanted.version) else "",
        )

    def address(self, **changed: str) -> str:
        """The query of an address with these filters."""
        return urlencode({name: value for name, value in (vars(self) | changed).items() if value})

    @property
    def any(self) -> bool:
        return self != Wanted()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.__dataclass_fields__)


@dataclass(frozen=True)
class Option:
    """One value of a filter, and how many people it would show beside the other filters."""

    value: str
    name: str
    people: int
    address: str  # the query of an address that sets it, and keeps the other filters
    meaning: str = ""


@dataclass(frozen=True)
class Filter:
    """One filter of the list."""

    key: str
    name: str
    value: str
    everybody: int  # how many people there would be without it; -1 if that is not counted
    without: str  # the query of an address without it
    options: tuple[Option, ...]


class PeopleFilters:
    """The people of a study who count, and what they can be narrowed to."""

    def __init__(self, study: Study, wanted: Wanted, *, now: datetime | None = None) -> None:
        self.study, self.wanted, self.now = study, wanted, now or timezone.now()
        self.base = study.participants.filter(kind=counted_kind(study)).order_by()
        links = InviteLink.objects.filter(study=study, cap__gt=1).annotate(people=Count("participant"))
        large = links.filter(people__gte=GROUP_FROM).order_by("-people", "pk")[:_MOST_GROUPS]
        self.groups = {f"link-{link.pk}": link for link in large}

    @property
    def active_since(self) -> datetime:
        """Whoever was seen before has stopped; everybody, once nobody can go on."""
        opens = self.study.results_open_at
        return self.now + timedelta(days=1) if opens and self.now >= opens else self.now - ACTIVE_WITHIN

    def people(self) -> QuerySet[Participant]:
        """The people of the list, the newest first while answers are taken, else by number."""
        order = "-number" if self.study.status in Study.TAKES_ANSWERS else "number"
        return self._with_flags().filter(self._all_but()).order_by(order)

    def read(self) -> tuple[Filter, ...]:
        """The filters with their counts, in two queries."""
        names = {
            "status": _STATUSES,
            "step": STEPS,
            "stage": dict(stages_in_words(self.study)),
            "version": self._versions(),
            "group": self._group_names(),
        }
        counts = {}
        for key, options in names.items():
            others = self._all_but(key)
            # A count without a condition is of all.
            counts[_alias(key)] = Count("pk", filter=others or None)
            for value in options:
                counts[_alias(key, value)] = Count("pk", filter=others & self._condition(key, value))
        found = self._with_flags().aggregate(**counts)

        def filter_of(key: str, title: str) -> Filter:
            options = [
                Option(
                    value,
                    str(name),
                    found[_alias(key, value)],
                    self.wanted.address(**{key: value}),
                )
                for value, name in names[key].items()
            ]
            chosen = getattr(self.wanted, key)
            shown = tuple(row for row in options if row.people or row.value == chosen)
            return Filter(key, title, chosen, found[_alias(key)], self.wanted.address(**{key: ""}), shown)

        several = [filter_of("stage", _("Stage")), filter_of("version", _("Version"))]
        groups = filter_of("group", _("Came by"))
        return (
            filter_of("status", _("Status")),
            filter_of("step", _("Step")),
            *(row for row in several if row.options),
            self._flags(),
            *([groups] if len(groups.options) > 1 or self.wanted.group else []),
        )

    def _flags(self) -> Filter:
        others = self._with_flags().filter(self._all_but("flag"))
        noted = others.filter(remarked=True).exclude(flags=[]).values_list("flags", flat=True)
        counts = flag_counts(noted)
        options = [
            Option(row.kind, row.name, row.people, self.wanted.address(flag=row.kind), row.meaning) for row in counts
        ]
        wanted = self.wanted.flag
        if wanted in MEANINGS and wanted not in {row.value for row in options}:
            options.append(Option(wanted, flag_name(wanted), 0, self.wanted.address(), str(MEANINGS[wanted])))
        return Filter("flag", _("Flags"), wanted, -1, self.wanted.address(flag=""), tuple(options))

    def _with_flags(self) -> QuerySet[Participant]:
        """With the flags as text: databases do not look up within lists of objects alike."""
        if not self.wanted.flag:
            return self.base
        return self.base.annotate(flags_text=Cast("flags", TextField()))

    def _all_but(self, key: str = "") -> Q:
        """The condition of every filter, but for this one."""
        condition = Q()
        for other in self.wanted.keys:
            if other != key:
                condition &= self._condition(other, getattr(self.wanted, other))
        return condition

    def _group_names(self) -> dict[str, str]:
        links = {key: link.label or _("a group's link") for key, link in self.groups.items()}
        return {"open": _("the open link"), **links, "personal": _("personal links and small groups")}

    def _condition(self, key: str, value: str) -> Q:
        if not value:
            return Q()
        return getattr(self, f"_{key}")(value)

    def _status(self, value: str) -> Q:
        status = Participant.Status
        started = Q(status=status.STARTED)
        return {
            "here": started & Q(last_seen_at__gte=self.active_since),
            "stopped": started & Q(last_seen_at__lt=self.active_since),
            "completed": Q(status=status.COMPLETED),
            "withdrawn": Q(status=status.WITHDRAWN),
            "screened_out": Q(status=status.SCREENED_OUT),
            "left_out": Q(remarked=True) & LEFT_OUT,
            "noted": Q(remarked=True),
        }[value]

    def _versions(self) -> dict[str, str]:
        """The newest versions of a study that has changed, the last first."""
        if self.study.version == 1:
            return {}
        newest = range(self.study.version, max(0, self.study.version - _MOST_VERSIONS), -1)
        return {str(number): _("Version %(number)s") % {"number": number} for number in newest}

    def _stage(self, value: str) -> Q:
        return Q(stage=value)

    def _version(self, value: str) -> Q:
        return Q(study_version=int(value))

    def _step(self, value: str) -> Q:
        """Of people who have begun and not finished; the order of conditions lets few trials be looked at."""
        begun = Q(status=Participant.Status.STARTED)
        asked = Trial.objects.exclude(kind=Trial.Kind.PRACTICE).filter(participant=OuterRef("pk"))
        has_unanswered = Exists(asked.filter(ballot__isnull=True))
        agreed = begun & Q(consented_at__isnull=False)
        return {
            "consent": begun & Q(consented_at__isnull=True),
            "before": agreed & Q(answered=0),
            "trials": agreed & Q(answered__gt=0) & Q(has_unanswered),
            "after": agreed & Q(answered__gt=0) & ~Q(has_unanswered),
        }[value]

    def _flag(self, value: str) -> Q:
        return Q(remarked=True, flags_text__contains=f'"{value}"')

    def _group(self, value: str) -> Q:
        there = ~Q(status=Participant.Status.WITHDRAWN)  # they point to no link any more
        links = [link.pk for link in self.groups.values()]
        if value in self.groups:
            return Q(invite_link=self.groups[value])
        if value == "open":
            return there & Q(invite_link__isnull=True)
        if value == "personal":
            return there & Q(invite_link__isnull=False) & ~Q(invite_link__in=links)
        return Q(pk__in=())

    def _code(self, value: str) -> Q:
        """A code as "r0007", or its number alone."""
        letter = counted_kind(self.study)[0]
        digits = value.lower().removeprefix(letter)
        return Q(number=int(digits)) if _is_number(digits) else Q(pk__in=())


def _alias(key: str, value: str = "") -> str:
    """The name of a count in the query: of a filter's value, or of everybody without the filter."""
    return f"{key}_{value.replace('-', '_')}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
