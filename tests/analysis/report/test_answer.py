"""The opening paragraph: what it must and must not say in each situation."""

import copy
import re
from typing import Any

import pytest
from django.utils import translation

from analysis.report.context import ReportContext, condition_views
from analysis.report.text.answer import answer
from tests.analysis.report.conftest import ANALYSIS, KEYS, contrast

CONTEXT = ReportContext(title="t", conditions=condition_views(KEYS))


def paragraph(alpha: float = 0.05, language: str = "en", **changes: Any) -> str:
    data = copy.deepcopy(ANALYSIS) | changes
    with translation.override(language):
        return answer(data, CONTEXT, alpha)


def primary(estimate: float | None, p: float | None, **more: Any) -> dict[str, Any]:
    return {"primary": contrast("redefined", estimate, p, **more)}


def sentence(estimate: float, p: float, p_holm: float) -> dict[str, Any]:
    return {"secondary": [contrast("sentence", estimate, p, p_holm=p_holm)]}


# The 2 × 2 again, but by a factor that is not the preset's: its first side are conditions 1 and 3.
OWN_FACTOR: dict[str, Any] = {
    "factors": {"size_large": ["redefined_tags", "original_tags"]},
    "secondary": [contrast("sentence_length_minus_rest", 0.4, 0.3, p_holm=0.3)],
}
NO_FACTORS: dict[str, Any] = {"primary": None, "secondary": None}

PRESET: dict[str, Any] = {"factors": {"redefined": KEYS[:2], "sentence": [KEYS[1], KEYS[3]]}}
BARE_FACTOR: dict[str, Any] = {
    "primary": contrast("bare_minus_rest", 2.1, 0.001),
    "secondary": [],
    "factors": {"bare": [KEYS[0], KEYS[2]]},
}


def here(estimate: float, p: float | None) -> dict[str, Any]:
    return {"these_clips": [contrast("redefined", estimate, p, population="these clips")]}


def stopped(low: float, high: float) -> dict[str, Any]:
    """After the e-process stopped: an interval in units of all points, and no p value anywhere."""
    block = {"decision": "stop", "stopped_at": 23, "confidence_sequence": [low, high]}
    return primary(1.0, None) | {"secondary": None, "sequential": block}


STOPPED = stopped(0.1, 0.7)

# (name, changes, must contain, must not contain)
SITUATIONS: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    (
        "clear yes",
        primary(2.1, 0.001),
        ["Yes, for music like this", "2.10 more", "p = 0.001"],
        ["Not shown", "these clips"],
    ),
    ("tiny p is never zero", primary(2.1, 1e-12), ["p < 0.001"], ["p = 0.00)", "p = 0.000"]),
    ("just below alpha", primary(0.9, 0.0499), ["Yes, for music like this"], ["Not shown"]),
    (
        "just above alpha",
        primary(0.9, 0.0501),
        ["Not shown for music like this"],
        ["Yes", "no difference between redefined"],
    ),
    ("exactly alpha is not shown", primary(0.9, 0.05), ["Not shown"], ["Yes"]),
    ("reverse", primary(-1.4, 0.003), ["No, the reverse", "1.40 fewer"], ["Yes", "Not shown"]),
    ("reverse not shown", primary(-0.4, 0.4), ["Not shown", "0.40 fewer"], ["reverse", "Yes"]),
    ("zero estimate", primary(0.0, 1.0), ["Not shown", "0.00 more", "p = 1.00"], ["−0.00", "Yes"]),
    (
        "no p",
        primary(2.0, None) | {"secondary": None},
        ["These data do not show how certain this is", "2.00 more"],
        ["Yes", "t("],
    ),
    ("no p, negative", primary(-2.0, None), ["do not show how certain", "2.00 fewer"], ["Yes", "−2.00 more"]),
    ("no estimate", primary(None, None), ["cannot be answered from these data"], ["Yes", "points an answer"]),
    ("few clips and not shown", primary(0.5, 0.3), ["6 clips are few", "at least 12"], []),
    ("few clips but shown", primary(2.1, 0.001), [], ["are few"]),
    ("many clips and not shown", primary(0.5, 0.3) | {"n_clips": 24}, ["Not shown"], ["are few"]),
    ("twelve clips are enough", primary(0.5, 0.3) | {"n_clips": 12}, [], ["are few"]),
    ("one clip", primary(0.5, None) | {"n_clips": 1}, ["One clip is too few"], ["1 clips"]),
    ("other weights", primary(1.0, 0.01) | {"weights": [2.0, 1.0]}, ["of the 3 points"], ["of the 4"]),
    ("fractional weights", primary(1.0, 0.01) | {"weights": [2.5, 1.0]}, ["of the 3.50 points"], []),
    ("second counts nothing", primary(1.0, 0.01) | {"weights": [1.0, 0.0]}, ["of the 1 points"], []),
    (
        "sentences better",
        sentence(0.9, 0.001, 0.002),
        ["Sentences got 0.90 more", "p = 0.002 after Holm"],
        ["no difference is shown"],
    ),
    ("sentences worse", sentence(-0.9, 0.001, 0.002), ["Sentences got 0.90 fewer"], ["more than bare"]),
    ("sentences unclear", sentence(0.5, 0.2, 0.4), ["no difference is shown", "0.50 points"], ["Sentences got"]),
    ("Holm decides, not the raw p", sentence(0.9, 0.03, 0.06), ["no difference is shown"], ["Sentences got"]),
    ("negative unclear keeps its sign", sentence(-0.5, 0.2, 0.4), ["−0.50 points"], ["-0.50"]),
    ("no secondary", {"secondary": None}, ["Yes"], ["Sentences", "sentences"]),
    ("no answers", {"n_ballots": 0}, ["no answers to analyse yet"], ["Yes", "p ="]),
    (
        "no factors, shown",
        NO_FACTORS,
        ["For these clips", "Friedman", "This test does not show whether this holds for other music"],
        ["for music like this", "redefined tags got"],
    ),
    (
        "no factors, not shown",
        NO_FACTORS | {"friedman": {"statistic": 2.0, "df": 3, "p": 0.57}},
        ["no difference between the conditions is shown", "For these clips"],
        ["differ between", "for music like this"],
    ),
    (
        "no factors, no test",
        NO_FACTORS | {"friedman": None},
        ["These data do not show how certain", "For these clips"],
        ["Friedman"],
    ),
    ("no factors, no scores", NO_FACTORS | {"scores": {}}, ["no answers to analyse"], ["Friedman"]),
    (
        "a factor of one's own, shown",
        OWN_FACTOR | {"primary": contrast("size_large_minus_rest", 1.3, 0.01)},
        ["For music like this, the difference is shown", "got 1.30 more than", "“Redefined tags”"],
        ["images from redefined tags", "Sentences"],
    ),
    (
        "a factor of one's own, reverse",
        OWN_FACTOR | {"primary": contrast("size_large_minus_rest", -1.3, 0.01)},
        ["“Original sentence” got 1.30 more than"],
        ["fewer", "images from redefined tags"],
    ),
    (
        "a factor of one's own, not shown",
        OWN_FACTOR | {"primary": contrast("size_large_minus_rest", 0.3, 0.5)},
        ["Not shown", "0.30 more"],
        ["images from redefined tags", "Sentences"],
    ),
    (
        "a factor of one's own, no p",
        OWN_FACTOR | {"primary": contrast("size_large_minus_rest", 0.3, None)},
        ["do not show how certain"],
        ["t("],
    ),
    ("stricter alpha", primary(0.9, 0.03) | {"alpha": 0.01}, ["Not shown"], ["Yes"]),
    ("a large t with few degrees", primary(2.1, 0.08, df=1.0), ["t(1)", "p = 0.080", "Not shown"], ["Yes"]),
    (
        "shown for these clips only",
        primary(0.9, 0.2) | here(0.9, 0.001),
        [
            "Not shown for music like this",
            "For these clips alone a preference is shown",
            "that gives no information about other music",
        ],
        ["Yes"],
    ),
    ("shown for neither", primary(0.9, 0.2) | here(0.9, 0.2), ["Not shown"], ["For these clips alone"]),
    (
        "shown for both is said once",
        primary(2.1, 0.001) | here(2.1, 1e-9),
        ["Yes, for music like this"],
        ["For these clips"],
    ),
    (
        "one clip, shown for it",
        NO_FACTORS | PRESET | here(2.0, 0.001) | {"n_clips": 1},
        ["Yes, for these clips", "One clip is too few"],
        ["music like this", "Friedman"],
    ),
    (
        "one clip, the reverse",
        NO_FACTORS | PRESET | here(-2.0, 0.001) | {"n_clips": 1},
        ["No, the reverse, for these clips", "2.00 fewer"],
        ["Yes", "music like this"],
    ),
    (
        "one clip, not shown",
        NO_FACTORS | PRESET | here(0.3, 0.4) | {"n_clips": 1},
        ["Not shown, not even for these clips"],
        ["Yes", "music like this"],
    ),
    (
        "one clip, no spread",
        NO_FACTORS | PRESET | here(0.3, None) | {"n_clips": 1},
        ["These data do not show how certain"],
        ["Yes", "t("],
    ),
    (
        "a factor of one's own",
        BARE_FACTOR,
        [
            "images of “Redefined tags”, “Original tags” got 2.10 more than images of “Redefined sentence”, "
            "“Original sentence”"
        ],
        ["images from redefined tags"],
    ),
    (
        "stopped early, yes",
        STOPPED,
        ["Yes, for these clips: after 23 people", "are 0.40 to 2.80 on average", "confidence sequence", "not shown"],
        ["p =", "p <", "t(", "music like this", "Sentences"],
    ),
    (
        "stopped early, the reverse",
        stopped(-0.7, -0.1),
        ["No, the reverse, for these clips", "−2.80 to −0.40"],
        ["Yes", "p ="],
    ),
    (
        "not stopped",
        {"sequential": {"decision": "go on", "stopped_at": None, "confidence_sequence": [-0.1, 0.6]}},
        ["Yes, for music like this"],
        ["rule to stop"],
    ),
    ("the interval is always given", primary(0.9, 0.2), ["95 % interval 0.10 to 1.70"], []),
]


@pytest.mark.parametrize(
    ("changes", "must", "must_not"), [row[1:] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS]
)
def test_the_paragraph_says_what_the_numbers_allow(
    changes: dict[str, Any], must: list[str], must_not: list[str]
) -> None:
    text = paragraph(alpha=changes.pop("alpha", 0.05), **changes)
    for part in must:
        assert part in text
    for part in must_not:
        assert part not in text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("changes", [row[1] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS])
def test_no_placeholder_and_no_odd_number_is_left_in_any_language(language: str, changes: dict[str, Any]) -> None:
    text = paragraph(language=language, **{key: value for key, value in changes.items() if key != "alpha"})
    assert not re.search(r"%\(|\bNone\b|\bnan\b|\binf\b|\{", text)


def test_the_word_proven_is_never_used() -> None:
    for _name, changes, _must, _must_not in SITUATIONS:
        text = paragraph(**{key: value for key, value in changes.items() if key != "alpha"}).lower()
        assert "prove" not in text
        assert "significant" not in text
