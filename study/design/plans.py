"""All trials of one participant, from the design and the slot."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from study.design.allocation import allocation, showings_before
from study.design.orders import clip_order, position_order
from study.design.streams import stream
from study.design.subsets import subset_plan

# How the orders are drawn. A study keeps the version with which it was made, so that its plans can be drawn again.
# Version 1 balances the places of the clips only if everybody hears all of them; version 2 always does.
ORDERS_VERSIONS = (1, 2)
NEWEST_ORDERS = ORDERS_VERSIONS[-1]


@dataclass(frozen=True)
class Design:
    """What the draws depend on. Each `kind` of participant has its own random streams and slots."""

    seed: int
    clips: int
    conditions: int
    kind: str = "real"
    each: int | None = None  # clips per participant; None means all
    repeats: int = 0
    match_controls: int = 0
    attention_trials: int = 0
    version: int = NEWEST_ORDERS

    def __post_init__(self) -> None:
        if not 2 <= self.conditions <= 6:
            raise ValueError(f"A trial shows two to six images, not {self.conditions}.")
        if not 1 <= self.per_person <= self.clips:
            raise ValueError(f"Nobody can hear {self.per_person} of {self.clips} clips.")
        if self.version not in ORDERS_VERSIONS:
            raise ValueError(f"Orders of version {self.version} need a newer release of Earsight.")

    @property
    def per_person(self) -> int:
        return self.clips if self.each is None else self.each

    @property
    def trials(self) -> int:
        """Trials per participant, without the practice trial."""
        main = self.per_person
        extras = (self.repeats, self.attention_trials, self.match_controls if main > 1 else 0)
        return main + sum(min(number, main) for number in extras)


@dataclass(frozen=True)
class PlannedTrial:
    """One trial of the plan; `images` holds (clip index, condition index) by position."""

    clip: int
    images: tuple[tuple[int, int], ...]
    kind: str = "main"
    repeat: int = 0
    expected: tuple[int, int] | None = None  # positions to choose 1st and 2nd in an attention trial


def draw_plan(design: Design, slot: int) -> tuple[PlannedTrial, ...]:
    """The trials of the participant in `slot`, in order.

    Raises:
        ValueError: `slot` is negative.
    """
    if slot < 0:
        raise ValueError(f"Slots are numbered from 0, not {slot}.")
    trials = []
    for clip, showing in _clips_in_order(design, slot):
        order = position_order(design.seed, design.kind, clip, showing, design.conditions)
        trials.append(PlannedTrial(clip, tuple((clip, condition) for condition in order)))
    return tuple(_with_extras(design, slot, trials))


def _clips_in_order(design: Design, slot: int) -> list[tuple[int, int]]:
    """The slot's clips in their order, each with the number of its showings in the slots before."""
    seed, kind, each = design.seed, design.kind, design.per_person
    if each == design.clips:
        return [(clip, slot) for clip in clip_order(seed, kind, slot, each)]
    if design.version > 1:
        return list(zip(*subset_plan(seed, kind, design.clips, each).row(slot), strict=True))
    chosen = allocation(seed, kind, slot, design.clips, each)
    before = showings_before(seed, kind, slot, design.clips, each)
    places = [chosen[int(index)] for index in stream(seed, "places", kind, slot).permutation(each)]
    return [(places[place], before[places[place]]) for place in clip_order(seed, kind, slot, each)]


def draw_practice(design: Design, slot: int) -> tuple[int, ...]:
    """The position order of the practice trial."""
    rng = stream(design.seed, "practice", design.kind, slot)
    return tuple(int(value) for value in rng.permutation(design.conditions))


def _with_extras(design: Design, slot: int, trials: list[PlannedTrial]) -> list[PlannedTrial]:
    """Adds match-control, attention and repeat trials to the main ones, which keep their order.

    An extra never comes before the main trials of the clips whose images it shows, so that no image has been seen
    before its main trial. Repeats come last, and repeat the earliest clips, so that the gap is as long as possible.
    """
    rng = stream(design.seed, "extras", design.kind, slot)
    main = list(trials)
    for extra in (*_match_controls(design, main, rng), *_attention_trials(design, main, rng)):
        shown = {clip for clip, _ in extra.images}
        earliest = 1 + max(place for place, trial in enumerate(trials) if trial.kind == "main" and trial.clip in shown)
        trials.insert(int(rng.integers(earliest, len(trials) + 1)), extra)
    repeated = main[: min(design.repeats, len(main))]
    for index in rng.permutation(len(repeated)):
        source = repeated[int(index)]
        images = tuple(source.images[int(value)] for value in rng.permutation(len(source.images)))
        trials.append(PlannedTrial(source.clip, images, repeat=1))
    return trials


def _match_controls(design: Design, main: list[PlannedTrial], rng: np.random.Generator) -> Iterator[PlannedTrial]:
    """Trials with two images of the clip that plays and two of another clip, under the same two conditions."""
    if len(main) < 2:
        return
    for index in rng.permutation(len(main))[: design.match_controls]:
        clip = main[int(index)].clip
        others = [trial.clip for trial in main if trial.clip != clip]
        other = others[int(rng.integers(len(others)))]
        pair = [int(value) for value in rng.permutation(design.conditions)[:2]]
        images = [(clip, pair[0]), (clip, pair[1]), (other, pair[0]), (other, pair[1])]
        yield PlannedTrial(clip, tuple(images[int(value)] for value in rng.permutation(4)), kind="match")


def _attention_trials(design: Design, main: list[PlannedTrial], rng: np.random.Generator) -> Iterator[PlannedTrial]:
    """Trials with a text that names the two positions to choose."""
    for index in rng.permutation(len(main))[: design.attention_trials]:
        clip = main[int(index)].clip
        images = tuple((clip, int(condition)) for condition in rng.permutation(design.conditions))
        first, second = (int(position) for position in rng.permutation(design.conditions)[:2])
        yield PlannedTrial(clip, images, kind="attention", expected=(first, second))
