"""Which studies may stand together, and why the others may not."""

from dataclasses import replace

import pytest

from analysis.comparison.comparing import choices_of, compare
from analysis.comparison.effects import Source
from analysis.comparison.matching import Choice, match
from analysis.comparison.reasons import reason
from analysis.statistics.distributions import t_quantile
from analysis.statistics.meta_analysis import meta_analysis
from tests.analysis.comparison.sources import source

TWO = ("warm", "cold")
LARGE = {
    "plan": {"conditions": [{"key": "big", "levels": {"size": "large"}}, {"key": "s", "levels": {"size": "small"}}]}
}
SMALL = {"plan": {"conditions": [{"key": "A", "levels": {"size": "small"}}, {"key": "B", "levels": {"size": "large"}}]}}


@pytest.fixture(scope="module")
def three() -> list[Source]:
    return [source(seed) for seed in (1, 2, 3)]


def left_out(sources: list[Source], **choice: str) -> dict[str, str]:
    """The names of those that are left out, with the sentence that people read."""
    return {row["name"]: reason(row) for row in compare(sources, Choice(**choice))["left_out"]}


def test_the_same_contrast_is_combined_from_its_own_numbers(three: list[Source]) -> None:
    found = compare(three, Choice())
    assert (found["contrast"]["key"], found["measure"], found["population"]) == ("redefined", "points", "new clips")
    assert found["unit"] == {"weights": [3.0, 1.0], "images": 4.0, "conditions": 4}
    assert (found["left_out"], found["shared_clips"], found["simulated"]) == ([], [], False)
    rows = found["studies"]
    effects = [source.effects[0] for source in three]
    assert [(row["estimate"], row["se"]) for row in rows] == [(e.estimate, e.se) for e in effects]
    for row in rows:
        half = t_quantile(0.975, row["df"]) * row["se"]
        assert row["ci95"] == pytest.approx([row["estimate"] - half, row["estimate"] + half])
    together = meta_analysis([row["estimate"] for row in rows], [row["se"] for row in rows])
    assert found["combined"]["mean"]["estimate"] == together.mean.estimate
    assert found["combined"]["prediction"] == list(together.prediction or ())
    assert [row["weight"] for row in rows] == list(together.weights)


def test_points_of_other_weights_are_refused_and_log_worths_are_not(three: list[Source]) -> None:
    other = source(4, "two to one", weights=(2.0, 1.0))
    text = left_out([other, *three])  # the unit is that of most of them, whichever comes first
    assert text == {
        "two to one": "Its unit is points per answer (2 : 1, 4 images), not points per answer (3 : 1, 4 images); "
        "compare log worths."
    }
    found = compare([*three, other], Choice(measure="worth"))
    assert [row["name"] for row in found["studies"]] == ["study 1", "study 2", "study 3", "two to one"]
    # The JSON has an interval and p of a log worth: the error is what they tell, with the same degrees of freedom.
    effect = next(e for e in other.effects if (e.measure, e.population) == ("worth", "new clips"))
    row = found["studies"][-1]
    assert row["ci95"] == pytest.approx(list(effect.ci95 or ()), rel=1e-7)
    assert row["df"] >= 5 - 1e-6


def test_optional_second_choices_are_another_unit(three: list[Source]) -> None:
    optional = source(5, "optional", second_choice="optional")
    unit = optional.effects[0].unit
    assert unit["weights"] == [3.0, 0.0]  # its primary test takes first choices alone
    assert list(left_out([*three, optional])) == ["optional"]
    of_form = left_out([*three, optional], contrast="sentence")
    assert of_form == {
        "optional": "Its second choices were optional, or its number of conditions is another; compare log worths."
    }
    assert left_out([*three, optional], measure="worth") == {}


def test_levels_make_a_contrast_and_not_the_names_of_conditions() -> None:
    large = source(1, "large first", LARGE, conditions=("big", "s"), liking=(1, 0), factors={"size_large": ["big"]})
    small = source(2, "small first", SMALL, conditions=("A", "B"), liking=(0, 1), factors={"size_small": ["A"]})
    found = compare([large, small], Choice())
    assert found["left_out"] == []
    assert [row["turned"] for row in found["studies"]] == [False, True]
    turned = next(e for e in small.effects if (e.measure, e.population) == ("points", "new clips"))
    assert found["studies"][1]["estimate"] == -(turned.estimate or 0) > 0
    # Chosen by the name that the second gives it, its sides are that study's.
    assert [row["turned"] for row in compare([large, small], Choice(contrast="size_small"))["studies"]] == [True, False]
    other = source(3, "warm", conditions=TWO, liking=(1, 0), factors={"warm": ["warm"]})
    assert left_out([large, small, other]) == {"warm": "It does not compare these levels; choose another contrast."}
    nothing = compare([large, small], Choice(contrast="colour"))
    assert (nothing["contrast"], nothing["combined"], len(nothing["left_out"])) == (None, None, 2)


def test_a_factor_within_other_levels_is_another_contrast(three: list[Source]) -> None:
    levels = [
        {"key": "redefined_tags", "levels": {"tags": "redefined", "form": "tags"}},
        {"key": "original_tags", "levels": {"tags": "original", "form": "tags"}},
    ]
    pair = source(
        6,
        "tags alone",
        {"plan": {"conditions": levels}},
        conditions=("redefined_tags", "original_tags"),
        liking=(1, 0),
        factors={"tags_redefined": ["redefined_tags"]},
    )
    assert left_out([*three, pair]) == {
        "tags alone": "It compares redefined with original (within form: tags), which is another contrast."
    }
    # The same pair of images stands in the larger studies too; their points are out of four images.
    key = "redefined_tags − original_tags"
    assert "2 images" in left_out([*three, pair], contrast=key)["tags alone"]
    assert left_out([*three, pair], contrast=key, measure="worth") == {}


def test_a_study_counts_once(three: list[Source]) -> None:
    again = replace(three[0], name="import", digest="0" * 64)
    assert left_out([*three, again]) == {"import": "It is the same study as “study 1”, which counts once."}
    later = replace(three[1], name="later", identities=frozenset({"log:a"}))
    first = replace(three[2], identities=frozenset({"log:a", "plan:b"}))
    assert list(left_out([first, later])) == ["later"]
    assert left_out([first, replace(later, identities=frozenset({"log:c"}))]) == {}


def test_simulated_people_are_never_mixed_with_people(three: list[Source]) -> None:
    pretend = [replace(row, simulated=True, name=f"simulated {row.name}", identities=frozenset()) for row in three]
    people = replace(three[0], simulated=False)
    found = compare([*pretend, people, three[1]], Choice())
    assert [row["name"] for row in found["studies"]] == ["study 1", "study 2"]
    assert {row["reason"] for row in found["left_out"]} == {"simulated"}
    assert not found["simulated"]
    assert compare(pretend, Choice())["simulated"]


def test_shared_clips_are_counted(three: list[Source]) -> None:
    clips = [frozenset("abc"), frozenset("bcd"), frozenset("xyz")]
    sources = [replace(row, clips=clips[place]) for place, row in enumerate(three)]
    assert match(sources, Choice()).shared_clips == ((0, 1, 2),)


def test_what_has_no_error_is_left_out_with_the_reason(three: list[Source]) -> None:
    few = source(7, "few clips", clips=4)
    text = left_out([*three, few])
    assert text == {
        "few clips": "It has fewer than five clips, which say nothing about new ones; compare for these clips."
    }
    assert left_out([*three, few], population="these clips") == {}
    worth = left_out([*three, few], measure="worth")
    assert worth == text
    always = source(8, "always", liking=(40, 40, 0, 0))
    assert left_out([*three, always], measure="worth") == {
        "always": "A condition was always or never chosen, so its log worths have no finite estimate."
    }
    assert left_out([*three, always]) == {
        "always": "All its answers or clips are alike, so its standard error is 0 and cannot be used."
    }
    stopped = source(9, "stopped", people=60, liking=(3, 3, 0, 0), sequential=True)
    assert left_out([*three, stopped]) == {
        "stopped": "It stopped early by its rule, after which it has no standard error."
    }


def test_choices_are_those_of_all_sources(three: list[Source]) -> None:
    other = source(10, "warm", conditions=TWO, liking=(1, 0), factors={"warm": ["warm"]})
    keys = [row["key"] for row in choices_of([other, *three])["contrasts"]]
    assert keys[:2] == ["redefined", "sentence"]  # of three studies, before that of one
    assert "warm" in keys
    assert choices_of([]) == {"contrasts": [], "questions": []}
    empty = compare([], Choice())
    assert (empty["studies"], empty["combined"], empty["contrast"]) == ([], None, None)
