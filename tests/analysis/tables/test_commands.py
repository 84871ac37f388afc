"""`manage.py analyze`, `audit_table` and `power`, as a user calls them."""

import itertools
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import PRESET
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.table_audit import Consistent, ScoreTable, audit_table, column_possible
from analysis.tables.ballot_table import read_ballots
from analysis.tables.errors import TableError
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import rows_of, simulated, write_csv

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
        ("condition\n", "header"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_row(tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=words) as error:
        call_command("audit_table", str(path))
    assert error.value.returncode == 2


def test_analyze_writes_the_public_shape(tmp_path):
    study = simulated()
    path = write_csv(tmp_path / "ballots.csv", rows_of(study))
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=500)
    data = json.loads((tmp_path / "o.json").read_text())
    assert (data["n_participants"], data["n_clips"], data["n_ballots"]) == (30, 6, 180)
    assert data["conditions"] == list(study.conditions)
    primary = data["primary"]
    assert set(primary) == {"contrast", "estimate", "se", "df", "t", "p", "ci95", "population"}
    assert primary["population"] == "new clips"
    y = study.points((3, 1)) @ [1, 1, -1, -1]
    assert primary["estimate"] == pytest.approx(y.mean())
    assert all("p_holm" in test for test in data["secondary"])
    points = 3 * (study.first == 0).sum() + (study.second == 0).sum()
    assert data["scores"]["redefined_tags"]["points"] == points
    assert sum(clip["redefined_tags"] for clip in data["by_clip"].values()) == points
    assert len(data["pairwise"]) == 6
    theta = data["plackett_luce"]["log_worth"]
    assert theta[data["plackett_luce"]["reference"]] == 0
    redefined = (
        theta["redefined_tags"] + theta["redefined_sentence"] - theta["original_tags"] - theta["original_sentence"]
    ) / 2
    assert data["factorial"]["redefined"]["estimate"] == pytest.approx(redefined)
    assert data["position_bias"] is None


def test_the_same_seed_gives_the_same_json(tmp_path):
    study = simulated(12, 4)
    assert to_json(analyse(study, AnalysisPlan(draws=300))) == to_json(analyse(study, AnalysisPlan(draws=300)))


GOOD = [("p1", "c1", "a", "b"), ("p1", "c2", "b", "a"), ("p2", "c1", "c", "a"), ("p2", "c2", "a", "c")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*GOOD, ("p3", "c1", "a", "a")], "row 6: 'a' is both first and second"),
        ([*GOOD, ("p1", "c2", "a", "b")], "row 6: participant 'p1' has a second ballot on clip 'c2'"),
        ([*GOOD, ("p3", "c1", "", "b")], "row 6: there is a second choice without a first"),
        ([*GOOD, ("p3", "c1", "z", "b")], "row 6: first choice 'z' is no condition"),
        ([*GOOD, ("", "c1", "a", "b")], "row 6: the participant is empty"),
        ([], "there are no ballots"),
    ],
)
def test_a_bad_ballot_stops_with_file_row_and_mend(tmp_path, rows, words):
    path = write_csv(tmp_path / "ballots.csv", rows)
    with pytest.raises(CommandError, match=words) as error:
        call_command("analyze", str(path), conditions="a,b,c")
    assert str(error.value).startswith("ballots.csv")
    assert error.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": "1,3"}, "first must be above 0"),
        ({"weights": "x"}, "write them as 3,1"),
        ({"weights": "1e308,1"}, "must lie between"),
        ({"weights": "nan,1"}, "first must be above 0"),
        ({"seed": -1}, "seed -1 must not be negative"),
        ({"draws": 3}, "take at least 100"),
        ({"reference": "z"}, "reference 'z'"),
        ({"factors": "f=z"}, "names 'z'"),
        ({"factors": "f"}, "name=a,b"),
    ],
)
def test_bad_options_are_named(tmp_path, options, words):
    path = write_csv(tmp_path / "ballots.csv", GOOD)
    with pytest.raises(CommandError, match=words):
        call_command("analyze", str(path), **options)


def test_all_preset_keys_are_conditions_also_one_that_nobody_chose(tmp_path):
    rows = [
        ("p1", "c1", "redefined_tags", "original_tags"),
        ("p2", "c1", "original_tags", "redefined_sentence"),
    ]
    assert len(read_ballots(write_csv(tmp_path / "b.csv", rows)).ballots.conditions) == 4


def test_found_keys_are_the_conditions_of_another_study(tmp_path):
    assert read_ballots(write_csv(tmp_path / "b.csv", GOOD)).ballots.conditions == ("a", "b", "c")


def test_excluded_rows_are_counted_and_left_out(tmp_path):
    rows = [(*row, "") for row in GOOD] + [("p9", "c1", "a", "a", "too fast"), ("p8", "c1", "b", "a", "1")]
    table = read_ballots(write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,excluded"), ("a", "b", "c"))
    assert (table.ballots.n, table.n_excluded) == (4, 2)
    assert table.excluded_reasons == {"too fast": 1, "1": 1}
    assert table.all_ballots.n == 5  # the ballot that names one image twice can never count


def test_korean_and_marked_text_are_read(tmp_path):
    for encoding in ("utf-8-sig", "cp949", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("participant,clip,first,second\n민수,노래,a,b\n".encode(encoding))
        assert read_ballots(path, ("a", "b")).ballots.participants == ("민수",)


BALLOTS = "participant,clip,first,second\np1,c1,a,b\np2,c1,b,a\n"


@pytest.mark.parametrize(
    "text",
    [
        BALLOTS,
        BALLOTS.replace(",", ";"),
        BALLOTS.replace(",", "\t"),
        BALLOTS.replace("\n", "\r\n"),
        "\ufeff" + BALLOTS,
        BALLOTS.replace("\n", "\n\n").rstrip(),
        'participant,clip,first,second,reason\np1,c1,a,b,"two\nlines, and ""more"""\np2,c1,b,a,\n',
    ],
)
def test_what_a_spreadsheet_writes_is_read(tmp_path, text):
    (tmp_path / "b.csv").write_bytes(text.encode())
    ballots = read_ballots(tmp_path / "b.csv").ballots
    assert (ballots.participants, ballots.clips, ballots.conditions) == (("p1", "p2"), ("c1",), ("a", "b"))


def test_ids_stay_the_text_they_are(tmp_path):
    ids = ["007", "07", "7", "7.0", "NA", "nan", "null", "None", "true", "1e3", "2024-01-01", "é", "e\u0301"]
    path = write_csv(tmp_path / "b.csv", [(name, name, "a", "b") for name in ids])
    ballots = read_ballots(path).ballots
    assert ballots.participants == ballots.clips == tuple(sorted(ids))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (bytes(range(256)), "no text"),
        (b"participant,clip,first,second\np,c,a,b\np,d,a\n", "row 3: 3 values under 4 headings"),
        (b"participant,clip,first,second\np,c,a,b,x\n", "row 2: 5 values under 4 headings"),
        (b"participant,clip,first,second\np,c,a,\n", "1 condition found"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path, content, words):
    (tmp_path / "b.csv").write_bytes(content)
    with pytest.raises(CommandError, match=words) as error:
        call_command("analyze", str(tmp_path / "b.csv"))
    assert str(error.value).startswith("b.csv")
    assert error.value.returncode == 2


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(TableError, match="row 1: the column 'second' is missing"):
        read_ballots(write_csv(tmp_path / "b.csv", [("p", "c", "a")], "participant,clip,first"))


def test_partial_orders_use_skillings_mack(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(20):
        shown = rng.choice(list("abcd"), 3, replace=False)
        for j in range(3):
            first, second = rng.choice(shown, 2, replace=False)
            rows.append((f"p{i}", f"c{j}", first, second, ";".join(shown)))
    path = write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,order")
    result = analyse(read_ballots(path).ballots, AnalysisPlan(draws=200))
    assert result.friedman is None
    assert result.skillings_mack is not None
    assert result.plackett_luce is not None
    json.dumps(to_json(result), allow_nan=False)


def test_power_says_that_clips_are_lacking(capsys):
    call_command("power", participants=30, clips=6, share=0.59, simulations=600)
    text = capsys.readouterr().out
    assert "More clips" in text
    assert "±" in text
