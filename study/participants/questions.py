"""Question sets: a few questions before or after the trials, written as YAML.

A set has a `title` and `questions`; a question has a `key`, a `type` (choice, number, text, scale), a `text`
in one or more languages, and the fields of its type. `load_question_set` validates it and reports faults by line.
"""

from importlib import resources
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from study.errors import StudyError
from study.untrusted_files.yaml_text import Limits, Lines, YamlRefused, read_yaml

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
# A page of questions needs a tenth of it. What was saved before there was a limit can still be as long as a form.
LIMITS = Limits(characters=50_000, values=5_000)
_LIMITS_OF_SAVED = Limits(characters=3_000_000, is_saved=True)
Texts = dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z]+)?$")], str]


class QuestionSetError(StudyError):
    """A question set that cannot be used; the message names the line and what to correct."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Option(_Strict):
    """One answer to choose."""

    key: Key = Field(description="its name in exports")
    text: Texts = Field(description="the text shown, by language", min_length=1)
    screen_out: bool = Field(default=False, description="whether choosing it screens the participant out")


class _Question(_Strict):
    key: Key = Field(description="its name in exports")
    text: Texts = Field(description="the text shown, by language", min_length=1)
    required: bool = Field(default=True, description="whether it has to be answered")


class Choice(_Question):
    """One of several answers."""

    type: Literal["choice"]
    options: list[Option] = Field(min_length=2, description="the answers")

    @model_validator(mode="after")
    def keys_differ(self) -> "Choice":
        keys = [option.key for option in self.options]
        if len(set(keys)) != len(keys):
            raise ValueError(f"two options of '{self.key}' have the same key; rename one")
        return self


class Number(_Question):
    """A number."""

    type: Literal["number"]
    min: float | None = Field(default=None, description="the smallest that is taken")
    max: float | None = Field(default=None, description="the largest that is taken")


class Text(_Question):
    """Free text."""

    type: Literal["text"]
    max_length: int = Field(default=500, ge=1, le=5000, description="how many characters")


class Scale(_Question):
    """A row of numbers with words at its ends."""

    type: Literal["scale"]
    start: int = Field(default=1, alias="from", description="the number at the low end")
    to: int = Field(default=7, description="the number at the high end")
    low: Texts = Field(default_factory=dict, description="what the low end means")
    high: Texts = Field(default_factory=dict, description="what the high end means")

    @model_validator(mode="after")
    def has_room(self) -> "Scale":
        if not 1 <= self.to - self.start <= 10:
            raise ValueError(f"'{self.key}' goes from {self.start} to {self.to}; a scale has 2 to 11 steps")
        return self


Question = Annotated[Choice | Number | Text | Scale, Field(discriminator="type")]


class QuestionSet(_Strict):
    """All questions of one page."""

    title: Texts = Field(default_factory=dict, description="the page's heading, by language")
    questions: list[Question] = Field(min_length=1, max_length=40, description="the questions, in order")

    @model_validator(mode="after")
    def keys_differ(self) -> "QuestionSet":
        keys = [question.key for question in self.questions]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key '{twice[0]}' is used twice; rename one question")
        return self


def localized(texts: Texts) -> str:
    """The text in the active language, else in English, else in the first language."""
    return texts.get(get_language() or "en") or texts.get("en") or next(iter(texts.values()), "")


def load_question_set(text: str, *, is_new: bool = False) -> QuestionSet:
    """Read and validate a question set; `is_new`: it is about to be saved.

    Raises:
        QuestionSetError: the text is not YAML or not a valid question set.
    """
    try:
        content, lines = read_yaml(text, LIMITS if is_new else _LIMITS_OF_SAVED)
    except YamlRefused as error:
        raise QuestionSetError(_("line %(n)d: %(why)s") % {"n": error.line, "why": error}) from error
    try:
        return QuestionSet.model_validate(content)
    except ValidationError as error:
        raise QuestionSetError(" ".join(_fault(lines, fault) for fault in error.errors()[:5])) from error


def _fault(lines: Lines, fault: Any) -> str:
    """Describe one validation error with its path and the line of as much of the path as the text has."""
    found: tuple[str | int, ...] = ()
    shown = []
    for part in fault["loc"]:
        if (*found, part) in lines:
            found = (*found, part)
        elif part in ("choice", "number", "text", "scale"):  # the type of a question, which pydantic puts into the path
            continue
        shown.append(str(part + 1) if isinstance(part, int) else str(part))
    message = fault["msg"].removeprefix("Value error, ")
    return _("line %(n)d (%(path)s): %(why)s.") % {"n": lines[found], "path": " ".join(shown) or "-", "why": message}


def shipped_question_set(name: str) -> str:
    """The YAML text of a question set that ships with Earsight: `musical_experience`."""
    return (resources.files("study.participants") / "question_sets" / f"{name}.yaml").read_text(encoding="utf-8")
