"""What a page asks about its images below them is cut into parts of each image; answers depend on positions alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from study.blinding_audit.facts import image_blocks, outside_blocks, row_blocks
from study.instruments.answers import AnswerRefused
from study.instruments.presets import PRESETS
from study.instruments.reading import instrument_from
from study.simulation.plain_answers import answer_by_position, incomplete_answer
from study.simulation.walking import SurveyBroken
from tests.study.simulation.test_answering import check

IMAGES = "<fieldset>" + "".join(f'<div data-letter="{letter}"><img src="/{letter}"></div>' for letter in "AB")


def row(scale: str, letter: str) -> str:
    return f'<fieldset data-letter="{letter}"><input name="q.{scale}.{letter}" value="3"></fieldset>'


def page(*rows: str) -> str:
    return f"<html>{IMAGES}</fieldset><h2>Rate</h2>{''.join(rows)}<p>The end</p></html>"


def test_a_grid_is_cut_into_a_row_for_each_scale_and_image() -> None:
    source = page(row("match", "A"), row("match", "B"), "<h2>Quality</h2>", row("quality", "A"), row("quality", "B"))
    blocks = image_blocks(source, 2)
    rows = row_blocks(source, blocks)
    assert [[block.partition('name="')[2].partition('"')[0] for block in own] for own in rows] == [
        ["q.match.A", "q.match.B"],
        ["q.quality.A", "q.quality.B"],
    ]
    rest = outside_blocks(source, [*blocks, *(block for own in rows for block in own)])
    assert "q." not in rest
    assert "<h2>Quality</h2>" in rest
    assert "The end" in rest


def test_one_image_at_a_time_is_cut_alike() -> None:
    groups = [f'<div data-letter="{x}"><h3>{x}</h3>{row("match", x)}{row("quality", x)}</div>' for x in "AB"]
    rows = row_blocks(page(*groups), image_blocks(page(*groups), 2))
    assert [["<h3>" in block or block.count("q.") for block in own] for own in rows] == [[True] * 2, [1, 1], [1, 1]]


def test_a_page_without_rows_has_none_and_one_that_asks_about_one_image_only_is_broken() -> None:
    assert row_blocks(page(), image_blocks(page(), 2)) == []
    with pytest.raises(SurveyBroken, match="does not ask the same"):
        row_blocks(page(row("match", "A")), image_blocks(page(), 2))


@pytest.mark.parametrize("data", list(filter(None, PRESETS.values())), ids=str)
def test_pilots_answer_by_position_and_know_what_is_refused(data: Mapping[str, Any]) -> None:
    instrument = instrument_from(data)
    images = instrument.images_shown(4)
    fields = answer_by_position(instrument, images)
    assert fields == answer_by_position(instrument, images)
    check(instrument, fields, images)
    wrong = incomplete_answer(instrument, images)
    if "first" in wrong:
        assert wrong["first"] == wrong["second"]
    elif instrument.pair is None:
        with pytest.raises(AnswerRefused):
            check(instrument, wrong, images)
