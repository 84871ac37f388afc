"""Which studies may stand together: the same contrast, in the same measure and unit, each study once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from analysis.comparison.effects import (
    MEASURES,
    NO_CONTRAST,
    NO_ERROR,
    NO_MEASURE,
    NO_POPULATION,
    NO_SPREAD,
    OTHER_QUESTION,
    OTHER_UNIT,
    RATING,
    SAME_STUDY,
    SIMULATED,
    Contrast,
    Effect,
    Source,
)
from analysis.statistics.meta_analysis import SMALLEST, error_of_interval
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS

POPULATIONS = (NEW_CLIPS, THESE_CLIPS)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to compare; an empty contrast, measure or question is that of most sources."""

    contrast: str = ""
    measure: str = ""
    population: str = NEW_CLIPS
    question: str = ""


@dataclass(frozen=True, kw_only=True)
class Included:
    """A source with its effect, whose sign is that of the reference's contrast (`turned`: it was the other)."""

    source: Source
    effect: Effect
    turned: bool = False


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A source that cannot stand with the others: the reason's code, and what its sentence names."""

    source: Source
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The sources in their order; `reference` is the effect whose contrast and unit all share, None without one."""

    reference: Effect | None
    included: tuple[Included, ...]
    left_out: tuple[LeftOut, ...]
    shared_clips: tuple[tuple[int, int, int], ...]  # places in `included`, and how many clips both have


def offered(sources: Sequence[Source]) -> list[Contrast]:
    """The contrasts of the sources, each once: factors before pairs, then those that more sources have."""
    found: list[Contrast] = []
    counts: list[set[int]] = []
    for number, source in enumerate(sources):
        for effect in source.effects:
            place = next((i for i, known in enumerate(found) if known.sign_of(effect.contrast)), None)
            if place is None:
                found.append(effect.contrast)
                counts.append(set())
                place = len(found) - 1
            counts[place].add(number)
    order = sorted(range(len(found)), key=lambda place: (found[place].is_pair, -len(counts[place])))
    return [found[place] for place in order]


def match(sources: Sequence[Source], choice: Choice) -> Matched:
    """Sort the sources into those that may stand together, and the others with the reason."""
    reference = _reference(sources, choice)
    someone_real = any(source.simulated is not True for source in sources)
    included: list[Included] = []
    left_out: list[LeftOut] = []
    for source in sources:
        found = _judged(source, choice, reference, included, someone_real)
        if isinstance(found, Included):
            included.append(found)
        else:
            left_out.append(found)
    return Matched(
        reference=reference,
        included=tuple(included),
        left_out=tuple(left_out),
        shared_clips=tuple(_shared_clips(included)),
    )


def _reference(sources: Sequence[Source], choice: Choice) -> Effect | None:
    """The effect that the choice names, in the unit that most sources have; one without a number if none has one."""
    named = (
        effect.contrast for source in sources for effect in source.effects if effect.contrast.key == choice.contrast
    )
    wanted = next(named if choice.contrast else iter(offered(sources)), None)
    if wanted is None:
        return None
    # People's studies first: beside them simulated ones are left out.
    effects = [
        effect
        for source in sorted(sources, key=lambda source: source.simulated is True)
        for effect in source.effects
        if effect.population == choice.population
        and effect.contrast.sign_of(wanted)
        and choice.question in ("", effect.question)
    ]
    measures = [choice.measure] if choice.measure else MEASURES
    for measure in measures:
        if alike := [effect for effect in effects if effect.measure == measure]:
            reference = max(alike, key=lambda effect: (not effect.missing, _share_of_unit(effect, alike)))
            return _as_seen_from(wanted, reference)
    return None


def _share_of_unit(effect: Effect, alike: Sequence[Effect]) -> int:
    """How many of the effects have a number in the same unit, of the same question."""
    unit, question = dict(effect.unit), effect.question
    return sum(
        not other.missing and dict(other.unit) == unit and (effect.measure != RATING or other.question == question)
        for other in alike
    )


def _as_seen_from(wanted: Contrast, effect: Effect) -> Effect:
    return effect if effect.contrast.sign_of(wanted) == 1 else replace(effect, contrast=wanted)


def _judged(
    source: Source, choice: Choice, reference: Effect | None, included: Sequence[Included], someone_real: bool
) -> Included | LeftOut:
    def left_out(reason: str, **values: Any) -> LeftOut:
        return LeftOut(source=source, reason=reason, values=values)

    if source.simulated and someone_real:
        return left_out(SIMULATED)
    same = next((other.source for other in included if other.source.identities & source.identities), None)
    if same is not None:
        return left_out(SAME_STUDY, other=same.name)
    if reference is None:
        return left_out(NO_CONTRAST, contrast=choice.contrast)
    alike = [effect for effect in source.effects if effect.contrast.sign_of(reference.contrast)]
    if not alike:
        return left_out(NO_CONTRAST, **_nearest(source, reference))
    measured = [effect for effect in alike if effect.measure == reference.measure]
    if not measured:
        return left_out(NO_MEASURE, has=sorted({effect.measure for effect in alike}, key=MEASURES.index))
    asked = [effect for effect in measured if effect.population == reference.population]
    if not asked:
        return left_out(NO_POPULATION)
    if reference.measure == RATING or choice.question:
        answered = [effect for effect in asked if effect.question == reference.question]
        if not answered:
            return left_out(OTHER_QUESTION, mine=asked[0].question, wanted=reference.question)
        asked = answered
    effect = asked[0]
    if dict(effect.unit) != dict(reference.unit):
        return left_out(OTHER_UNIT, mine=dict(effect.unit), wanted=dict(reference.unit))
    if not effect.missing and effect.se is None:
        effect = _with_error(effect)
    if effect.missing:
        return left_out(effect.missing)
    return _turned(source, effect, effect.contrast.sign_of(reference.contrast))


def _nearest(source: Source, reference: Effect) -> dict[str, Any]:
    """What the source compares of the same factor, if anything."""
    same = [effect.contrast for effect in source.effects if effect.contrast.factor == reference.contrast.factor != ""]
    if not same:
        return {}
    return {"high": same[0].high, "low": same[0].low, "within": [list(side) for side in same[0].within]}


def _with_error(effect: Effect) -> Effect:
    """The effect with the standard error that its interval and p tell."""
    found = None
    if effect.estimate is not None and effect.ci95 is not None and effect.p is not None:
        found = error_of_interval(effect.estimate, effect.ci95, effect.p)
    if found is None:
        return replace(effect, missing=NO_ERROR)
    se, df = found
    return replace(effect, se=se, df=df) if se >= SMALLEST else replace(effect, missing=NO_SPREAD)


def _turned(source: Source, effect: Effect, sign: int) -> Included:
    if sign == 1:
        return Included(source=source, effect=effect)
    assert effect.estimate is not None
    return Included(source=source, effect=replace(effect, estimate=-effect.estimate, ci95=None), turned=True)


def _shared_clips(included: Sequence[Included]) -> list[tuple[int, int, int]]:
    return [
        (i, j, shared)
        for i, j in combinations(range(len(included)), 2)
        if (shared := len(included[i].source.clips & included[j].source.clips))
    ]
