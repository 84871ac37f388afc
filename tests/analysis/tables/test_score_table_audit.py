"""`manage.py audit_table`: is a published table of weighted scores possible?"""

import itertools
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from analysis.statistics.ballots import PRESET
from analysis.statistics.table_audit import Consistent, ScoreTable, audit_table, column_possible

SEED_TABLE = """condition,item1,item2,item3,item4,item5,item6,printed_total
redefined_tags,44,33,57,29,18,66,247
redefined_sentence,44,79,53,50,69,46,341
original_tags,11,3,0,27,10,5,56
original_sentence,18,2,4,11,20,0,58
"""


@pytest.fixture
def seed_table(tmp_path):
    path = tmp_path / "results_table.csv"
    path.write_text(SEED_TABLE)
    return path


def audited(path, tmp_path, **options):
    out = tmp_path / "audit.json"
    call_command("audit_table", str(path), json=str(out), **options)
    return json.loads(out.read_text())


def test_the_published_table_fits_three_to_one_with_thirty_people(seed_table, tmp_path):
    audit = audited(seed_table, tmp_path, respondents=30)
    assert audit["consistent"] == [{"weights": [3, 1], "respondents": 30, "second_choices": [27, 27, 24, 27, 27, 27]}]
    assert audit["column_totals"] == [117, 117, 114, 117, 117, 117]
    assert audit["mismatches"] == [{"row": "original_sentence", "printed": 58, "sum": 55}]
    (repair,) = audit["repairs"]
    assert (repair["row"], repair["item"], repair["from"], repair["to"]) == (
        "original_sentence",
        "item3",
        4,
        7,
    )
    assert audit["contrasts"]["as_printed"] == {"redefined_minus_original": 477, "sentence_minus_tags": 93}
    assert audit["contrasts"]["repaired"] == {"redefined_minus_original": 474, "sentence_minus_tags": 96}
    redefined, sentence = (audit["clip_level_tests"][name] for name in ("redefined", "sentence"))
    assert redefined["estimate"] == pytest.approx(2.65)
    assert redefined["t"] == pytest.approx(6.40, abs=0.005)
    assert redefined["p"] == pytest.approx(0.0014, abs=5e-5)
    assert redefined["p_sign_flip"] == 2 / 64
    assert sentence["estimate"] == pytest.approx(0.52, abs=0.005)
    assert sentence["p"] == pytest.approx(0.28, abs=0.005)


def test_two_to_one_needs_forty_people_or_both_choices_on_one_image(seed_table, tmp_path):
    def people(**options):
        consistent = audited(seed_table, tmp_path, **options)["consistent"]
        return {c["respondents"] for c in consistent if c["weights"] == [2, 1]}

    assert min(people()) == 40
    assert min(people(allow_same=True)) == 39


@pytest.mark.parametrize("weights", [(3, 1), (2, 1), (5, 3)])
@pytest.mark.parametrize("share_without_second", [0.0, 0.15])
def test_a_table_made_from_ballots_is_possible_and_its_wrong_cell_is_found(weights, share_without_second):
    rng = np.random.default_rng(sum(weights))
    cells, seconds = np.zeros((4, 6), dtype=int), []
    for item in range(6):
        made = 0
        for _ in range(25):
            first, second = rng.choice(4, 2, replace=False)
            cells[first, item] += weights[0]
            if rng.random() >= share_without_second:
                cells[second, item] += weights[1]
                made += 1
        seconds.append(made)
    items, totals = tuple(f"item{i}" for i in range(6)), tuple(int(row.sum()) for row in cells)
    sound = audit_table(ScoreTable(PRESET, items, cells, totals), respondents=25)
    assert Consistent(weights, 25, tuple(seconds)) in sound.consistent
    assert (sound.mismatches, sound.repairs) == ((), ())
    spoilt = cells.copy()
    spoilt[2, 3] += 4
    found = audit_table(ScoreTable(PRESET, items, spoilt, totals), respondents=25)
    right = ("original_tags", "item3", int(spoilt[2, 3]), int(cells[2, 3]))
    repairs = [(r.row, r.item, r.from_, r.to) for r in found.repairs]
    assert right in repairs
    if not share_without_second:  # then all columns must have one total, and only one cell can be wrong
        assert repairs == [right]


def every_column(people, weights, allow_same):
    """All columns of three cells that some ballots of so few people give, with their second choices."""
    ballots = [(a, b) for a in range(3) for b in (*range(3), None) if allow_same or a != b]
    found = {}
    for made in itertools.combinations_with_replacement(ballots, people):
        column = [0, 0, 0]
        for first, second in made:
            column[first] += weights[0]
            if second is not None:
                column[second] += weights[1]
        found[tuple(column)] = sum(second is not None for _, second in made)
    return found


@pytest.mark.parametrize("allow_same", [False, True])
@pytest.mark.parametrize("weights", [(3, 1), (2, 1), (3, 2)])
def test_exactly_the_columns_that_ballots_can_give_are_possible(weights, allow_same):
    found = every_column(3, weights, allow_same)
    for column in itertools.product(range(3 * sum(weights) + 1), repeat=3):
        assert column_possible(column, weights, 3, allow_same) == found.get(column)


def test_the_claimed_difference_is_found_where_it_comes_from(seed_table, tmp_path):
    (claim,) = audited(seed_table, tmp_path, claim=["text=94"])["claims"]
    assert claim["found_as"] == ["redefined_sentence − redefined_tags (sums of the cells)"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("condition,item1\nx,a\n", "row 2: item1 'a'"),
        ("condition,item1\nx,1\nx,2\n", "row 3: condition 'x'"),
        ("condition,item1\nx,1,2\n", "row 2: 3 values"),
        ("condition\n", "there are no items"),
    ],
)
def test_an_invalid_score_table_is_refused_with_its_row(tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=words) as error:
        call_command("audit_table", str(path))
    assert error.value.returncode == 2
