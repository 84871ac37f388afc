"""The tables, notes and warnings of the report: their words must fit the numbers."""

from typing import Any

import pytest
from django.utils import translation

from analysis.report import ReportContext
from analysis.report.contents import report_contents, with_default_views
from analysis.report.tables.text_tables import text_tables
from analysis.report.text.translated_warnings import _SENTENCES, translated


def tables(data: dict[str, Any], language: str = "en") -> dict[str, list[list[str]]]:
    with translation.override(language):
        context = with_default_views(data, ReportContext(title="t", language=language))
        return {table.key: table.rows for table in text_tables(data, context, report_contents(data, context))}


def check(data: dict[str, Any], name: str) -> str:
    return " ".join(next(row for row in tables(data)["checks"] if row[0] == name))


def test_contrasts_for_new_clips_and_for_these_clips_share_a_row(analysis: dict[str, Any]) -> None:
    analysis["these_clips"] = [
        {"contrast": "redefined", "estimate": 2.2, "ci95": [1.9, 2.5], "p": 1e-9, "population": "these clips"}
    ]
    first = tables(analysis)["contrasts"][0]
    assert first[:2] == ["Redefined − original", "2.10"]
    assert first[-4:] == ["2.20", "1.90 to 2.50", "< 0.001", ""]


@pytest.mark.parametrize(
    ("p", "slope", "wanted", "unwanted"),
    [
        (0.4, -0.1, "No sign", "tired"),
        (0.01, -0.1, "may have tired", "No sign"),
        (0.01, 0.1, "may have learned", "No sign"),
    ],
)
def test_fatigue_in_words(analysis: dict[str, Any], p: float, slope: float, wanted: str, unwanted: str) -> None:
    analysis["fatigue"] = {"slope": slope, "p": p}
    assert wanted in check(analysis, "Fatigue")
    assert unwanted not in check(analysis, "Fatigue")


def test_a_position_effect_is_reported(analysis: dict[str, Any]) -> None:
    assert "No sign" in check(analysis, "Position on the page")
    analysis["position_bias"]["p"] = 0.001
    assert "mattered" in check(analysis, "Position on the page")
    assert "No sign" not in check(analysis, "Position on the page")


def test_agreement_and_retest_are_reported(analysis: dict[str, Any]) -> None:
    analysis["agreement"] = {"alpha_first": 0.146, "alpha_second": -0.003, "kendall_w_mean": 0.27}
    analysis["test_retest"] = {"pairs": 29, "same_first": 0.621, "ci95": [0.43, 0.81], "kappa": 0.425}
    assert "α = 0.15 / 0.00, W = 0.27" in check(analysis, "Agreement between people")
    assert "62 % (43 %–81 %)" in check(analysis, "Test–retest")


def test_match_control_claims_only_what_is_significant(analysis: dict[str, Any]) -> None:
    analysis["match_control"] = {"share": 0.58, "p": 0.2}
    assert "not shown" in check(analysis, "Match control")
    analysis["match_control"] = {"share": 0.3, "p": 0.001}
    assert "not shown" in check(analysis, "Match control")
    analysis["match_control"] = {"share": 0.8, "p": 0.001}
    assert "More often than by chance" in check(analysis, "Match control")


def test_sensitivity_names_the_clip_with_the_lowest_and_the_highest_estimate(
    analysis: dict[str, Any],
) -> None:
    best = "redefined_sentence"
    analysis["sensitivity"] = {
        "clips": {
            "units": 2,
            "same_best": 1,
            "answers": [
                {"name": "clip 1", "estimate": 1.8, "p": 0.02, "ci95": [0.4, 3.2], "order": [best]},
                {
                    "name": "clip 2",
                    "estimate": 2.4,
                    "p": 0.001,
                    "ci95": [1.1, 3.7],
                    "order": ["original_tags"],
                },
            ],
        },
        "participants": {
            "units": 1,
            "same_best": 1,
            "answers": [{"name": "p1", "estimate": 2.0, "p": 0.002, "ci95": [0.8, 3.2], "order": [best]}],
        },
        "exclusions": [{"name": "with the excluded ballots", "estimate": 2.0, "p": 0.003, "order": [best]}],
    }
    rows = tables(analysis)["sensitivity"]
    assert ["Without one clip: lowest (clip 1)", "1.80", "0.020", "Redefined sentence"] in rows
    assert ["Without one clip: highest (clip 2)", "2.40", "0.001", "Original tags"] in rows
    assert rows[-1][0] == "With the excluded answers"
    contents = report_contents(analysis, with_default_views(analysis, ReportContext(title="t")))
    assert "in 1 of 2" in contents["sensitivity_note"]


def test_a_separated_condition_gets_a_plain_sentence_with_its_bound(analysis: dict[str, Any]) -> None:
    analysis["plackett_luce"] |= {
        "separated": ["original_tags"],
        "se_robust": None,
        "bounds": [
            {
                "condition": "original_tags",
                "ever_chosen": 0,
                "participants": 30,
                "upper_share": 0.095,
                "text": "0 of 30 participants ever chose original_tags, so at most 9.5 % of such people would "
                "(one-sided 95 %).",
            }
        ],
    }
    notes = " ".join(report_contents(analysis, with_default_views(analysis, ReportContext(title="t")))["worth_notes"])
    assert "no finite estimate" in notes
    assert "0 of 30 participants ever chose “Original tags”" in notes
    assert "at most 9.5 %" in notes
    assert "None" not in str(tables(analysis)["worths"])


def test_skillings_mack_replaces_friedman_if_that_does_not_apply(analysis: dict[str, Any]) -> None:
    analysis["friedman"] = None
    analysis["skillings_mack"] = {"statistic": 12.0, "df": 3.0, "p": 0.007}
    names = [row[0] for row in tables(analysis)["omnibus"]]
    assert any(name.startswith("Skillings–Mack") for name in names)
    assert not any(name.startswith("Friedman") for name in names)


def test_every_warning_is_known_and_an_unknown_one_stays() -> None:
    for sentence in _SENTENCES:
        text = sentence.replace("%(", "%(") % dict.fromkeys(
            (
                "n",
                "all",
                "clips",
                "advised",
                "again",
                "least",
                "most",
                "names",
                "share",
                "fewest",
                "effective",
                "question",
            ),
            "7",
        )
        assert translated([text]) == [text]
    assert translated(["Something new."]) == ["Something new."]


def test_the_warnings_of_the_analysis_are_recognised() -> None:
    import re
    from pathlib import Path

    from analysis.statistics import cautions, question_cautions, worth_questions

    sources = [
        Path(module.__file__).read_text(encoding="utf-8") for module in (cautions, question_cautions, worth_questions)
    ]
    codes = re.findall(r'\bCaution\(\s*"(\w+)"', "".join(sources))
    # The code "bound" has two sentences, every other code one.
    assert len(set(codes)) + 1 == len(_SENTENCES)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "for as many conditions on either side"), ("ko", "양쪽 조건 수")]
)
def test_the_methods_name_only_contrasts_with_unequal_sides(
    analysis: dict[str, Any], language: str, words: str
) -> None:
    def methods(factors: dict[str, list[str]] | None) -> str:
        data = analysis | {"factors": factors}
        with translation.override(language):
            context = with_default_views(data, ReportContext(title="t", language=language))
            return " ".join(report_contents(data, context)["methods"])

    one, two = analysis["conditions"][:1], analysis["conditions"][:2]
    text = methods({"size_large": one, "by_a": two})
    assert words in text
    assert "size_large" in text
    assert "by_a" not in text
    assert words not in methods({"redefined": two, "sentence": two})
    assert words not in methods(None)


def test_the_methods_say_how_the_images_were_made(analysis: dict[str, Any]) -> None:
    facts = ["The original tags were given by people.", "Only the redefined tags became prompt words."]

    def methods(making: list[str]) -> list[str]:
        return report_contents(analysis, with_default_views(analysis, ReportContext(title="t", making=making)))[
            "methods"
        ]

    assert set(methods(facts)) - set(methods([])) == {" ".join(facts)}
