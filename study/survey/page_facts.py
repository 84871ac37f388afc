"""What the trial page and the review show, as plain values: all that their templates can reach.

Nothing here refers to a row. Text, numbers and opaque addresses come in, made elsewhere (`trial_facts`), so the
renderer (`trial_page`) cannot know what an image is made from. This module and the renderer import nothing of ours but
each other; `pyproject.toml` and `tests/study/survey/test_trial_page_knows_nothing.py` hold that.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PersonFacts:
    """The participant: their name in addresses."""

    handle: str


@dataclass(frozen=True)
class PageFacts:
    """What each page of a participant shows around its content."""

    participant: PersonFacts
    is_pilot: bool
    languages: tuple[str, ...]
    language_url: str
    own_link: str
    path: str  # of this page
    csrf_token: str


@dataclass(frozen=True)
class ImageFacts:
    """One image, by the letter of its position, at its opaque address."""

    letter: str
    label: str
    url: str


@dataclass(frozen=True)
class PositionFacts(ImageFacts):
    """One position of a trial: its image in several widths, its controls' texts, and whether it is chosen."""

    srcset: str  # empty if the image has one width only
    full_url: str
    enlarge: str
    is_first: str
    is_second: str
    first: bool
    second: bool


@dataclass(frozen=True)
class AskedFacts:
    """What the study asks in each trial."""

    second_choice_required: bool
    allow_none_fits: bool
    ask_familiarity: bool
    ask_reason: bool


@dataclass(frozen=True)
class NumberFacts:
    """The trial's number and kind (main, practice, …)."""

    number: int
    kind: str


@dataclass(frozen=True)
class ChosenFacts:
    """An answer as the form sends it, without the images chosen, which the positions hold."""

    second: str = ""
    none_fits: bool = False
    knows_piece: str = ""
    reason: str = ""


@dataclass(frozen=True)
class WaveFacts:
    """The outline of the sound: SVG bars and the width of the drawing, whose height is 100."""

    width: int
    bars: str


@dataclass(frozen=True)
class TrialFacts:
    """A trial as its page shows it; times in seconds."""

    trial: NumberFacts
    study: AskedFacts
    question: str
    minimum: float
    duration: float
    wave: WaveFacts
    positions: tuple[PositionFacts, ...]
    image_sizes: str
    audio: str
    chosen: ChosenFacts
    error: str
    key: str  # of the form, so that an answer that is sent twice is stored once
    has_answer: bool
    place: str
    answered: int
    segments: str
    page_label: str
    back: str
    ahead: str


@dataclass(frozen=True)
class AnswerFacts:
    """One answer in the review."""

    number: int
    none_fits: bool
    first: ImageFacts | None
    second: ImageFacts | None
    change_url: str


@dataclass(frozen=True)
class ReviewFacts:
    """The answers in the review, in order."""

    answered: tuple[AnswerFacts, ...]
