"""What people said beside their ballots: one row a person, with a typed value for each question and check.

Exports, the report, moderators and rules of exclusion read these values, by the names of the columns: `before_age` is
the answer to the question `age` of the set before the trials, `after_age` of the set after them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, override

from study.ballots.table import in_batches, kinds_of
from study.models import Participant, Study
from study.participants.headphones import PASSES_FROM, headphones_right
from study.participants.questions import (
    Choice,
    Matrix,
    Number,
    Question,
    QuestionSetError,
    Scale,
    Several,
    Texts,
    in_language,
    item_name,
    items_of,
    load_question_set,
)

PARTS = ("before", "after")
# A choice is the key of its option, a scale a whole number, a number an int or float, a text a str; None: no answer.
Value = str | int | float | None


@dataclass(frozen=True)
class AnswerColumn:
    """One column of the table.

    Attributes:
        name: of the column, in every table.
        kind: "choice", "scale", "number" or "text".
        text: the question, by language.
        options: of a choice: its answers' texts, by key and language.
        steps: of a scale: its lowest and highest number.
        question, item: of one option of several (answered by yes or no) or one row of a matrix: the name of its
            question, by part and key, and the key of the option or row.
    """

    name: str
    kind: str
    text: Texts
    options: Mapping[str, Texts] = field(default_factory=dict)
    steps: tuple[int, int] | None = None
    question: str = ""
    item: str = ""

    @property
    def is_personal_text(self) -> bool:
        """Whether people wrote it in their own words: never in a report, nor in an export of a sealed study."""
        return self.kind == "text"


@dataclass(frozen=True)
class PersonAnswers:
    """One person's values by the names of the columns."""

    participant: Participant
    values: Mapping[str, Value]


def answer_columns(study: Study) -> tuple[AnswerColumn, ...]:
    """The columns of the study: device and language at consent, the sound check, then the questions in their order."""
    questions = ((part, row) for part in PARTS for row in questions_of(study, part))
    return (*_check_columns(), *(column for part, row in questions for column in question_columns(part, row)))


def asked_columns(study: Study) -> list[AnswerColumn]:
    """The columns of what the study asks: without the checks that its plan does not have."""
    asked = {"sound_heard": study.sound_check or study.headphone_check} | dict.fromkeys(
        ("headphones_right", "headphones_passed"), study.headphone_check
    )
    return [column for column in answer_columns(study) if asked.get(column.name, True)]


def questions_of(study: Study, part: str) -> list[Question]:
    """The questions "before" or "after" the trials; none of a draft's set that cannot be used."""
    text = {"before": study.questions_before, "after": study.questions_after}[part].rstrip()
    try:
        return load_question_set(text).questions if text else []
    except QuestionSetError:
        if study.status != Study.Status.DRAFT:
            raise
        return []


def iterate_answers(study: Study, *, after: int = -1) -> Iterator[PersonAnswers]:
    """The answers of everybody of the kind that counts, in all stages, by number, behind the number `after`.

    Withdrawn people have none left and no row.
    """
    columns = answer_columns(study)
    people = study.participants.filter(kind__in=kinds_of(study))
    for batch in in_batches(people.exclude(status=Participant.Status.WITHDRAWN), after=after):
        for person in batch:
            yield PersonAnswers(person, typed_values(person.answers, columns))


def device_of(user_agent: str) -> str:
    """The kind of device that a browser names: "phone", "tablet", "computer"; "" if it names none.

    Browsers of phones have "Mobi" in their names. Newer tablets by Apple pass for computers.
    """
    if not user_agent:
        return ""
    if "iPad" in user_agent or ("Android" in user_agent and "Mobi" not in user_agent):
        return "tablet"
    return "phone" if "Mobi" in user_agent else "computer"


def typed_values(answers: Mapping[str, Any], columns: Iterable[AnswerColumn]) -> dict[str, Value]:
    """One person's `Participant.answers` as values by the names of the columns."""
    consent, sound = answers.get("consent") or {}, answers.get("sound") or {}
    right = headphones_right(answers)
    checks: dict[str, Value] = {
        "consent_language": consent.get("language") or None,
        "device": consent.get("device") or None,
        "sound_heard": sound.get("heard") or None,
        "headphones_right": right,
        "headphones_passed": None if right is None else "yes" if right >= PASSES_FROM else "no",
    }
    found = checks | {f"{part}_{key}": value for part in PARTS for key, value in (answers.get(part) or {}).items()}
    return {column.name: _typed(column, _given(column, found)) for column in columns}


def _given(column: AnswerColumn, found: Mapping[str, Any]) -> Any:
    """What was answered in a column; nothing of an option that was not ticked because nothing was.

    Nothing, too, of what a pilot of a draft answered to a question that has become one of another kind.
    """
    value = found.get(column.question or column.name)
    if isinstance(value, list):
        is_option = bool(column.item) and column.options.keys() == {"yes", "no"}
        return ("yes" if column.item in value else "no") if is_option else None
    if isinstance(value, dict):
        return value.get(column.item)
    return None if column.item else value


def _typed(column: AnswerColumn, value: Any) -> Value:
    if value is None or value == "":
        return None
    if column.kind in ("choice", "text"):
        return str(value)
    try:
        number = float(value)
    except ValueError:  # a draft's question was one of another kind when a pilot answered it
        return None
    return int(number) if number.is_integer() else number


def question_columns(part: str, question: Question) -> list[AnswerColumn]:
    """The columns of one question: one, but of several one for each option, of a matrix one for each row."""
    name = f"{part}_{question.key}"
    if items := items_of(question):
        return [
            replace(
                _column(f"{part}_{item_name(question, item)}", question, _joined(question.text, item.text)),
                question=name,
                item=item.key,
            )
            for item in items
        ]
    return [_column(name, question, question.text)]


def _column(name: str, question: Question, text: Texts) -> AnswerColumn:
    if isinstance(question, Several):
        return AnswerColumn(name, "choice", text, _yes_no())
    if isinstance(question, Choice) or (isinstance(question, Matrix) and question.options):
        return AnswerColumn(name, "choice", text, {option.key: option.text for option in question.options})
    if isinstance(question, Scale | Matrix):
        return AnswerColumn(name, "scale", text, steps=(question.start, question.to))
    return AnswerColumn(name, "number" if isinstance(question, Number) else "text", text)


def _joined(question: Texts, item: Texts) -> Texts:
    """The question with one of its options or rows, in every language that one of them has."""
    return {code: f"{in_language(question, code)} – {in_language(item, code)}" for code in {**question, **item}}


def _yes_no() -> dict[str, Texts]:
    return {"yes": _by_language(gettext_lazy("yes")), "no": _by_language(gettext_lazy("no"))}


def _check_columns() -> tuple[AnswerColumn, ...]:
    yes_no = _yes_no()
    languages = {code: _by_language(name) for code, name in settings.LANGUAGES}
    devices = {
        "phone": _by_language(gettext_lazy("phone")),
        "tablet": _by_language(gettext_lazy("tablet")),
        "computer": _by_language(gettext_lazy("computer")),
    }
    return (
        AnswerColumn("consent_language", "choice", _by_language(gettext_lazy("Language of the consent")), languages),
        AnswerColumn("device", "choice", _by_language(gettext_lazy("Device at the consent")), devices),
        AnswerColumn("sound_heard", "choice", _by_language(gettext_lazy("Heard the test sound")), yes_no),
        AnswerColumn(
            "headphones_right", "number", _by_language(gettext_lazy("Headphone screening: right answers of six"))
        ),
        AnswerColumn(
            "headphones_passed",
            "choice",
            _by_language(gettext_lazy("Headphone screening passed (five or six right)")),
            yes_no,
        ),
    )


def _by_language(text: str | Promise) -> Texts:
    texts = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts[code] = str(text)
    return texts
