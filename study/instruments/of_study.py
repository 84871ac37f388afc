"""The instrument of a study. Every process imports this module; few need pydantic, which instruments are read by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.models import Study

if TYPE_CHECKING:
    from study.instruments.questions import Choose, Instrument


def is_classic(study: Study) -> bool:
    """Whether the study asks for a first and a second choice and nothing else, as studies did before instruments."""
    return not study.instrument


def instrument_of(study: Study) -> Instrument:
    """Return the questions that each trial of the study asks.

    Raises:
        InstrumentRefused: what is stored is no instrument.
    """
    from study.instruments.questions import CLASSIC
    from study.instruments.reading import instrument_from

    return CLASSIC if is_classic(study) else instrument_from(study.instrument)


def ranked_key(study: Study) -> str:
    """Return the key under which contents list the images chosen after the second; empty if none are chosen."""
    choose = instrument_of(study).choose
    return choose.key if choose is not None else ""


def points_of(study: Study, choose: Choose) -> tuple[float, ...]:
    """Return the points of each rank: of one or two ranks the study's weights, of more the question's own.

    Without its own, the last of k ranks has 1 point, each before it one more; where all images are ranked, the last
    has none.
    """
    if choose.ranks <= 2:
        return study.weights[: choose.ranks]
    if choose.points:
        return tuple(choose.points)
    lowest = 0 if choose.ranks >= study.conditions.count() else 1
    return tuple(float(choose.ranks - rank - 1 + lowest) for rank in range(choose.ranks))
