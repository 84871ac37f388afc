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
class PlaceFacts:
    """One place that an image can be given, the 1st or a later one: its field, and its texts."""

    name: str  # of the field
    text: str
    label: str = ""  # with the image, for screen readers
    checked: bool = False
    missing: str = ""  # what is said while nobody has it


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
    places: tuple[PlaceFacts, ...] = ()  # of a study with an instrument of its own


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
class StepFacts:
    """One answer to choose: a step of a scale, a category, or "cannot say"."""

    value: str
    text: str
    spoken: str  # "5 of 7"; empty if the text says all
    checked: bool


@dataclass(frozen=True)
class RowFacts:
    """One field of a question: of one image, by its letter, or of the music."""

    name: str
    control: str  # "steps", "chips", "ticks", "slider" or "line"
    legend: str  # what screen readers hear before the answers
    missing: str  # what is said while there is no answer; empty if none is needed
    letter: str = ""
    title: str = ""
    low: str = ""
    high: str = ""
    highest: int = 0
    steps: tuple[StepFacts, ...] = ()
    value: str = ""
    cannot_say: StepFacts | None = None


@dataclass(frozen=True)
class GroupFacts:
    """The rows of one scale, or of one image, under their heading."""

    title: str
    rows: tuple[RowFacts, ...]
    letter: str = ""  # of the image that all rows are of


@dataclass(frozen=True)
class QuestionFacts:
    """One question beside the choice among the images."""

    title: str
    groups: tuple[GroupFacts, ...]
    optional: bool = False
    of_chosen: bool = False  # only the images chosen are asked about
    alone: bool = False  # one image at a time


@dataclass(frozen=True)
class InstrumentFacts:
    """What a study with an instrument of its own asks: the choice among the images, and its other questions."""

    choice: str  # "choose", "pair", or empty
    hint: str
    places: tuple[PlaceFacts, ...]
    required: int  # how many of the places have to be given
    tie: PlaceFacts | None
    before: tuple[QuestionFacts, ...]  # those asked before anything about the images
    after: tuple[QuestionFacts, ...]
    alone: bool  # one of them shows one image at a time
    chosen: str  # letters of the images chosen


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
    asked: InstrumentFacts | None = None  # of a study with an instrument of its own


@dataclass(frozen=True)
class GivenFacts:
    """An image in the review with what was said of it, or an answer to a question about the music."""

    text: str
    image: ImageFacts | None = None
    place: str = ""  # "1st"
    is_first: bool = False


@dataclass(frozen=True)
class AskedAnswerFacts:
    """An answer to an instrument's questions."""

    images: tuple[GivenFacts, ...]
    lines: tuple[GivenFacts, ...]
    titles: str = ""  # the questions whose answers are below the images, in their order
    is_pair: bool = False


@dataclass(frozen=True)
class AnswerFacts:
    """One answer in the review."""

    number: int
    none_fits: bool
    first: ImageFacts | None
    second: ImageFacts | None
    change_url: str
    asked: AskedAnswerFacts | None = None


@dataclass(frozen=True)
class ReviewFacts:
    """The answers in the review, in order."""

    answered: tuple[AnswerFacts, ...]
