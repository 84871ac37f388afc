"""The columns of a deposit's tables: what the export's codebooks say they mean, and what their cells may hold."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation

from analysis.tables import clips_left_out, paintings
from analysis.tables.codebook import CONTENT_MEANING, ballot_meanings, long_meanings, questions_in_words
from analysis.tables.participant_table import about_columns, meaning_of
from config.deposits.description import Column, Kind
from config.deposits.paths import CLIPS, PARTICIPANTS
from study.ballots.table import CONTENT
from study.instruments.of_study import instrument_of
from study.instruments.questions import KINDS
from study.models import Participant, Study, StudyStage
from study.participants.answers_table import AnswerColumn
from study.participants.questions import localized
from study.setup.paintings import RepaintReason

WORDS_LEFT_OUT = "[left out]"
"""In place of words that people wrote and that are left out: that something was written still counts."""

_NO_YES = {"0": "no", "1": "yes"}
_COUNT: dict[str, Any] = {"kind": Kind.INTEGER, "minimum": 0}
_FROM_ONE: dict[str, Any] = {"kind": Kind.INTEGER, "minimum": 1}
_FLAG: dict[str, Any] = {"kind": Kind.YES_NO, "values": _NO_YES}
_STATES = [state for state in Participant.Status if state != Participant.Status.WITHDRAWN]  # of whom nothing is left
_PRESENT = {"may_be_empty": False}
_PERSON = {"refers_to": (PARTICIPANTS, "participant")} | _PRESENT
_CLIP = {"refers_to": (CLIPS, "clip")} | _PRESENT
_PERSON_MEANING = "code of the person in this deposit, by which other tables name them too"

_CLIP_COLUMNS = {
    "clip": "file name of the clip",
    "practice": "1 if it was only heard in a practice trial; else 0",
    "seconds": "length of the file",
    "heard_from": "where in the file people began to hear it; empty if they heard all of it",
    "heard_to": "where in the file people ceased to hear it; empty if they heard all of it",
    "sha256": "SHA-256 (hexadecimal) of the file as it was uploaded",
    "licence": "of the sound; empty if the researchers have not said",
    "sound": "the sound's file in this deposit; empty if its licence does not allow it, or nobody said that it does",
    "tags": "the clip's tags as they were imported, separated by semicolons",
}
_STIMULUS_COLUMNS = {
    "clip": "file name of the clip",
    "condition": "how the image was made",
    "file": "the image's file in this deposit",
    "sha256": "SHA-256 (hexadecimal) of the image as it was made or uploaded",
    "width": "of the image",
    "height": "of the image",
    "painter": "what made it; “uploaded” of images that were made elsewhere",
    "prompt": "the text it was made from; empty of an uploaded image",
}
_MATCH_COLUMNS = {
    "participant": _PERSON_MEANING,
    "clip": "file name of the clip that was heard",
    "own": "1 if the person chose an image of the clip heard, 0 if one of another clip",
    "excluded": "1 if the person is excluded from the analysis",
}
BY_HAND = "by hand"
_REASONS = f"why: “{BY_HAND}” for a researcher's decision, and the rules of the plan that leave the person out"


def ballot_columns(study: Study, names: tuple[str, ...], answers: tuple[AnswerColumn, ...]) -> tuple[Column, ...]:
    """The columns `names` of the ballot table, and those of people's answers joined to it."""
    conditions = conditions_in_words(study)
    places: dict[str, Any] = _FROM_ONE | {"maximum": len(conditions)}
    facts: dict[str, dict[str, Any]] = {
        "participant": _PERSON,
        "clip": _CLIP,
        "first": {"values": conditions},
        "second": {"values": conditions},
        "repeat": _COUNT | _PRESENT,
        "trial": _FROM_ONE | _PRESENT,
        "position_first": places,
        "position_second": places,
        "excluded": _FLAG | _PRESENT,
        "none_fits": _FLAG | _PRESENT,
        "seconds": _COUNT | {"unit": "s"},
        "listened_seconds": _COUNT | {"unit": "s"},
        "knows_piece": _FLAG,
        CONTENT: {"kind": Kind.JSON},
    }
    meanings = ballot_meanings(study) | {"participant": _PERSON_MEANING, CONTENT: CONTENT_MEANING}
    return (*_columns(meanings, facts, names), *map(answer_column, answers))


def long_columns(study: Study, names: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of the long table of answers."""
    instrument = instrument_of(study)
    with translation.override("en"):
        questions = dict(questions_in_words(instrument))
    conditions = conditions_in_words(study)
    facts: dict[str, dict[str, Any]] = {
        "participant": _PERSON,
        "clip": _CLIP,
        "repeat": _COUNT | _PRESENT,
        "trial": _FROM_ONE | _PRESENT,
        "question": {"values": questions} | _PRESENT,
        "kind": {"values": {kind: kind for kind in KINDS}} | _PRESENT,
        "condition": {"values": conditions},
        "position": _FROM_ONE | {"maximum": len(conditions)},
        "excluded": _FLAG | _PRESENT,
    }
    return _columns(long_meanings(study) | {"participant": _PERSON_MEANING}, facts, names)


def participant_columns(study: Study, about: tuple[str, ...], answers: tuple[AnswerColumn, ...]) -> tuple[Column, ...]:
    """The columns `about` the person, and those of their answers."""
    facts: dict[str, dict[str, Any]] = {
        "participant": _PRESENT,
        "kind": {"values": {"real": "a person", "simulated": "a program"}} | _PRESENT,
        "status": {"values": {str(state): str(state).replace("_", " ") for state in _STATES}} | _PRESENT,
        "excluded": _FLAG | _PRESENT,
        "stage": {"values": {str(stage): str(stage).replace("_", " ") for stage in StudyStage}} | _PRESENT,
        "study_version": _FROM_ONE | _PRESENT,
    }
    meanings = about_columns(study) | {
        "participant": "code of the person in this deposit",
        "exclusion_reason": _REASONS,
    }
    return (*_columns(meanings, facts, about), *map(answer_column, answers))


def clip_columns() -> tuple[Column, ...]:
    """The columns of the table of clips."""
    seconds: dict[str, Any] = {"kind": Kind.NUMBER, "unit": "s", "minimum": 0}
    facts = {
        "clip": _PRESENT,
        "practice": _FLAG | _PRESENT,
        "seconds": seconds | _PRESENT,
        "heard_from": seconds,
        "heard_to": seconds,
    }
    return _columns(_CLIP_COLUMNS, facts)


def stimulus_columns(study: Study) -> tuple[Column, ...]:
    """The columns of the table of images."""
    pixels: dict[str, Any] = _FROM_ONE | {"unit": "pixels"}
    facts: dict[str, dict[str, Any]] = {
        "clip": _CLIP,
        "condition": {"values": conditions_in_words(study)} | _PRESENT,
        "width": pixels,
        "height": pixels,
    }
    return _columns(_STIMULUS_COLUMNS, facts)


def match_columns() -> tuple[Column, ...]:
    """The columns of the table of match-control answers."""
    return _columns(
        _MATCH_COLUMNS,
        {"participant": _PERSON, "clip": _CLIP, "own": _FLAG | _PRESENT, "excluded": _FLAG | _PRESENT},
    )


def painting_columns() -> tuple[Column, ...]:
    """The columns of the table of paintings."""
    reasons = {str(reason): str(reason).replace("_", " ") for reason in RepaintReason.values}
    facts: dict[str, dict[str, Any]] = {
        "clip": _PRESENT,
        "painting": _FROM_ONE | _PRESENT,
        "reason": {"values": reasons},
    }
    return _columns(paintings.COLUMNS, facts)


def left_out_columns() -> tuple[Column, ...]:
    """The columns of the table of clips that were left out."""
    by = {
        clips_left_out.BY_PERSON: "a person left it out",
        clips_left_out.BY_REDEFINITION: "the study leaves out clips whose tags it does not change",
    }
    return _columns(
        clips_left_out.COLUMNS, {"clip": _PRESENT, "by": {"values": by} | _PRESENT, "images": _FLAG | _PRESENT}
    )


def answer_column(column: AnswerColumn) -> Column:
    """The column of an answer of people to a question before or after the trials, or of a check."""
    with translation.override("en"):
        meaning = meaning_of(column)
        values = {key: localized(text) for key, text in column.options.items()}
    low, high = column.steps or (None, None)
    kind = {"scale": Kind.INTEGER, "number": Kind.NUMBER}.get(column.kind, Kind.TEXT)
    return Column(name=column.name, meaning=meaning, kind=kind, values=values, minimum=low, maximum=high)


def conditions_in_words(study: Study) -> dict[str, str]:
    """The keys of the study's conditions, each with its label, in their order."""
    with translation.override("en"):
        return {row.key: translation.gettext(row.label) for row in study.conditions.order_by("number")}


def _columns(
    meanings: Mapping[str, str], facts: Mapping[str, Mapping[str, Any]], names: tuple[str, ...] = ()
) -> tuple[Column, ...]:
    return tuple(Column(name=name, meaning=meanings[name], **facts.get(name, {})) for name in names or meanings)
