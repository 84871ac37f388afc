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

TOO_FEW: dict[str, Any] = NO_FACTORS | PRESET | {"effective_clips": 2.0}


def pair(a: str, b: str, estimate: float, p_holm: float) -> dict[str, Any]:
    ends = [estimate - 0.5, estimate + 0.5]
    return {"a": a, "b": b, "new_clips": {"estimate": estimate, "ci95": ends, "p": p_holm, "p_holm": p_holm}}


def of_conditions(keys: str, pairs: list[dict[str, Any]]) -> dict[str, Any]:
    means = {key: 2.0 - 0.3 * number for number, key in enumerate(keys)}
    scores = {key: {"points": 90 * m, "mean_points": m, "ci95": [m - 0.2, m + 0.2]} for key, m in means.items()}
    return NO_FACTORS | {"conditions": list(keys), "factors": {}, "scores": scores, "pairwise": pairs}


def two_conditions(estimate: float, p_holm: float) -> dict[str, Any]:
    return of_conditions("AB", [pair("A", "B", estimate, p_holm)])


def five_conditions() -> dict[str, Any]:
    keys = "ABCDE"
    return of_conditions(
        keys, [pair(a, b, 1.0, 0.01 if a == "A" else 0.4) for i, a in enumerate(keys) for b in keys[i + 1 :]]
    )


def interaction(p_holm: float = 0.001) -> dict[str, Any]:
    effects = [
        {"factor": "redefined", "within": "sentence"} | contrast("x", 2.0, 0.001, p_holm=0.001),
        {"factor": "redefined", "within": "tags"} | contrast("x", -0.1, 0.8, p_holm=0.8),
    ]
    rows = [contrast("sentence", 0.5, 0.28, p_holm=0.4), contrast("interaction", 2.1, 0.001, p_holm=p_holm)]
    return primary(2.1, 0.001) | {"secondary": rows, "simple_effects": effects}


def smallest(value: float, verdict: str) -> dict[str, Any]:
    return {"smallest": {"value": value, "verdict": verdict, "interval": [-0.5, 0.7], "population": "new clips"}}


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
    (
        "zero estimate",
        primary(0.0, 1.0),
        ["Not shown", "differ by less than 0.01 points an answer", "p = 1.00"],
        ["−0.00", "Yes"],
    ),
    (
        "no p",
        primary(2.0, None) | {"secondary": None},
        ["These data do not show how certain this is", "2.00 more"],
        ["Yes", "t("],
    ),
    ("no p, negative", primary(-2.0, None), ["do not show how certain", "2.00 fewer"], ["Yes", "−2.00 more"]),
    ("no estimate", primary(None, None), ["cannot be answered from these data"], ["Yes", "points an answer"]),
    ("few clips and not shown", primary(0.5, 0.3), ["6 clips are few", "at least 12"], []),
    ("few clips and shown: the caution is beside the claim", primary(2.1, 0.001), ["Yes", "6 clips are few"], []),
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
        ["For these clips", "Friedman", "Whether this holds for other music is not shown"],
        ["or music like this", "redefined tags got"],
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
    (
        "no factors, an exact tie",
        NO_FACTORS | {"scores": dict.fromkeys(KEYS, ANALYSIS["scores"][KEYS[0]])},
        ["“Redefined tags”, “Redefined sentence”, “Original tags”, “Original sentence” got equally many points"],
        ["got the most"],
    ),
    (
        "everybody said that none fits",
        {"counts": {"none_fits": 180}},
        ["none of the images fits", "nothing can be compared"],
        ["Yes", "points", "p ="],
    ),
    (
        "no factors, Skillings–Mack",
        NO_FACTORS | {"friedman": None, "skillings_mack": {"statistic": 9.0, "df": 3.0, "p": 0.03}},
        ["Skillings–Mack χ²(3) = 9.00, p = 0.030"],
        ["Friedman", "how certain the order is"],
    ),
    (
        "two conditions, shown for music like this",
        two_conditions(1.2, 0.004),
        ["For music like this, “A” got 1.20 points more an answer than “B”", "p = 0.004 after Holm"],
        ["each other condition", "Yes"],
    ),
    ("two conditions, the reverse", two_conditions(-1.2, 0.004), ["“B” got 1.20 points more an answer than “A”"], []),
    ("two conditions, not shown", two_conditions(0.2, 0.6), ["no difference between two conditions is shown"], []),
    (
        "five conditions, one best",
        five_conditions(),
        ["“A” got more points than each other condition", "For these clips"],
        ["points more an answer than"],
    ),
    (
        "an interaction comes before main effects",
        interaction(),
        [
            "What redefinition does depends on the form of the prompt",
            "Among sentences, the image from redefined tags got 2.00 points more an answer, for music like this",
            "Among bare tags, the image from redefined tags got 0.10 points fewer an answer; that is not shown",
        ],
        ["Yes", "No,", "got 2.10 more than", "no difference"],
    ),
    (
        "an interaction that Holm does not leave",
        interaction(p_holm=0.06),
        ["Yes, for music like this"],
        ["depends on the form"],
    ),
    (
        "two clips: no word of other music but that they are too few",
        TOO_FEW | here(2.1, 0.001) | {"n_clips": 2, "effective_clips": 2.0},
        ["Yes, for these clips", "2 clips are too few for a conclusion about other music"],
        ["music like this"],
    ),
    (
        "four clips, shown for these",
        TOO_FEW | here(2.1, 0.001) | {"n_clips": 4, "effective_clips": 3.4},
        ["Yes, for these clips", "3.4 clips are too few"],
        ["music like this"],
    ),
    (
        "optional seconds",
        primary(1.3, 0.01) | {"second_choice": "optional"},
        ["of the 3 points an answer can give"],
        [],
    ),
    (
        "smallest difference reached",
        primary(2.1, 0.001) | smallest(1.0, "at least that large"),
        ["Yes", "at least the smallest that the plan holds worth having, 1.00 points"],
        ["undecided", "excluded"],
    ),
    (
        "smallest difference excluded",
        primary(0.1, 0.8) | smallest(1.0, "excluded"),
        ["Not shown", "is excluded for music like this", "−0.50 to 0.70"],
        ["undecided"],
    ),
    (
        "smallest difference undecided",
        primary(0.9, 0.2) | smallest(1.0, "undecided"),
        ["Not shown", "is undecided"],
        ["excluded", "no difference between redefined"],
    ),
    (
        "an interval as wide as the scale",
        primary(0.5, 0.9, ci95=[-16.0, 18.0]) | {"limits": {"redefined": [-4.0, 4.0]}},
        ["Only −4.00 to 4.00 is possible", "these data say nothing about it"],
        ["Yes"],
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


def test_an_interval_turns_with_the_side_that_is_named_first() -> None:
    row = contrast("bare_minus_rest", -1.3, 0.01)
    text = paragraph(**(BARE_FACTOR | {"primary": row}))
    assert "got 1.30 more than" in text
    assert "95 % interval 0.50 to 2.10, t(5.8) = 3.25" in text


@pytest.mark.parametrize("estimate", [0.0, 0.004, -0.004])
def test_a_difference_of_nothing_is_neither_more_nor_fewer(estimate: float) -> None:
    text = paragraph(**primary(estimate, 1.0))
    assert "differ by less than 0.01 points an answer" in text
    assert "0.00 more" not in text
    assert "0.00 fewer" not in text
    assert "not even for these clips" in paragraph(**(NO_FACTORS | PRESET | here(estimate, 1.0)))
