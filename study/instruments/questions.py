"""The kinds of question that a trial asks, as frozen models, and the instrument that holds them in order.

A study without an instrument of its own asks today's question: choose the first and the second of the images shown.
Texts are {language: text}. Keys name answers in exports, so they differ over questions and scales.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from study.web.http import UNSTORABLE


def _storable(text: str) -> str:
    """Refuse what no database stores: YAML and JSON can write it by its number."""
    if UNSTORABLE.search(text):
        raise ValueError(_("a character in it cannot be stored; write the text anew"))
    return text


Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z]+)?$")]
Texts = dict[Language, Annotated[str, StringConstraints(max_length=500), AfterValidator(_storable)]]

MOST_QUESTIONS = 12
MOST_SCALES = 6  # of one question
MOST_RATINGS = 24  # scales and picks of a trial: with six images more than a hundred answers on one page
MOST_OPTIONS = 20
MOST_IMAGES = 6
MOST_LETTERS = 1000  # of an answer in words
SLIDER_TOP = 100


def localized(texts: Texts) -> str:
    """Return the text in the active language, else in English, else in the first language."""
    return texts.get(get_language() or "en") or texts.get("en") or next(iter(texts.values()), "")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Asked(_Frozen):
    key: Key
    text: Texts = Field(default_factory=dict, max_length=20)


class Choose(_Asked):
    """Choose the images that fit best, in order: the first, the second, up to `ranks`.

    `points`: one per rank, for more than two ranks; of one or two the study's weights hold.
    """

    kind: Literal["choose"] = "choose"
    ranks: int = Field(default=2, ge=1, le=MOST_IMAGES)
    points: list[float] = Field(default_factory=list, max_length=MOST_IMAGES)

    @model_validator(mode="after")
    def _points_fit(self) -> Self:
        if not self.points:
            return self
        if self.ranks < 3:
            raise ValueError(_("one or two ranks have the points of the plan; leave its own points out"))
        falling = all(0 <= b <= a <= 1e6 for a, b in zip(self.points, self.points[1:], strict=False))
        if len(self.points) != self.ranks or not falling or not 0 < self.points[0] <= 1e6:
            raise ValueError(
                _("it needs one number of points for each of its %(n)d ranks, none above the one before")
                % {"n": self.ranks}
            )
        return self


class Pair(_Asked):
    """Choose one of the two images that a trial shows; `tie`: whether both may be equally good."""

    kind: Literal["pair"] = "pair"
    tie: bool = True


class Scale(_Asked):
    """One scale of a rating: whole numbers 1 … `steps`, or 0 … 100 for a slider, with words for its ends."""

    steps: Literal[5, 7, 9, "slider"] = 7
    low: Texts = Field(default_factory=dict, max_length=20)
    high: Texts = Field(default_factory=dict, max_length=20)
    cannot_say: bool = False

    @property
    def is_slider(self) -> bool:
        return self.steps == "slider"

    @property
    def lowest(self) -> int:
        return 0 if self.steps == "slider" else 1

    @property
    def highest(self) -> int:
        return SLIDER_TOP if self.steps == "slider" else self.steps


class Rate(_Asked):
    """Rate each image shown, the images chosen, or the music, on one or more scales."""

    kind: Literal["rate"] = "rate"
    of: Literal["images", "chosen", "music"] = "images"
    layout: Literal["grid", "one"] = "grid"
    scales: list[Scale] = Field(min_length=1, max_length=MOST_SCALES)


class Option(_Asked):
    """A category to pick."""


class Pick(_Asked):
    """Pick a category, or several, for each image shown or for the music."""

    kind: Literal["pick"] = "pick"
    of: Literal["images", "music"] = "music"
    several: bool = False
    required: bool = True
    options: list[Option] = Field(min_length=2, max_length=MOST_OPTIONS)

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if twice := _first_twice(option.key for option in self.options):
            raise ValueError(_("two of its categories are called “%(key)s”; rename one") % {"key": twice})
        if any(option.key == "none" for option in self.options):
            raise ValueError(_("“none” cannot be the name of a category; rename it"))
        return self


class Text(_Asked):
    """An answer in words."""

    kind: Literal["text"] = "text"
    required: bool = False


class Confidence(_Asked):
    """How sure the person is of the answers of the trial, on whole numbers 1 … `steps`."""

    kind: Literal["confidence"] = "confidence"
    steps: Literal[5, 7, 9] = 5
    low: Texts = Field(default_factory=dict, max_length=20)
    high: Texts = Field(default_factory=dict, max_length=20)


Question = Annotated[Choose | Pair | Rate | Pick | Text | Confidence, Field(discriminator="kind")]
KINDS = ("choose", "pair", "rate", "pick", "text", "confidence")


class Instrument(_Frozen):
    """The questions of a trial, in order.

    `primary`: the key of the question or scale whose contrast the plan names; empty: the first that compares images.
    `pairs_per_clip`: how many pairs of a clip each person compares; None: all.
    """

    version: Literal[1] = 1
    primary: str = Field(default="", max_length=30)
    pairs_per_clip: int | None = Field(default=None, ge=1, le=MOST_IMAGES * (MOST_IMAGES - 1) // 2)
    questions: list[Question] = Field(min_length=1, max_length=MOST_QUESTIONS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if twice := _first_twice(self.keys()) or _first_twice(question.key for question in self.questions):
            raise ValueError(_("two questions or scales are called “%(key)s”; rename one") % {"key": twice})
        questions = {question.key: place for place, question in enumerate(self.questions)}
        for place, question in enumerate(self.questions):
            for scale in question.scales if isinstance(question, Rate) else ():
                if questions.get(scale.key, place) != place:
                    raise ValueError(_("two questions or scales are called “%(key)s”; rename one") % {"key": scale.key})
        ratings = sum(len(each.scales) if isinstance(each, Rate) else isinstance(each, Pick) for each in self.questions)
        if ratings > MOST_RATINGS:
            raise ValueError(
                _("a trial has %(n)d scales and picks at most, not %(found)d; leave some out")
                % {"n": MOST_RATINGS, "found": ratings}
            )
        choices = [question for question in self.questions if isinstance(question, Choose | Pair)]
        if len(choices) > 1:
            raise ValueError(
                _("a trial asks for one choice among the images; ask for “%(key)s” by a rating instead")
                % {"key": choices[1].key}
            )
        for place, question in enumerate(self.questions):
            if isinstance(question, Rate) and question.of == "chosen" and not self._chosen_before(place):
                raise ValueError(
                    _("“%(key)s” rates the images chosen; put a question that chooses images before it")
                    % {"key": question.key}
                )
        if not any(_is_required(question) for question in self.questions):
            raise ValueError(_("nothing in it has to be answered; make one of its questions required"))
        if self.pairs_per_clip is not None and self.pair is None:
            raise ValueError(_("the number of pairs of a clip goes with a question for pairs; leave it out"))
        if self.primary and self.primary not in self.comparing():
            raise ValueError(
                _("the plan’s main question “%(key)s” compares no images; name one of: %(keys)s")
                % {"key": self.primary, "keys": ", ".join(self.comparing()) or "—"}
            )
        return self

    def _chosen_before(self, place: int) -> bool:
        return any(isinstance(question, Choose) for question in self.questions[:place])

    def keys(self) -> Iterator[str]:
        """Yield the names of all answers: of questions, and of the scales of ratings in place of their question."""
        for question in self.questions:
            if isinstance(question, Rate):
                yield from (scale.key for scale in question.scales)
            else:
                yield question.key

    def comparing(self) -> list[str]:
        """Return the keys of the questions and scales whose answers compare conditions by numbers."""
        found: list[str] = []
        for question in self.questions:
            if isinstance(question, Choose | Pair):
                found.append(question.key)
            elif isinstance(question, Rate) and question.of != "music":
                found += [scale.key for scale in question.scales]
        return found

    @property
    def primary_key(self) -> str:
        """The key of the question whose contrast is the study's primary one; empty if none compares images."""
        return self.primary or next(iter(self.comparing()), "")

    @property
    def choose(self) -> Choose | None:
        return next((question for question in self.questions if isinstance(question, Choose)), None)

    @property
    def pair(self) -> Pair | None:
        return next((question for question in self.questions if isinstance(question, Pair)), None)

    def scales(self) -> Iterator[tuple[Rate, Scale]]:
        """Yield each scale with its question, in order."""
        for question in self.questions:
            if isinstance(question, Rate):
                yield from ((question, scale) for scale in question.scales)

    def images_shown(self, conditions: int) -> int:
        """Return how many images a trial shows, of a clip with so many conditions."""
        return conditions if self.pair is None else 2


def _is_required(question: Question) -> bool:
    """Whether each trial has an answer to it, so that a stored answer is never empty."""
    return question.required if isinstance(question, Pick | Text) else True


def _first_twice(keys: Iterator[str]) -> str:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return ""


CLASSIC = Instrument(questions=[Choose(key="choice", ranks=2)])
"""What a study without an instrument of its own asks: the first and the second choice among all images."""
