"""Walk through the survey's real pages: send each form with the answers that it asks for."""

import re
from collections.abc import Callable
from html import unescape
from math import inf

import numpy as np

from study.errors import StudyError
from study.models import Study
from study.participants.headphones import QUIETEST
from study.participants.questions import (
    Choice,
    Matrix,
    Number,
    Question,
    Scale,
    Several,
    item_name,
    load_question_set,
)
from study.simulation.transports import Fields, Reply, Session


class SurveyBroken(StudyError):
    """A page of the survey failed, or leads to no other page."""


HEARS_QUIETEST = 0.9  # how often simulated people name the quiet tone for a reason other than chance
_HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")


def hidden_fields(text: str) -> dict[str, str]:
    """Return the hidden inputs of a page's main form, by name; the form above it switches the language."""
    main = text.partition('id="content"')[2] or text
    fields = {}
    for tag in _HIDDEN.findall(main):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[name.group(1)] = unescape(value.group(1))
    return fields


Chooser = Callable[[Reply], Fields]


def walk(
    session: Session,
    entry_path: str,
    choose: Chooser,
    *,
    stop_after: int | None = None,
    answers: Fields | None = None,
) -> Reply:
    """Answer the survey from its link to the thanks page, or until `stop_after` ballots; return the last page.

    Args:
        choose: returns a trial page's answer.
        answers: answers to questions beside the trials, by key; other questions get any answer.

    Raises:
        SurveyBroken: a page answers with an error or leads nowhere.
    """
    page = session.get(entry_path)
    entry_fields = hidden_fields(page.text)
    if page.status != 200:
        raise SurveyBroken(f"The link answered {page.status}: {_heading(page.text)}")
    page = session.post(entry_path, entry_fields)
    ballots = 0
    for _ in range(2000):
        if page.status != 200:
            raise SurveyBroken(f"{_masked(page.path)} answered {page.status}: {_heading(page.text)}")
        step = page.path.strip("/").split("/")[2] if page.path.count("/") > 3 else ""
        if step in ("thanks", "not-this-time"):
            return page
        data: dict[str, str | list[str]] = {**hidden_fields(page.text)}
        if step == "trial":
            if stop_after is not None and ballots >= stop_after:
                return page
            ballots += 1
            data |= choose(page)
        elif step == "consent":
            data["agree"] = "on"
        elif step == "sound":
            data |= _chosen(page.text, answers) | {"heard": "yes"}
        elif step == "questions":
            data |= _chosen(page.text, answers)
        elif step not in ("instructions", "review"):
            raise SurveyBroken(f"The survey led to {_masked(page.path)}, where the walk cannot go on.")
        page = session.post(page.path, data)
    raise SurveyBroken("The survey did not end after 2,000 pages.")


def _heading(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text, re.S)
    return unescape(found.group(1)).strip() if found else "no heading"


def _masked(path: str) -> str:
    return re.sub(r"^/q/[^/]+", "/q/…", path)


def _chosen(text: str, answers: Fields | None) -> dict[str, str | list[str]]:
    """Return an answer to each question on a page: from `answers`, else any."""
    asked = _any_answers(text)
    return {**asked} | {key: value for key, value in (answers or {}).items() if key in asked}


def _any_answers(text: str) -> dict[str, str]:
    """Return an answer to each question on a page: the first choice, 1 for numbers, a word for required texts."""
    answers: dict[str, str] = {}
    for name, value in re.findall(r'<input type="(?:radio|checkbox)" name="([^"]+)" value="([^"]*)"', text):
        answers.setdefault(name, unescape(value))
    for name in re.findall(r'<input type="number" name="([^"]+)"', text):
        answers[name] = "1"
    for name in re.findall(r'<input type="text" name="([^"]+)"[^>]*required', text):
        answers[name] = "simulated"
    for name in re.findall(r'<textarea name="([^"]+)"[^>]*required', text):
        answers[name] = "simulated"
    return answers


def suitable_answers(study: Study, rng: np.random.Generator | None = None) -> dict[str, str | list[str]]:
    """Return answers that do not screen out, by the names of the form's fields.

    With `rng` they are drawn: options that let people go on, numbers within their limits, and in the headphone
    screening mostly the quiet tone. Without, everybody gives the first of these.
    """
    full = {(quota["question"], quota["answer"]) for quota in study.quotas}
    suitable: dict[str, str | list[str]] = {}
    for source in filter(str.strip, (study.questions_before, study.questions_after)):
        for question in load_question_set(source).questions:
            suitable |= _suitable(question, full, rng)
    if rng is not None:
        suitable |= {
            f"quietest_{sound}": str(place if rng.random() < HEARS_QUIETEST else rng.integers(1, 4))
            for sound, place in QUIETEST.items()
        }
    return suitable


def _suitable(
    question: Question, full: set[tuple[str, str]], rng: np.random.Generator | None
) -> dict[str, str | list[str]]:
    """Return the fields of one question; none if any answer will do."""
    if isinstance(question, Choice | Several):
        open_to = [option.key for option in question.options if not option.screen_out]
        unlimited = [key for key in open_to if (question.key, key) not in full]
        possible = unlimited or open_to or [question.options[0].key]
        one = possible[0] if rng is None else str(rng.choice(possible))
        if isinstance(question, Choice) or rng is None:
            return {question.key: one}
        alone = {option.key for option in question.options if option.alone}
        return {question.key: [key for key in possible if key == one or (one not in alone and _also(key, alone, rng))]}
    if isinstance(question, Number):
        return {question.key: f"{_number(question, rng):g}"}
    if isinstance(question, Scale) and rng is not None:
        return {question.key: str(rng.integers(question.start, question.to + 1))}
    if isinstance(question, Matrix) and rng is not None:
        steps = [str(step) for step in range(question.start, question.to + 1)]
        answers = [option.key for option in question.options] or steps
        return {item_name(question, row): str(rng.choice(answers)) for row in question.rows}
    return {}


def _also(key: str, alone: set[str], rng: np.random.Generator) -> bool:
    """Whether a simulated person ticks this answer beside another one."""
    return key not in alone and bool(rng.random() < 0.3)


def _number(question: Number, rng: np.random.Generator | None) -> float:
    """A number within the question's limits: 1 or the nearest to it; with `rng` any up to 100 above the lowest."""
    low, high = (-inf if question.min is None else question.min), (inf if question.max is None else question.max)
    if rng is None:
        return max(low, min(1.0, high))
    lowest = max(low, min(0.0, high))
    return round(float(rng.uniform(lowest, min(high, lowest + 100)))) if lowest + 1 <= high else lowest
