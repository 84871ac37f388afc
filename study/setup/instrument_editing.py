"""Change the questions that each trial of a draft asks. Everything is saved by `set_instrument`."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.digests import canonical_digest
from study.errors import StudyError
from study.instruments.of_study import instrument_of
from study.instruments.presets import PRESETS
from study.instruments.questions import CLASSIC, Instrument, Rate
from study.instruments.reading import InstrumentRefused, instrument_from, to_data
from study.models import Study
from study.models.log import record
from study.setup.draft_lock import lock_settings

Data = dict[str, Any]
SAVED = "questions in each trial changed"  # in the log


def version_of(study: Study) -> str:
    """Return a mark of the questions as they are stored."""
    return canonical_digest(study.instrument)[:16]


@transaction.atomic
def set_instrument(
    study: Study, data: Mapping[str, Any], *, change: str = "replaced", key: str = "", actor: Any = None
) -> bool:
    """Save the questions of each trial; {} is the first and the second choice.

    Return whether the smallest difference that matters has left the plan: it was in the units of the main question,
    which now has others. Pilots are erased if other answers can be given now: what theirs say, and how long they took,
    is of other questions.

    Args:
        change, key: what was done, and the question to which it was done, for the log.

    Raises:
        InstrumentRefused: it is no instrument, or it needs more images than a clip has.
        NotAllowedNow: the study is no draft.
    """
    locked = lock_settings(study)
    instrument = instrument_from(data) if data else CLASSIC
    _refuse_misfit(instrument, locked.conditions.count())
    stored = {} if to_data(instrument) in (to_data(CLASSIC), _CLASSIC_NAMED) else to_data(instrument)
    lost = _loses_smallest(locked, instrument)
    if _answered_by(stored) != _answered_by(locked.instrument):
        locked.participants.filter(trials__isnull=False).delete()
    locked.instrument = study.instrument = stored
    locked.save(update_fields=["instrument", "plan"])
    study.plan = locked.plan
    details: dict[str, Any] = {"key": key} if key else {}
    record(study, SAVED, actor=actor, change=change, **details)
    return lost


_CLASSIC_NAMED = to_data(CLASSIC.model_copy(update={"primary": "choice"}))


# What changes without another answer becoming possible.
_ONLY_READ = frozenset({"text", "low", "high", "points", "primary", "layout"})


def _answered_by(data: Any) -> Any:
    """Return what tells which answers an instrument takes: its plain data without its words."""
    if isinstance(data, dict):
        return {name: _answered_by(value) for name, value in data.items() if name not in _ONLY_READ}
    return [_answered_by(value) for value in data] if isinstance(data, list) else data


def _loses_smallest(study: Study, new: Instrument) -> bool:
    """Take the smallest difference out of the plan if the new main question has other units; return whether it was."""
    planned = study.plan.get("analysis") or {}
    if "smallest" not in planned:
        return False
    with suppress(InstrumentRefused):
        if _units(instrument_of(study)) == _units(new):
            return False
    study.plan = study.plan | {"analysis": {name: value for name, value in planned.items() if name != "smallest"}}
    return True


def _units(instrument: Instrument) -> tuple[object, ...]:
    """Return what tells in which units the answers to the main question are counted."""
    key = instrument.primary_key
    for _question, scale in instrument.scales():
        if scale.key == key:
            return ("steps", scale.lowest, scale.highest)
    choose = instrument.choose
    if choose is not None and choose.key == key:
        return ("points", choose.ranks if choose.ranks > 2 else 2, *choose.points)
    return ("pairs",) if key else ()


def _refuse_misfit(instrument: Instrument, conditions: int) -> None:
    if instrument.choose and instrument.choose.ranks > conditions:
        raise InstrumentRefused(
            _("“%(key)s” asks for %(n)d choices, but a clip has %(images)d images: ask for %(images)d at most.")
            % {"key": instrument.choose.key, "n": instrument.choose.ranks, "images": conditions}
        )
    most = conditions * (conditions - 1) // 2
    if instrument.pairs_per_clip is not None and instrument.pairs_per_clip > most:
        raise InstrumentRefused(
            _("A clip with %(images)d images has %(most)d pairs: write %(most)d at most, or leave it empty.")
            % {"images": conditions, "most": most}
        )


def use_preset(study: Study, name: str, *, actor: Any = None) -> bool:
    """Replace the questions by those of a preset."""
    if name not in PRESETS:
        raise StudyError(_("There is no such preset; choose one of: %(names)s.") % {"names": ", ".join(PRESETS)})
    return set_instrument(study, PRESETS[name], change="preset", key=name, actor=actor)


def add_question(study: Study, question: Data, *, whole: Mapping[str, Any] | None = None, actor: Any = None) -> bool:
    """Add a question at the end. `whole`: values of the instrument that are set with it."""
    return _change(study, lambda rows: rows.append(question), question["key"], "added", actor, whole=whole)


def replace_question(
    study: Study,
    key: str,
    question: Data,
    *,
    renames: Mapping[str, str],
    whole: Mapping[str, Any] | None = None,
    actor: Any = None,
) -> bool:
    """Put a question in the place of another.

    Args:
        renames: new keys by old ones; the plan's main question keeps its meaning.
        whole: values of the instrument that are set with it.
    """

    def replaced(rows: list[Data]) -> None:
        rows[_at(rows, key)] = question

    return _change(study, replaced, question["key"], "changed", actor, renames=renames, whole=whole)


def move_question(study: Study, key: str, by: int, *, actor: Any = None) -> bool:
    """Move a question up (-1) or down (1); at the end it stays."""

    def moved(rows: list[Data]) -> None:
        at = _at(rows, key)
        rows.insert(max(0, at + by), rows.pop(at))

    return _change(study, moved, key, "moved", actor)


def remove_question(study: Study, key: str, *, actor: Any = None) -> bool:
    """Remove a question; if it was the plan's main question, the first that compares images is."""

    def removed(rows: list[Data]) -> None:
        if len(rows) == 1:
            raise StudyError(_("A trial asks one question at least. Add another one first, or start from a preset."))
        del rows[_at(rows, key)]

    return _change(study, removed, key, "removed", actor)


def name_primary(study: Study, key: str, *, actor: Any = None) -> bool:
    """Name the question or scale whose contrast the plan names; empty: the first that compares images."""
    return set_instrument(study, to_data(instrument_of(study)) | {"primary": key}, change="main", key=key, actor=actor)


def _at(rows: list[Data], key: str) -> int:
    for at, row in enumerate(rows):
        if row["key"] == key:
            return at
    raise StudyError(_("This question is no longer there: somebody removed or renamed it. Nothing was saved."))


@transaction.atomic
def _change(
    study: Study,
    change_rows: Callable[[list[Data]], None],
    key: str,
    change: str,
    actor: Any,
    *,
    renames: Mapping[str, str] | None = None,
    whole: Mapping[str, Any] | None = None,
) -> bool:
    data = to_data(instrument_of(lock_settings(study)))
    change_rows(data["questions"])
    data |= whole or {}
    if not any(row["kind"] == "pair" for row in data["questions"]):
        data["pairs_per_clip"] = None
    data["primary"] = (renames or {}).get(data["primary"], data["primary"])
    if data["primary"] and data["primary"] not in _keys(data["questions"]):
        data["primary"] = ""
    return set_instrument(study, data, change=change, key=key, actor=actor)


def _keys(rows: list[Data]) -> set[str]:
    return {row["key"] for row in rows} | {scale["key"] for row in rows for scale in row.get("scales", ())}


def answer_keys(instrument: Instrument, besides: str = "") -> set[str]:
    """Return the keys that are taken: of questions and their scales, except those of the question `besides`."""
    taken: set[str] = set()
    for question in instrument.questions:
        if question.key != besides:
            taken.add(question.key)
            taken |= {scale.key for scale in question.scales} if isinstance(question, Rate) else set()
    return taken
