"""All trials of one participant, from the design and the slot."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from study.design.allocation import allocation, showings_before
from study.design.orders import clip_order, position_order
from study.design.pairs import number_of_pairs, pair_trials
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
    pairs_per_clip: int | None = None  # each trial shows two images, each clip comes so often; None: all images, once
    named: int = 2  # how many images an attention trial names; 0: an answer on the scale instead
    scale: tuple[int, ...] = ()  # the answers that an attention trial may ask for

    def __post_init__(self) -> None:
        if not 2 <= self.conditions <= 6:
            raise ValueError(f"A trial shows two to six images, not {self.conditions}.")
        if not 1 <= self.per_person <= self.clips:
            raise ValueError(f"Nobody can hear {self.per_person} of {self.clips} clips.")
        if self.version not in ORDERS_VERSIONS:
            raise ValueError(f"Orders of version {self.version} need a newer release of Earsight.")
        if self.pairs_per_clip is not None and not 1 <= self.pairs_per_clip <= number_of_pairs(self.conditions):
            raise ValueError(f"{self.conditions} images have no {self.pairs_per_clip} pairs.")
        if self.attention_trials and not self.named and not self.scale:
            raise ValueError("An attention trial needs images to name, or answers on a scale.")

    @property
    def per_person(self) -> int:
        return self.clips if self.each is None else self.each

    @property
    def shown(self) -> int:
        """Images that a trial shows."""
        return self.conditions if self.pairs_per_clip is None else 2

    @property
    def trials_per_clip(self) -> int:
        """Main trials of each clip that a participant hears."""
        return self.pairs_per_clip or 1

    @property
    def trials(self) -> int:
        """Trials per participant, without the practice trial."""
        clips, main = self.per_person, self.per_person * self.trials_per_clip
        extras = (self.attention_trials, self.match_controls if clips > 1 else 0)
        return main + min(self.repeats, main) + sum(min(number, clips) for number in extras)


@dataclass(frozen=True)
class PlannedTrial:
    """One trial of the plan; `images` holds (clip index, condition index) by position."""

    clip: int
    images: tuple[tuple[int, int], ...]
    kind: str = "main"
    repeat: int = 0
    expected: tuple[int, ...] | None = None  # positions to choose 1st and 2nd in an attention trial
    expected_value: int | None = None  # the answer for every image in an attention trial of ratings
    part: int = 0  # which of the participant's pairs of the clip


def draw_plan(design: Design, slot: int) -> tuple[PlannedTrial, ...]:
    """The trials of the participant in `slot`, in order.

    Raises:
        ValueError: `slot` is negative.
    """
    if slot < 0:
        raise ValueError(f"Slots are numbered from 0, not {slot}.")
    return tuple(_with_extras(design, slot, list(_main_trials(design, slot))))


def _main_trials(design: Design, slot: int) -> Iterator[PlannedTrial]:
    if design.pairs_per_clip is None:
        for clip, showing in _clips_in_order(design, slot):
            order = position_order(design.seed, design.kind, clip, showing, design.conditions)
            yield PlannedTrial(clip, tuple((clip, condition) for condition in order))
        return
    for clip, part, left, right in pair_trials(
        design.seed,
        design.kind,
        slot,
        clips=design.clips,
        each=design.per_person,
        conditions=design.conditions,
        pairs_per_clip=design.pairs_per_clip,
    ):
        yield PlannedTrial(clip, ((clip, left), (clip, right)), part=part)


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
    return tuple(int(value) for value in rng.permutation(design.conditions)[: design.shown])


def _with_extras(design: Design, slot: int, trials: list[PlannedTrial]) -> list[PlannedTrial]:
    """Adds match-control, attention and repeat trials to the main ones, which keep their order.

    An extra never comes before the first main trials of the clips whose images it shows, so that no image has been seen
    before its main trial; of pairs, no clip. Repeats come last, and repeat the earliest trials, so that the gap is as
    long as possible.
    """
    rng = stream(design.seed, "extras", design.kind, slot)
    main = list(trials)
    first = main[: design.per_person]  # of each clip
    for extra in (*_match_controls(design, first, rng), *_attention_trials(design, first, rng)):
        shown = {clip for clip, _ in extra.images}
        earliest = 1 + max(
            place
            for place, trial in enumerate(trials)
            if trial.kind == "main" and trial.part == 0 and trial.clip in shown
        )
        trials.insert(int(rng.integers(earliest, len(trials) + 1)), extra)
    repeated = main[: min(design.repeats, len(main))]
    for index in rng.permutation(len(repeated)):
        source = repeated[int(index)]
        images = tuple(source.images[int(value)] for value in rng.permutation(len(source.images)))
        trials.append(PlannedTrial(source.clip, images, repeat=1, part=source.part))
    return trials


def _match_controls(design: Design, main: list[PlannedTrial], rng: np.random.Generator) -> Iterator[PlannedTrial]:
    """Trials with two images of the clip that plays and two of another clip, under the same two conditions.

    Trials of pairs show one of each clip, under the same condition.
    """
    if len(main) < 2:
        return
    for index in rng.permutation(len(main))[: design.match_controls]:
        clip = main[int(index)].clip
        others = [trial.clip for trial in main if trial.clip != clip]
        other = others[int(rng.integers(len(others)))]
        shared = [
            int(value) for value in rng.permutation(design.conditions)[: 2 if design.pairs_per_clip is None else 1]
        ]
        images = [(of, condition) for of in (clip, other) for condition in shared]
        yield PlannedTrial(clip, tuple(images[int(value)] for value in rng.permutation(len(images))), kind="match")


def _attention_trials(design: Design, main: list[PlannedTrial], rng: np.random.Generator) -> Iterator[PlannedTrial]:
    """Trials with a text that names the positions to choose, or the answer to give."""
    for index in rng.permutation(len(main))[: design.attention_trials]:
        clip = main[int(index)].clip
        images = tuple((clip, int(condition)) for condition in rng.permutation(design.conditions)[: design.shown])
        if design.named:
            expected = tuple(int(position) for position in rng.permutation(design.shown)[: design.named])
            yield PlannedTrial(clip, images, kind="attention", expected=expected)
        else:
            yield PlannedTrial(clip, images, kind="attention", expected_value=int(rng.choice(design.scale)))
