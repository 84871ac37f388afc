"""`manage.py instrument VERB …`: the questions that each trial of a study asks."""

from typing import Any

from study.access import Access, Right
from study.errors import StudyError
from study.instruments.of_study import instrument_of
from study.instruments.presets import PRESETS
from study.instruments.reading import to_data
from study.instruments.words import in_words
from study.management.arguments import input_file
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.setup import instrument_editing
from study.setup.instrument_text import instrument_yaml, read_instrument
from study.texts import question


def show(access: Access, given: Given) -> dict[str, Any]:
    instrument = instrument_of(access.study)
    return {
        "questions": [[n, line] for n, line in enumerate(in_words(instrument, question(access.study)), start=1)],
        "primary": instrument.primary_key,
        "instrument": to_data(instrument) if given["json"] else None,
        "yaml": instrument_yaml(instrument),
    }


def preset(access: Access, given: Given) -> dict[str, Any]:
    instrument_editing.use_preset(access.study, given["name"], actor=access.user)
    return {"done": f"The questions are those of '{given['name']}'.", **_now(access)}


def replace(access: Access, given: Given) -> dict[str, Any]:
    try:
        text = given["file"].read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(f"{given['file']} is no UTF-8 text.") from error
    instrument_editing.set_instrument(access.study, read_instrument(text), change="imported", actor=access.user)
    return {"done": "The questions are saved.", **_now(access)}


def change(access: Access, given: Given) -> dict[str, Any]:
    what, key = given["what"], given["key"]
    if what == "remove":
        instrument_editing.remove_question(access.study, key, actor=access.user)
    else:
        instrument_editing.move_question(access.study, key, -1 if what == "up" else 1, actor=access.user)
    return {"done": "The questions are changed.", **_now(access)}


def primary(access: Access, given: Given) -> dict[str, Any]:
    instrument_editing.name_primary(access.study, given["key"], actor=access.user)
    return {"done": "The main question is saved.", **_now(access)}


def _now(access: Access) -> dict[str, Any]:
    instrument = instrument_of(access.study)
    return {"keys": list(instrument.keys()), "primary": instrument.primary_key}


class Command(ScriptedCommand):
    help = "Print or change the questions that each trial of a study asks: choices, pairs, ratings, categories, words."
    examples = (
        "preset my-study match_and_quality --as mina",
        "show my-study --as mina",
        "set my-study questions.yaml --as mina",
        "primary my-study quality --as mina",
    )
    verbs = (
        Verb("show", "print the questions, and as YAML", Right.LOOK, show),
        Verb(
            "preset",
            "take the questions of a preset",
            Right.EDIT,
            preset,
            (argument("name", "which", choices=tuple(PRESETS)),),
            ("instrument_change",),
        ),
        Verb(
            "set",
            "replace the questions by those of a file",
            Right.EDIT,
            replace,
            (argument("file", "YAML, as show prints it", type=input_file),),
            ("instrument_yaml", "instrument_add", "instrument_edit"),
        ),
        Verb(
            "change",
            "move or remove one question",
            Right.EDIT,
            change,
            (
                argument("what", "up, down or remove", choices=("up", "down", "remove")),
                argument("key", "of the question"),
            ),
            ("instrument_change",),
        ),
        Verb(
            "primary",
            "name the question or scale that the plan compares first",
            Right.EDIT,
            primary,
            (argument("key", "of the question or scale; '' for the first that compares images"),),
            ("study_instrument",),
        ),
    )
