"""What another app checks, applies and reads in templates of studies: the part `generation`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from study.models import Study


@dataclass(frozen=True)
class GenerationPart:
    """What the app that makes images does with the part; without it a template has none.

    Attributes:
        check: returns what is wrong with the values, or nothing.
        apply: saves them for a draft.
        read: returns those of a study.
        words: returns what they set, as (what, to what) in the active language.
    """

    check: Callable[[Mapping[str, Any]], str] = lambda values: "nothing here makes images"
    apply: Callable[[Study, Mapping[str, Any]], None] = lambda study, values: None
    read: Callable[[Study], dict[str, Any]] = lambda study: {}
    words: Callable[[Mapping[str, Any]], list[tuple[str, str]]] = lambda values: []


_registered = [GenerationPart()]


def register(part: GenerationPart) -> None:
    """Name what checks, applies and reads the part `generation`."""
    _registered[0] = part


def generation_part() -> GenerationPart:
    """Return what was registered."""
    return _registered[0]
