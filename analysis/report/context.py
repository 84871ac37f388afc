"""What a report shows beside the numbers: names, images, dates, notices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REDEFINED = "#1f4e79"
ORIGINAL = "#d98032"
# For other conditions: from dark to light, so that they differ in grey too; after the palette of Okabe and Ito.
_OTHER_COLOURS = ("#00405f", "#b5541c", "#00795a", "#8a3f73", "#5f5f5f", "#b58900")


@dataclass(frozen=True)
class ConditionView:
    """The name and the look of a condition: colour for the tag set, hollow for the prompt form."""

    key: str
    label: str
    colour: str
    hollow: bool


@dataclass(frozen=True)
class ClipView:
    """A clip's name and, if the report shows them, its images as data URLs by condition key."""

    key: str
    label: str
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """People at one stage of a study, with those who left on the way to it, by reason.

    Attributes:
        flags: names of flags with how many of these people have each, in words; nobody leaves by a flag.
    """

    label: str
    people: int
    left: Sequence[tuple[str, int]] = ()
    flags: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class StageOfPeople:
    """The flow of people through a pilot or follow-up stage, which is not in the results: `key` names its figure."""

    key: str
    name: str
    flow: Sequence[Stage]


@dataclass(frozen=True)
class PictureView:
    """A picture of a page: its data URL, its size in pixels, whether of a phone, and whether it was cut below."""

    url: str
    width: int
    height: int
    is_phone: bool
    is_cut: bool


@dataclass(frozen=True)
class InterfaceView:
    """A page that participants saw: `key` names its figure; its pictures on each device."""

    key: str
    name: str
    pictures: Sequence[PictureView]


@dataclass(frozen=True)
class AnswerLabels:
    """The text of a question about the person, and of its answers by their keys."""

    question: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class AnswersGiven:
    """What the people in the analysis answered to a question about them.

    Attributes:
        question: its text.
        counts: people by answer, in the question's order; None: hidden, since it could point to a person.
        unanswered: people without an answer; None: hidden.
        hidden: people with hidden answers, all together.
        mean, sd, answered: of numbers and scales, to one decimal, and of how many people; None: counts are shown.
    """

    question: str
    counts: Sequence[tuple[str, int | None]]
    unanswered: int | None
    hidden: int = 0
    mean: float | None = None
    sd: float | None = None
    answered: int | None = None


@dataclass(frozen=True)
class QuestionView:
    """What people read at a question or a scale: its text, the words of its ends, and of its categories by key."""

    key: str
    text: str = ""
    low: str = ""
    high: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisteredItem:
    """An item of a preregistration: what was registered, what was done, and whether it is the same; None: open."""

    item: str
    registered: str
    done: str
    same: bool | None


@dataclass(frozen=True)
class RegistrationView:
    """Where and when a study was registered, as a sentence, and what was registered beside what was done."""

    sentence: str
    rows: Sequence[RegisteredItem] = ()


@dataclass(frozen=True)
class ReportContext:
    """Everything of a report that is not in the analysis JSON.

    Attributes:
        title: the report's headline, usually the study's question.
        conditions: in the study's order; empty: named by their keys.
        clips: in the order of the report; empty: named by their keys, clip 2 before clip 10.
        facts: short texts under the headline (dates, plan digest).
        notices: warnings at the top (simulated answers, images drawn by `sketch`).
        mark: a word that every figure and workbook bears, as they are copied out of the report; empty for real answers.
        language: "en" or "ko".
        versions: name and version of the software.
        flow: the people at each stage, in order, the analysed ones last.
        other_flows: the same of the study's pilot and follow-up stages, which are not in the results.
        exclusion_rules: the plan's rules by which people are left out, in words.
        interface: pictures of the pages that participants saw, in the order of a visit.
        people: what people answered to questions about them.
        answer_labels: the texts of these questions by the names of their columns.
        questions: of the study's instrument, by the key of the question or scale.
        asked: the questions of each trial in words, in order; empty: a first and a second choice.
        making: sentences on how the images were made, for the methods.
        details: rows (name, value) of the study's design, for the methods.
        deviations: sentences about deviations from the plan; None if no plan is known.
        registration: where the study was registered; None if nothing is known of a registration.
        checklists: (name, items); an item is (number, title, answer), the answer "" if missing.
    """

    title: str
    conditions: Sequence[ConditionView] = ()
    clips: Sequence[ClipView] = ()
    facts: Sequence[str] = ()
    notices: Sequence[str] = ()
    mark: str = ""
    language: str = "en"
    versions: Mapping[str, str] = field(default_factory=dict)
    flow: Sequence[Stage] = ()
    other_flows: Sequence[StageOfPeople] = ()
    exclusion_rules: Sequence[str] = ()
    interface: Sequence[InterfaceView] = ()
    people: Sequence[AnswersGiven] = ()
    answer_labels: Mapping[str, AnswerLabels] = field(default_factory=dict)
    questions: Mapping[str, QuestionView] = field(default_factory=dict)
    asked: Sequence[str] = ()
    making: Sequence[str] = ()
    details: Sequence[tuple[str, str]] = ()
    deviations: Sequence[str] | None = None
    registration: RegistrationView | None = None
    checklists: Sequence[tuple[str, Sequence[tuple[str, str, str]]]] = ()


def labels_by_key(views: Iterable[ConditionView | ClipView]) -> dict[str, str]:
    """Label of each condition or clip by its key."""
    return {view.key: view.label for view in views}


def condition_views(
    keys: Sequence[str],
    labels: Mapping[str, str] | None = None,
    levels: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[ConditionView]:
    """The views of the conditions `keys`: by their levels if these are tag set × form, else one colour each."""
    labels, levels = labels or {}, levels or {}
    views = []
    for number, key in enumerate(keys):
        level = levels.get(key) or _levels_from_key(key)
        if level.get("tags") in ("redefined", "original"):
            colour = REDEFINED if level["tags"] == "redefined" else ORIGINAL
            hollow = level.get("form") == "sentence"
        else:
            colour, hollow = _OTHER_COLOURS[number % len(_OTHER_COLOURS)], number % 2 == 1
        label = labels.get(key) or key.replace("_", " ").capitalize()
        views.append(ConditionView(key, label, colour, hollow))
    return views


def _levels_from_key(key: str) -> dict[str, str]:
    tags, _, form = key.partition("_")
    if tags in ("redefined", "original") and form in ("tags", "sentence"):
        return {"tags": tags, "form": form}
    return {}
