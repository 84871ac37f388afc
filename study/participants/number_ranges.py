"""Parts of a study's people by their numbers: who began before a change of the study, and who after it.

Numbers are given in order under the lock of the study's row, and a change writes the last number given before it to
the log, under the same lock. So the log alone says under which stage and which version everybody began, also of those
who gave no answer, and no row or export can say otherwise unseen.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Max

from study.ballots.table import counted_kind
from study.models import Study

Starts = list[tuple[int, Any]]
"""Of each change in its order: the number of the last person before it, and what holds for everybody after them."""


def last_number(study: Study) -> int:
    """The number of the newest person of the kind that counts; 0 if there is none. Lock the study's row first."""
    newest: int | None = study.participants.filter(kind=counted_kind(study)).aggregate(last=Max("number"))["last"]
    return newest or 0


def with_start(starts: Starts, after: int, value: Any) -> Starts:
    """The starts and one more; those under which nobody began go."""
    return [*(start for start in starts if start[0] < after), (after, value)]


def part_of(number: int, starts: Iterable[tuple[int, Any]], before: Any) -> Any:
    """What holds for the person with this number; `before`: for people before the first change."""
    held = before
    for after, value in starts:
        if number > after:
            held = value
    return held
