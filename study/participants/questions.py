"""Question sets: a few questions before or after the trials, written as YAML.

A set has a `title` and `questions`; a question has a `key`, a `type` (choice, number, text, scale), a `text`
in one or more languages, and the fields of its type. `load_question_set` validates it and reports faults by line.
"""

from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from study.errors import StudyError

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
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


def load_question_set(text: str) -> QuestionSet:
    """Read and validate a question set.

    Raises:
        QuestionSetError: the text is not YAML or not a valid question set.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = _("line %(n)d: ") % {"n": mark.line + 1} if mark else ""
        raise QuestionSetError(
            where + _("this is not YAML (%(why)s).") % {"why": getattr(error, "problem", None) or error}
        ) from error
    except (ValueError, AttributeError, RecursionError) as error:
        # For an impossible date or number, or endless nesting, PyYAML raises no error of its own.
        raise QuestionSetError(_("this is not YAML (%(why)s).") % {"why": str(error)[:100]}) from error
    try:
        return QuestionSet.model_validate(content)
    except ValidationError as error:
        raise QuestionSetError(" ".join(_fault(root, fault) for fault in error.errors()[:5])) from error


def _fault(root: Any, fault: Any) -> str:
    """Describe one validation error with its line and path."""
    line, node, path = 1, root, []
    for part in fault["loc"]:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        if found is None:
            if part not in ("choice", "number", "text", "scale"):
                path.append(str(part))
            continue
        path.append(str(part + 1) if isinstance(part, int) else str(part))
        line, node = found[0].start_mark.line + 1, found[1]
    message = fault["msg"].removeprefix("Value error, ")
    return _("line %(n)d (%(path)s): %(why)s.") % {"n": line, "path": " ".join(path) or "-", "why": message}


def shipped_question_set(name: str) -> str:
    """The YAML text of a question set that ships with Earsight: `musical_experience`."""
    return (resources.files("study.participants") / "question_sets" / f"{name}.yaml").read_text(encoding="utf-8")
