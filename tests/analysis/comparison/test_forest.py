"""The forest plot and the words: everything that stands in the numbers is shown, and no text becomes markup."""

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import translation

from analysis.comparison.comparing import compare
from analysis.comparison.effects import Source
from analysis.comparison.forest import LEFT, RIGHT, fitted, forest_plot
from analysis.comparison.matching import Choice
from analysis.comparison.words import answer, cautions
from tests.analysis.comparison.sources import source

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def one() -> Source:
    return source(1, "Songs & <b>Seoul</b>")


def studies(one: Source, effects: list[tuple[float, float]]) -> list[Source]:
    """Studies with these effects and standard errors."""
    return [
        replace(
            one,
            name=f"{one.name} {place}",
            identities=frozenset({str(place)}),
            effects=(replace(one.effects[0], estimate=estimate, se=se, df=30.0),),
        )
        for place, (estimate, se) in enumerate(effects)
    ]


def drawn(found: dict[str, Any]) -> tuple[ElementTree.Element, str]:
    root = ElementTree.fromstring(forest_plot(found).svg)
    return root, " ".join(element.text or "" for element in root.iter(f"{SVG}text"))


def test_squares_have_areas_by_weight_and_the_mean_is_a_diamond(one: Source) -> None:
    found = compare(studies(one, [(2.0, 0.3), (2.6, 0.6), (1.4, 0.3)]), Choice())
    root, text = drawn(found)
    sides = [float(square.get("width", 0)) for square in root.iter(f"{SVG}rect")]
    weights = [row["weight"] for row in found["studies"]]
    assert (sides[1] / sides[0]) ** 2 == pytest.approx(weights[1] / weights[0], rel=0.02)
    diamonds = list(root.iter(f"{SVG}polygon"))
    assert [shape.get("fill") for shape in diamonds if len((shape.get("points") or "").split()) == 4] == [
        "#0b5a6b",
        "#fff",
    ]
    assert "Songs & <b>Seoul</b> 0" in text
    mean = found["combined"]["mean"]
    assert f"{mean['estimate']:.2f}" in text
    assert "Prediction" in text
    assert sum(weights) == pytest.approx(1)


def test_an_interval_that_leaves_the_plot_ends_in_an_arrow(one: Source) -> None:
    found = compare(studies(one, [(2.0, 0.1), (0.5, 0.1)]), Choice())  # t(1): an interval of 20 points
    root, text = drawn(found)
    assert "Prediction" not in text
    assert forest_plot(found).caption.endswith("Diamonds: the mean, as wide as its interval.")  # and no bar
    places = [
        float(value)
        for shape in root.iter(f"{SVG}polygon")
        for value in re.findall(r"([\d.]+),", shape.get("points", ""))
    ]
    assert min(places) >= LEFT
    assert max(places) <= RIGHT
    assert f"{found['combined']['mean']['ci95'][1]:.2f}" in text


@pytest.mark.parametrize("number", [0, 1, 50])
def test_any_number_of_studies_can_be_drawn(one: Source, number: int) -> None:
    found = compare(studies(one, [(1.0 + place / 50, 0.2) for place in range(number)]), Choice())
    root, _text = drawn(found)
    height = float((root.get("viewBox") or "").split()[3])
    lowest = max([float(element.get("y", 0)) for element in root.iter(f"{SVG}text")])
    assert lowest < height
    if number < 2:
        assert len(answer(found)) == 1
        assert found["combined"] is None


def test_a_name_is_cut_to_its_room() -> None:
    assert fitted("short") == "short"
    assert fitted("한국어" * 10) == "한국어한국어…한국어한국어"
    assert len(fitted("x" * 60)) == 26


def test_long_names_that_differ_at_their_end_are_told_apart(one: Source) -> None:
    """As titles of one series of studies do; so do those of one title, by their short names."""
    title = "Images of music: a replication with listeners who play an instrument,"
    for number in (3, 25):  # in rows of three lines, and in a crowd's low rows
        rows = studies(one, [(1.0 + place / 10, 0.2) for place in range(number)])
        named = [replace(row, name=f"{title} {place}") for place, row in enumerate(rows)]
        _root, text = drawn(compare(named, Choice()))
        assert all(f"ment, {place}" in text for place in range(number))
        assert "Redefined − original" in text  # the sides, without which signs say nothing
    same = [replace(row, name="One title", slug=slug) for row, slug in zip(rows[:3], ("a", "b", "b"), strict=True)]
    names = [row["name"] for row in compare(same, Choice())["studies"]]
    assert names == ["One title (a)", *[f"One title ({one.digest[:8]})"] * 2]


def test_words_say_what_few_and_alike_studies_cannot_carry(one: Source) -> None:
    two = compare(studies(one, [(1.0, 0.2), (1.1, 0.2)]), Choice())
    assert len(answer(two)) == 2  # the mean, and the spread: no prediction
    assert "a difference on average is not shown" in answer(two)[0]
    said = " ".join(cautions(two))
    assert "Two studies cannot tell" in said
    assert "not made shorter" in said
    three = compare(studies(one, [(1.0, 0.2), (2.1, 0.2), (1.6, 0.3)]), Choice())
    assert "holds about nine of ten new studies" in " ".join(cautions(three))
    assert "would lie between" in answer(three)[1]
    ten = compare(studies(one, [(1.0 + place / 5, 0.2) for place in range(10)]), Choice())
    assert "nine of ten" not in " ".join(cautions(ten))
    # Studies that differ are not said to agree, though their mean's error was raised by a little.
    differing = ten | {"combined": ten["combined"] | {"raised": True}}
    assert ten["combined"]["heterogeneity"]["q"] > 9
    assert "agree more" not in " ".join(cautions(differing))
    assert "ordinary standard error" in " ".join(cautions(differing))
    assert "The whole interval is above 0." in answer(ten)[0]
    few = [replace(row, effects=(replace(row.effects[0], df=5.0),)) for row in studies(one, [(1.0, 0.2)] * 20)]
    told = next(text for text in cautions(compare(few, Choice())) if "degrees of freedom" in text)
    assert told.endswith("“Songs & <b>Seoul</b> 2” (5) and 17 others.")
    fixed = compare(studies(one, [(1.0, 0.2), (2.1, 0.2)]), Choice(), "fixed")
    assert "That says nothing about other studies." in answer(fixed)[0]
    shared = [replace(row, clips=frozenset("ab")) for row in studies(one, [(1.0, 0.2)] * 4)]
    told = [text for text in cautions(compare(shared, Choice())) if "clips" in text and "share" in text]
    assert told[-1] == "3 other pairs share clips."
    with translation.override("ko"):
        assert "연구 3건에서" in answer(three)[0]
        assert "예측" in drawn(three)[1]
