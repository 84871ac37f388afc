"""What the API and the commands tell of a study, as plain values for JSON: what its pages show, and no more.

Keys are stable; times are ISO 8601 in UTC. Everything comes from the functions that make the pages, and their seal.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from study.access import Access, Right, role_of, studies_of
from study.ballots.commitments import FINISHED
from study.ballots.table import counted_kind
from study.coarse_times import hour_text
from study.console.common import condition_rows, readable_entries
from study.console.downloads import DOWNLOADED
from study.errors import StudyError
from study.models import Clip, LogEntry, Participant
from study.models.participants import kind_of_flag
from study.participants.coverage import Coverage, coverage
from study.participants.exclusion_rules import refresh_unfinished, rule_from_json
from study.participants.monitoring import minutes_of, monitor
from study.participants.pace import Pace, pace_of
from study.participants.people_filters import PeopleFilters, Wanted
from study.participants.study_stages import shown_stage
from study.setup.path_steps import has_all_images
from study.setup.sharing import is_archived

PAGE = 500
"""The most rows of one answer."""


def study_contents(access: Access) -> dict[str, Any]:
    """The study's state, and what the asker may do in it."""
    study = access.study
    return {
        "slug": study.slug,
        "title": study.title,
        "status": study.status,
        "sealed": study.is_sealed,
        "simulated": study.simulated,
        "archived": is_archived(study),
        "owner": study.owner.get_username(),
        "role": str(access.role),
        "may": [name for name, given in access.may.items() if given],
        "created_at": time_text(study.created_at),
        "opened_at": time_text(study.opened_at),
        "closed_at": time_text(study.closed_at),
        "results_open_at": time_text(study.results_open_at),
        "stage": study.stage,
        "stages": list(study.stages),
        "version": study.version,
        "plan_digest": study.plan_digest,
        "instrument": study.instrument,
        "licence": study.licence,
    }


def monitor_contents(access: Access, stage: str = "") -> dict[str, Any]:
    """The numbers of the page “Monitor” of one stage; none of them depends on what people chose.

    Args:
        stage: one that has begun; empty for the current one.

    Raises:
        StudyError: this stage has not begun.
    """
    study = access.study
    shown = shown_stage(study, stage)
    if stage and shown != stage:
        begun = ", ".join([*study.stages] or [study.stage])
        raise StudyError(_("This study has no stage “%(stage)s”; it has %(begun)s.") % {"stage": stage, "begun": begun})
    refresh_unfinished(study)
    found = monitor(study, stage=shown)
    numbers = {name: value for name, value in asdict(found).items() if name not in ("days", "flags", "burst")}
    numbers["languages"] = dict(found.languages)
    numbers["median_minutes"] = None if found.median_minutes is None else round(found.median_minutes, 2)
    return numbers | {
        "stage": shown,
        "expected": _expected(pace_of(study, found.completed, stage=shown)),
        "answers_per_clip": _answers_per_clip(coverage(study, shown)),
        "share": found.share,
        "last_answer": time_text(found.last_answer),
        "days": [asdict(day) | {"day": day.day.isoformat()} for day in found.days],
        "flags": {flag.kind: flag.people for flag in found.flags},
        "burst": None if found.burst is None else asdict(found.burst) | {"began": time_text(found.burst.began)},
    }


def _expected(pace: Pace) -> dict[str, Any]:
    """When the target will be reached; times only if that can be said."""
    return {"outlook": pace.outlook.value, "earliest": time_text(pace.earliest), "latest": time_text(pace.latest)}


def _answers_per_clip(found: Coverage) -> dict[str, Any]:
    return {
        "fewest": found.fewest,
        "most": found.most,
        "mean": round(found.mean, 2),
        "planned": found.planned,
        "lagging": len(found.lagging),
    }


def participants_contents(access: Access, after: int = -1, wanted: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The people of the page “Participants” whose numbers follow `after`: state, flags, exclusions, and no choices.

    Args:
        wanted: to what the page narrows its list, by the names that its addresses have; empty: nobody who withdrew.

    Raises:
        StudyError: a filter has a value that it does not know.
    """
    study, filters = access.study, _filters(wanted or {})
    refresh_unfinished(study)
    if filters.any:
        people = PeopleFilters(study, filters).people()
    else:
        people = study.participants.filter(kind=counted_kind(study)).exclude(status=Participant.Status.WITHDRAWN)
    page, last = _page(people.defer("answers").order_by("number"), "number", after)
    return {"participants": [_person(person) for person in page], "next": last}


def _filters(wanted: Mapping[str, str]) -> Wanted:
    """The filters of an address, all of which count: a page leaves out what is none, and a script would not see it."""
    asked = {name: str(value) for name, value in wanted.items() if value}
    filters = Wanted.from_query(asked)
    refused = [f"{name}={value}" for name, value in asked.items() if getattr(filters, name, "") != value]
    if refused:
        raise StudyError(_("This narrows no list of participants: %(filters)s.") % {"filters": ", ".join(refused)})
    return filters


def _person(person: Participant) -> dict[str, Any]:
    minutes = minutes_of(person)
    return {
        "participant": person.code,
        "status": person.status,
        "stage": person.stage,
        "version": person.study_version,
        "language": person.language,
        "started_at": hour_text(person.created_at),
        "answered": person.answered,
        "minutes": None if minutes is None else round(minutes, 1),
        "flags": [kind_of_flag(flag) for flag in person.flags],
        "left_out": bool(person.left_out),
        "excluded": person.excluded,
        "reason": person.exclusion_reason if person.excluded else "",
        "rules": [str(rule_from_json(rule)) for rule in person.rule_exclusions],
    }


def log_contents(access: Access, after: int = -1, *, with_people: bool = False) -> dict[str, Any]:
    """The entries of the page “Log” that the role may read and whose numbers follow `after`, the oldest first.

    Args:
        with_people: also the entries of people who finished, which the page counts.
    """
    entries = readable_entries(access)
    page, last = _page(entries if with_people else entries.exclude(action=FINISHED), "number", after)
    return {"entries": [_entry(entry, access) for entry in page], "next": last}


def _entry(entry: LogEntry, access: Access) -> dict[str, Any]:
    data = dict(entry.data)
    if entry.action == DOWNLOADED and not access.allows(Right.LOOK):
        data.pop("file", None)  # it may bear a name that a researcher gave it
    return {
        "number": entry.number,
        "at": entry.digested_at or None,
        "actor": entry.actor_name,
        "action": entry.action,
        "reason": entry.reason,
        "data": data,
        "head": entry.head,
        "erased": entry.erased,
    }


def clips_contents(access: Access, after: int = -1) -> dict[str, Any]:
    """The study's clips whose numbers follow `after`, and its conditions: opaque labels while pages show only these."""
    study = access.study
    page, last = _page(study.clips.order_by("number"), "number", after)
    return {
        "clips": [clip_facts(clip) for clip in page],
        "conditions": condition_rows(study),
        "has_all_images": has_all_images(study),
        "next": last,
    }


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What the page “Clips” shows of a clip."""
    return {
        "number": clip.number,
        "name": clip.name,
        "seconds": round(clip.duration, 3),
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
        "tags": list(clip.imported_tags),
        "included": clip.included,
        "reason": clip.exclusion_reason,
        "practice": clip.is_practice,
        "licence": clip.licence,
        "sound_may_be_published": clip.sound_may_be_published,
    }


def _page(rows: QuerySet[Any], order: str, after: int) -> tuple[list[Any], int | None]:
    """Return at most `PAGE` rows behind `after`, and behind which number the next ones are; None: there are none."""
    found = list(rows.filter(**{f"{order}__gt": after}).order_by(order)[: PAGE + 1])
    return found[:PAGE], getattr(found[PAGE - 1], order) if len(found) > PAGE else None


def after_of(text: str | None) -> int:
    """Read after which number to go on: none for the first page.

    Raises:
        StudyError: it is no number.
    """
    if not text:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise StudyError(_("“after” is the number that “next” gave: a whole number."))
    return int(text)


def time_text(at: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, to the second; None if there is none."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def studies_contents(user: Any) -> dict[str, Any]:
    """The studies that somebody may see, the newest first."""
    rows: Any = studies_of(user).order_by("-created_at")
    return {
        "studies": [
            {
                "slug": study.slug,
                "title": study.title,
                "status": study.status,
                "sealed": study.is_sealed,
                "role": str(role_of(user, study)),
            }
            for study in rows
        ]
    }
