"""The codebook of the ballot table says what its columns hold under the study's own questions."""

import csv
import io

import pytest

from analysis.tables.codebook import answers_codebook_csv, codebook_csv
from study.instruments.presets import PRESETS
from study.models import Study
from tests.factories import make_study

pytestmark = pytest.mark.django_db
ONE = {"questions": [{"kind": "choose", "key": "best", "ranks": 1}]}
CHOSEN = ("first", "second", "position_first", "position_second")


def meanings(study: Study, table: bytes | None = None) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO((table or codebook_csv(study)).decode()))
    return {row["column"]: row["meaning"] for row in rows}


@pytest.mark.parametrize(
    ("instrument", "first", "second"),
    [
        ({}, "condition of the 1st choice; empty if none fitted", "condition of the 2nd choice"),
        (PRESETS["choose_and_rate"], "condition of the 1st choice; empty if none fitted", "condition of the 2nd"),
        (ONE, "condition of the image chosen; empty if none fitted", "always empty: one image is chosen"),
        (PRESETS["pairs"], "condition of the better image; empty if both fitted equally well", "always empty: one"),
        (PRESETS["match_and_quality"], "always empty: the questions choose no image", "always empty: the questions"),
    ],
)
def test_the_columns_of_choices_are_explained_by_what_was_asked(instrument, first, second):
    said = meanings(make_study(clips=1, instrument=instrument))
    assert said["first"] == first
    assert said["second"].startswith(second)
    assert all(("1st" in said[name] or "2nd" in said[name]) == ("1st" in first) for name in CHOSEN)


def test_a_hidden_repeat_of_pairs_shows_the_same_two_images():
    of_pairs, of_all = (make_study(clips=1, instrument=instrument) for instrument in (PRESETS["pairs"], ONE))
    for table in (codebook_csv, answers_codebook_csv):
        assert "these two images" in meanings(of_pairs, table(of_pairs))["repeat"]
        assert "of the clip" in meanings(of_all, table(of_all))["repeat"]
