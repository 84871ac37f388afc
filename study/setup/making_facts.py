"""Sentences on how a study's images were made, for its report. The app that makes images registers what states them."""

from collections.abc import Callable, Iterable

from study.models import Study

Stater = Callable[[Study], Iterable[str]]
_staters: list[Stater] = []


def register(stater: Stater) -> Stater:
    """Register a function that states facts, in the current language; usable as a decorator."""
    if stater not in _staters:
        _staters.append(stater)
    return stater


def making_facts(study: Study) -> list[str]:
    """Return the sentences about the study's images, in the current language."""
    return [sentence for stater in _staters for sentence in stater(study)]
