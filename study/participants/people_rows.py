"""One row for each person, with a block for each trial: how far they are, and nothing of what they chose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.models import Participant, Trial
from study.participants.exclusion_rules import rule_from_json
from study.participants.flag_words import evidence, flag_name, rule_words
from study.participants.monitoring import minutes_of
from study.participants.people_filters import STEPS

# A page has so many blocks at most, and so many people.
MOST_BLOCKS, MOST_PEOPLE, FEWEST_PEOPLE = 2500, 50, 10
# In pixels of the drawing: blocks stand in lines of so many, like days in a calendar.
_A_LINE, _STEP, _LINE, _WIDTH, _HEIGHT = 40, 14, 22, 11, 18
# Somebody who comes back the next day was not at it all night.
_ONE_VISIT = timedelta(hours=3)


@dataclass(frozen=True)
class Block:
    """One trial: whether it is answered, whether it is the next one, and whether it is a repeat or a check."""

    answered: bool
    current: bool
    check: bool


@dataclass(frozen=True)
class Blocks:
    """The trials of one person as a drawing: for each kind of block the path of an SVG."""

    paths: tuple[tuple[str, str], ...]  # (class, path)
    width: int
    height: int
    answered: int
    trials: int


@dataclass(frozen=True)
class PersonRow:
    """What the list shows of a person."""

    person: Participant
    state: str  # "here", "stopped", or the person's status
    blocks: Blocks | None  # None: nothing is left of somebody who has withdrawn
    step: str  # of those who have begun and not finished
    seen: str
    minutes: float | None
    flags: tuple[tuple[str, str], ...]  # (name, evidence)
    rules: tuple[str, ...]

    @property
    def may_change(self) -> bool:
        """Whether somebody can leave the person out or include them again: by hand, not against a rule of the plan."""
        withdrew = self.state == Participant.Status.WITHDRAWN
        return not withdrew and (self.person.excluded or not self.person.left_out)


def people_a_page(trials: int) -> int:
    """How many people a page shows if each has so many trials."""
    return max(FEWEST_PEOPLE, min(MOST_PEOPLE, MOST_BLOCKS // max(1, trials)))


def rows_of(
    people: Sequence[Participant], *, active_since: datetime, now: datetime, show_checks: bool
) -> list[PersonRow]:
    """The rows of some people, in one query.

    Args:
        active_since: whoever was seen before has stopped.
        show_checks: whether the reader may know which trials are repeats or checks; else all blocks look alike.
    """
    trials: dict[int, list[tuple[bool, bool]]] = {person.pk: [] for person in people}
    asked = Trial.objects.filter(participant__in=trials).exclude(kind=Trial.Kind.PRACTICE)
    for person, kind, repeat, ballot in asked.order_by("participant", "number").values_list(
        "participant", "kind", "repeat", "ballot"
    ):
        trials[person].append((ballot is not None, show_checks and (kind != Trial.Kind.MAIN or repeat > 0)))
    return [_row(person, trials[person.pk], active_since, now) for person in people]


def _row(person: Participant, trials: Sequence[tuple[bool, bool]], active_since: datetime, now: datetime) -> PersonRow:
    state: str = person.status
    begun = state == Participant.Status.STARTED
    if begun:
        state = "here" if person.last_seen_at >= active_since else "stopped"
    blocks = draw(blocks_of(trials, begun)) if trials else None
    return PersonRow(
        person=person,
        state=state,
        blocks=blocks,
        step=_step(person, blocks) if begun and blocks else "",
        seen="" if state == Participant.Status.WITHDRAWN else seen_words(now - person.last_seen_at, state == "here"),
        minutes=_minutes(person, state),
        flags=tuple((flag_name(flag), evidence(flag)) for flag in person.flags),
        rules=tuple(rule_words(rule_from_json(rule)) for rule in person.rule_exclusions),
    )


def _step(person: Participant, blocks: Blocks) -> str:
    """In words, as the filter of steps has it; empty in the trials, where the blocks show it."""
    if person.consented_at is None:
        return str(STEPS["consent"])
    if not blocks.answered:
        return str(STEPS["before"])
    return str(STEPS["after"]) if blocks.answered == blocks.trials else ""


def _minutes(person: Participant, state: str) -> float | None:
    if state == "here" and timedelta(0) <= person.last_seen_at - person.created_at < _ONE_VISIT:
        return (person.last_seen_at - person.created_at).total_seconds() / 60
    return minutes_of(person)


def blocks_of(trials: Iterable[tuple[bool, bool]], begun: bool) -> list[Block]:
    """The blocks of trials given as (answered, check); of somebody who has `begun`, the first open one is current."""
    blocks: list[Block] = []
    is_next = begun
    for answered, check in trials:
        blocks.append(Block(answered, is_next and not answered, check))
        is_next = is_next and answered
    return blocks


def draw(blocks: Sequence[Block]) -> Blocks:
    """The drawing: answered blocks are filled, checks are hatched, the current one stands out by its frame."""
    paths: dict[str, list[str]] = {}
    for place, block in enumerate(blocks):
        x, y = place % _A_LINE * _STEP + 1, place // _A_LINE * _LINE + 2
        box = f"M{x} {y}h{_WIDTH}v{_HEIGHT}h-{_WIDTH}z"
        if block.check:
            kind = "check-answered" if block.answered else "check"
        else:
            kind = "answered" if block.answered else "open"
        paths.setdefault(kind, []).append(box)
        if block.check:
            lines = "".join(f"M{x} {y + rise}l{_WIDTH}-5" for rise in (6, 11, 16))
            paths.setdefault("hatch-answered" if block.answered else "hatch", []).append(lines)
        if block.current:
            paths.setdefault("current", []).append(box)
    # Hatches lie on their boxes, the frame of the current one on all.
    order = ("open", "check", "answered", "check-answered", "hatch", "hatch-answered", "current")
    lines_of = -(-len(blocks) // _A_LINE)
    return Blocks(
        paths=tuple((kind, "".join(paths[kind])) for kind in order if kind in paths),
        width=min(len(blocks), _A_LINE) * _STEP,
        height=lines_of * _LINE,
        answered=sum(block.answered for block in blocks),
        trials=len(blocks),
    )


def seen_words(ago: timedelta, here: bool) -> str:
    """Since when somebody was last seen. Of people who are no longer there to the hour: a platform knows the minute."""
    minutes, hours = max(0, int(ago.total_seconds() // 60)), int(ago.total_seconds() // 3600)
    if here and minutes < 1:
        return _("seen just now")
    if here:
        return ngettext("seen %(n)d minute ago", "seen %(n)d minutes ago", minutes) % {"n": minutes}
    if hours < 1:
        return _("seen within the hour")
    if hours < 48:
        return ngettext("seen %(n)d hour ago", "seen %(n)d hours ago", hours) % {"n": hours}
    return ngettext("seen %(n)d day ago", "seen %(n)d days ago", hours // 24) % {"n": hours // 24}
