"""What the columns of clips, and of what their images were made from, may hold where they are JSON.

Of the steps' results only what pages read is checked; the rest is shown to nobody.
"""

from typing import Any

from pydantic import ValidationError

from config.bundles.reading import Unreadable
from config.bundles.taking_in.shapes import Finite, OpenPart, Share, first_fault
from generation.models import ClipStep
from study.audio_files.notes import sentences
from study.models import Clip, Condition
from study.setup.clip_rights import SoundRights


class _Clip(OpenPart):
    outline: list[Finite]
    file_outline: list[Finite]
    imported_tags: list[str]
    audio_notes: list[dict[str, str | Finite | None]]


class _Condition(OpenPart):
    levels: dict[str, str]


class _Heard(OpenPart):
    probabilities: dict[str, Finite] = {}
    thresholds: dict[str, Finite | None] = {}


class _Voice(OpenPart):
    share: Share | None = None
    curve: list[Finite] = []


class _Listen(OpenPart):
    voice: _Voice = _Voice()
    tags: _Heard = _Heard()
    redefined_tags: _Heard | None = None


class _Change(OpenPart):
    rule: str
    tag: str
    why: str
    action: str
    into: list[str]


class _Contested(OpenPart):
    rule: str
    offered: list[str] = []
    removed: list[str] = []
    kept: list[str] = []


class _Rules(OpenPart):
    rules: str
    rules_sha256: str


class _Redefine(OpenPart):
    given: list[str]
    corrected: list[str]
    original: list[str] = []
    redefined: list[str] = []
    changes: list[_Change]
    original_changes: list[_Change] = []
    contested: list[_Contested]
    rules: _Rules
    unchanged: bool
    translated: dict[str, str] = {}
    predicted: dict[str, list[str]] | None = None


class _Sentence(OpenPart):
    text: str


class _Write(OpenPart):
    sentences: dict[str, _Sentence]


_RESULTS: dict[str, type[OpenPart]] = {
    ClipStep.Kind.LISTEN: _Listen,
    ClipStep.Kind.REDEFINE: _Redefine,
    ClipStep.Kind.WRITE: _Write,
    ClipStep.Kind.PAINT: OpenPart,
}


def check_clip(clip: Clip, where: str) -> None:
    """Raise Unreadable if a column of an unsaved clip is of no shape that is shown."""
    _check(_Clip, {name: getattr(clip, name) for name in _Clip.model_fields}, where)
    if problem := SoundRights.of(clip).problem():
        raise Unreadable(f"{where}: licence: {problem}")
    try:
        sentences(clip.audio_notes)
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{where}: audio_notes: {error!r}"[:300]) from error


def check_condition(condition: Condition, where: str) -> None:
    """Raise Unreadable if the levels of an unsaved condition are no texts."""
    _check(_Condition, {"levels": condition.levels}, where)


def check_step(step: ClipStep, where: str) -> None:
    """Raise Unreadable if the result of an unsaved step is of no shape that is shown."""
    if step.result is not None:
        _check(_RESULTS[step.kind], step.result, f"{where}: the step “{step.kind}”")


def _check(shape: type[OpenPart], values: Any, where: str) -> None:
    try:
        shape.model_validate(values)
    except ValidationError as error:
        raise Unreadable(f"{where}: {first_fault(error)}."[:300]) from error
