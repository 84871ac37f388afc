"""Small facts about how a trial went: kept small, bounded in number, never needed for the answer."""

import math
from datetime import datetime
from typing import Any

from study.models import Event, Participant

KINDS = (
    "shown",
    "play",
    "pause",
    "seek",
    "ended",
    "enlarge",
    "hidden",
    "visible",
    "offline",
    "online",
    "choose",
    "undo",
    "script",
)
AT_ONCE = 100
PER_PARTICIPANT = 5000


def _small(data: Any) -> dict[str, Any]:
    """At most four short facts."""
    if not isinstance(data, dict):
        return {}
    return {
        str(key)[:12]: round(value, 2) if isinstance(value, float) else value
        for key, value in list(data.items())[:4]
        if _is_small(value) and key.isprintable()
    }


def _is_small(value: Any) -> bool:
    """What every database can keep as JSON: finite numbers and short plain strings."""
    if isinstance(value, str):
        return len(value) <= 20 and value.isprintable()
    return isinstance(value, bool | int | float) and math.isfinite(value) and abs(value) < 1e15


def keep_events(participant: Participant, sent: Any, *, now: datetime) -> int:
    """Stores the events that are well-formed; returns how many."""
    if not isinstance(sent, list) or participant.events.count() > PER_PARTICIPANT:
        return 0
    numbers = {str(number): pk for pk, number in participant.trials.values_list("pk", "number")}
    rows = [
        Event(
            participant=participant,
            trial_id=numbers.get(str(event.get("trial"))),
            kind=event["kind"],
            data=_small(event.get("data")),
        )
        for event in sent[:AT_ONCE]
        if isinstance(event, dict) and event.get("kind") in KINDS
    ]
    Event.objects.bulk_create(rows)
    return len(rows)
