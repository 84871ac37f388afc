"""Question sets: a few questions before or after the trials, written as YAML.

A set has a `title` and `questions`; a question has a `key`, a `type` (choice, several, number, text, scale, matrix),
a `text` in one or more languages, and the fields of its type. `load_question_set` validates it and reports faults by
line; `question_writing` writes it.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, model_validator

from study.errors import StudyError
from study.untrusted_files.yaml_text import Limits, Lines, YamlRefused, read_yaml

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
# Forty questions with twenty answers each in two languages. What was saved before there was a limit can be longer.
LIMITS = Limits(characters=100_000, values=12_000)
MOST_QUESTIONS = 40
MOST_STEPS = 11  # of a scale
_LIMITS_OF_SAVED = Limits(characters=3_000_000, is_saved=True)
Texts = dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z]+)?$")], str]


class QuestionSetError(StudyError):
    """A question set that cannot be used; the message names the line and what to correct."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Answer(_Strict):
    """One answer to choose, or one row of a matrix."""

    key: Key = Field(description="its name in exports")
    text: Texts = Field(description="the text shown, by language", min_length=1)


class Option(Answer):
    """One answer of a choice."""

    screen_out: bool = Field(default=False, description="whether choosing it screens the participant out")


class Tick(Option):
    """One answer of several."""

    alone: bool = Field(default=False, description="whether no other answer goes with it, as with “none of these”")


class _Question(_Strict):
    key: Key = Field(description="its name in exports")
    text: Texts = Field(description="the text shown, by language", min_length=1)
    required: bool = Field(default=True, description="whether it has to be answered")

    def _check_keys(self, rows: Sequence[Answer], what: str) -> None:
        keys = [row.key for row in rows]
        if len(set(keys)) != len(keys):
            raise ValueError(f"two {what} of '{self.key}' have the same key; rename one")


class Choice(_Question):
    """One of several answers."""

    type: Literal["choice"]
    options: list[Option] = Field(min_length=2, description="the answers")

    @model_validator(mode="after")
    def keys_differ(self) -> "Choice":
        self._check_keys(self.options, "options")
        return self


class Several(_Question):
    """Any number of the answers."""

    type: Literal["several"]
    options: list[Tick] = Field(min_length=2, description="the answers")

    @model_validator(mode="after")
    def keys_differ(self) -> "Several":
        self._check_keys(self.options, "options")
        return self


class Number(_Question):
    """A number."""

    type: Literal["number"]
    min: float | None = Field(default=None, description="the smallest that is taken")
    max: float | None = Field(default=None, description="the largest that is taken")

    @model_validator(mode="after")
    def has_room(self, info: ValidationInfo) -> "Number":
        # Of a set that is in use already, nothing is refused that was taken before.
        if info.context and self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"'{self.key}' takes no number: its min {self.min:g} is above its max {self.max:g}")
        return self


class Text(_Question):
    """Free text."""

    type: Literal["text"]
    max_length: int = Field(default=500, ge=1, le=5000, description="how many characters")


class _Steps(_Question):
    start: int = Field(default=1, alias="from", description="the number at the low end")
    to: int = Field(default=7, description="the number at the high end")
    low: Texts = Field(default_factory=dict, description="what the low end means")
    high: Texts = Field(default_factory=dict, description="what the high end means")

    @model_validator(mode="after")
    def has_room(self) -> "_Steps":
        if not 1 <= self.to - self.start <= MOST_STEPS - 1:
            raise ValueError(f"'{self.key}' goes from {self.start} to {self.to}; a scale has 2 to {MOST_STEPS} steps")
        return self


class Scale(_Steps):
    """A row of numbers with words at its ends."""

    type: Literal["scale"]


class Matrix(_Steps):
    """Rows that are all answered by the same options or, without options, on the same scale."""

    type: Literal["matrix"]
    rows: list[Answer] = Field(min_length=1, max_length=40, description="what is answered, row by row")
    options: list[Answer] = Field(default_factory=list, description="the answers of each row; none: the scale")

    @model_validator(mode="after")
    def is_of_one_kind(self) -> "Matrix":
        self._check_keys(self.rows, "rows")
        self._check_keys(self.options, "options")
        if len(self.options) == 1:
            raise ValueError(f"'{self.key}' has one option; write two or more, or a scale")
        if self.options and {"start", "to", "low", "high"} & self.model_fields_set:
            raise ValueError(f"'{self.key}' has options and a scale; keep one of the two")
        return self


Question = Annotated[Choice | Several | Number | Text | Scale | Matrix, Field(discriminator="type")]
KINDS: tuple[str, ...] = ("choice", "several", "number", "text", "scale", "matrix")


def items_of(question: Question) -> list[Answer]:
    """What has a column of its own in exports: each option of several, each row of a matrix; of others nothing."""
    if isinstance(question, Several):
        return list(question.options)
    return list(question.rows) if isinstance(question, Matrix) else []


def item_name(question: Question, item: Answer) -> str:
    """The name of an item among the set's keys: of its column and, for a row, of its field."""
    return f"{question.key}_{item.key}"


class QuestionSet(_Strict):
    """All questions of one page."""

    title: Texts = Field(default_factory=dict, description="the page's heading, by language")
    questions: list[Question] = Field(min_length=1, max_length=MOST_QUESTIONS, description="the questions, in order")

    @model_validator(mode="after")
    def keys_differ(self) -> "QuestionSet":
        keys = [question.key for question in self.questions]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key '{twice[0]}' is used twice; rename one question")
        known = set(keys)
        for question in self.questions:
            for name in (item_name(question, item) for item in items_of(question)):
                if name in known:
                    raise ValueError(
                        f"two answers would be called '{name}' in exports, one of '{question.key}'; rename a key"
                    )
                known.add(name)
        return self


def localized(texts: Texts) -> str:
    """The text in the active language, else in English, else in the first language."""
    return in_language(texts, get_language() or "en")


def in_language(texts: Texts, language: str) -> str:
    """The text in a language, else in English, else in the first language."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


@lru_cache(maxsize=32)  # each page and each person's row asks for it
def load_question_set(text: str, *, is_new: bool = False) -> QuestionSet:
    """Read and validate a question set, which nobody may change; `is_new`: it is about to be saved.

    Raises:
        QuestionSetError: the text is not YAML or not a valid question set.
    """
    try:
        content, lines = read_yaml(text, LIMITS if is_new else _LIMITS_OF_SAVED)
    except YamlRefused as error:
        raise QuestionSetError(_("line %(n)d: %(why)s") % {"n": error.line, "why": error}) from error
    try:
        return QuestionSet.model_validate(content, context={"is_new": True} if is_new else None)
    except ValidationError as error:
        raise QuestionSetError(" ".join(_fault(lines, fault) for fault in error.errors()[:5])) from error


def _fault(lines: Lines, fault: Any) -> str:
    """Describe one validation error with its path and the line of as much of the path as the text has."""
    found: tuple[str | int, ...] = ()
    shown = []
    for depth, part in enumerate(fault["loc"]):
        if (*found, part) in lines:
            found = (*found, part)
        elif depth == 2 and part in KINDS:  # the type of a question, which pydantic puts into the path
            continue
        shown.append(str(part + 1) if isinstance(part, int) else str(part))
    message = fault["msg"].removeprefix("Value error, ")
    return _("line %(n)d (%(path)s): %(why)s.") % {"n": lines[found], "path": " ".join(shown) or "-", "why": message}


def shipped_question_set(name: str) -> str:
    """The YAML text of a question set that ships with Earsight, one of `SHIPPED`."""
    return (resources.files("study.participants") / "question_sets" / f"{name}.yaml").read_text(encoding="utf-8")


# The sets that ship, in the order in which they are offered.
SHIPPED = ("musical_experience", "musical_background", "listening_situation", "demographics", "sight_and_hearing")
