"""Events of a trial, such as playing the sound or leaving the tab: small, limited in number, not part of the answer."""

import math
from typing import Any

from django.utils import timezone

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
    "rate",  # a rating or another answer beside the choice
    "script",
)
MAX_PER_REQUEST = 100
MAX_PER_PARTICIPANT = 5000


def _short_data(data: Any) -> dict[str, Any]:
    """At most four short values by short names."""
    if not isinstance(data, dict):
        return {}
    return {
        str(key)[:12]: round(value, 2) if isinstance(value, float) else value
        for key, value in list(data.items())[:4]
        if _is_short(value) and key.isprintable()
    }


def _is_short(value: Any) -> bool:
    """Whether the value is a finite number or a short printable string, which every database can store as JSON."""
    if isinstance(value, str):
        return len(value) <= 20 and value.isprintable()
    return isinstance(value, bool | int | float) and math.isfinite(value) and abs(value) < 1e15


def save_events(participant: Participant, sent: Any) -> int:
    """Store the well-formed events of a request; return how many."""
    if not isinstance(sent, list) or participant.events.count() > MAX_PER_PARTICIPANT:
        return 0
    trials = {str(number): pk for pk, number in participant.trials.values_list("pk", "number")}
    now = timezone.now()
    rows = [
        Event(
            participant=participant,
            at=now,
            trial_id=trials.get(str(event.get("trial"))),
            kind=event["kind"],
            data=_short_data(event.get("data")),
        )
        for event in sent[:MAX_PER_REQUEST]
        if isinstance(event, dict) and event.get("kind") in KINDS
    ]
    Event.objects.bulk_create(rows)
    return len(rows)
