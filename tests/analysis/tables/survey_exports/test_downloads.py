"""Downloads of survey tools become the ballots that people cast, by a mapping that is guessed first."""

import csv
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from analysis.report.text.translated_warnings import translated
from analysis.tables.errors import TableError
from analysis.tables.survey_exports.ballots import MappedBallots, map_ballots
from analysis.tables.survey_exports.columns import SurveyTable, read_survey_table
from analysis.tables.survey_exports.guess import guess_mapping
from analysis.tables.survey_exports.mapping import parse_mapping
from tests.analysis.tables.survey_exports.downloads import (
    ANSWERS,
    CLIPS,
    DOWNLOADS,
    IMAGES,
    PEOPLE,
    as_csv,
    as_xlsx,
    google_forms,
)

CONDITIONS = ["redefined_tags", "redefined_sentence", "original_tags", "original_sentence"]
KEY = dict(zip(IMAGES, CONDITIONS, strict=True))


def with_conditions(text: str) -> str:
    """What a person does with the template: write the condition of each answer."""
    for image, condition in KEY.items():
        assert f'  "{image}": "{image}"' in text
        text = text.replace(f'  "{image}": "{image}"', f'  "{image}": {condition}')
    return text


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize("name", DOWNLOADS)
def test_each_tools_download_becomes_the_ballots_that_people_cast(name: str, write, tmp_path: Path) -> None:
    download, mapping, ballots = (tmp_path / part for part in ("download", "map.yaml", "ballots.csv"))
    download.write_bytes(write(DOWNLOADS[name]()))
    call_command("analyze", str(download), map_template=str(mapping))
    mapping.write_text(with_conditions(mapping.read_text()))
    call_command(
        *("analyze", str(download)),
        map=str(mapping),
        ballots_out=str(ballots),
        json=str(tmp_path / "o.json"),
        draws=200,
    )
    rows = list(csv.DictReader(ballots.open(newline="")))
    people = list(dict.fromkeys(row["participant"] for row in rows))
    assert len(people) == PEOPLE
    found: list[list[tuple[str, str]]] = [[] for _person in people]
    for row in rows:
        found[people.index(row["participant"])].append((row["first"], row["second"]))
    assert found == [[(KEY[first], KEY[second]) for first, second in person] for person in ANSWERS]
    clips = CLIPS if name != "google_forms_in_korean" else [f"item {n}" for n in range(1, 7)]
    assert list(dict.fromkeys(row["clip"] for row in rows)) == clips
    data = json.loads((tmp_path / "o.json").read_text())
    assert (data["n_participants"], data["n_clips"], data["n_ballots"]) == (PEOPLE, 6, 180)
    assert data["factorial"] is not None
    assert any("gave 180 ballots of 30 people" in text for text in data["warnings"])
    assert any("each condition was always at one place" in text for text in data["warnings"])
    assert any("leaves out: 1." in text for text in data["warnings"]) == name.startswith("qualtrics")


def read(rows: list[list[str]]) -> SurveyTable:
    return read_survey_table(as_csv(rows), "form.csv")


def mapped(rows: list[list[str]], mapping: str) -> MappedBallots:
    return map_ballots(read(rows), parse_mapping(mapping, "map.yaml"))


SMALL = [
    ["When", "Q", "Q", "Age"],
    ["1", "A", "B", "31"],
    ["2", "No", "", "40"],
    ["3", "", "", ""],
    ["4", "B", "A", ""],
]
SMALL_MAP = "answers: {A: a, B: b, No: }\nclips: [{clip: c1, first: 2, second: 3}]\n"


def test_equal_headings_are_named_by_number_and_answers_stay_text() -> None:
    table = read(SMALL)
    found = map_ballots(table, parse_mapping(SMALL_MAP + "people: {age: Age}\nleave_out_rows: [5]\n", "map.yaml"))
    assert found.header == ["participant", "clip", "first", "second", "age"]
    assert found.rows == [["row 2", "c1", "a", "b", "31"], ["row 3", "c1", "", "", "40"]]
    assert table.notes.sentences() == [
        "Rows that the mapping leaves out: 1.",
        "By the mapping, 3 rows of form.csv gave 2 ballots of 2 people.",
        "Clips without an answer, which give no ballot: 1.",
    ]
    assert mapped(SMALL, json.dumps(parse_mapping(SMALL_MAP, "m").model_dump())).rows[1][2:4] == ["", ""]


TRIALS = "participant: who\nanswers: {x: a, y: b, z: c}\ntrials: {clip: clip, first: response"


def test_a_bare_number_is_no_column_where_headings_are_numbers() -> None:
    rows = [["Who", "2", "3"], ["x", "A", "B"]]
    mapping = "answers: {A: a, B: b}\nclips: [{clip: c, first: %s, second: %s}]\n"
    assert mapped(rows, mapping % ("2", "3")).rows == [["row 2", "c", "a", "b"]]
    assert mapped(rows, mapping % ("column 3", "column 2")).rows == [["row 2", "c", "b", "a"]]
    with pytest.raises(TableError, match="names the column “1”, which is not there"):
        mapped(rows, mapping % ("1", "3"))


def test_jspsych_buttons_are_places_in_an_order_and_choices_may_take_two_rows() -> None:
    rows = [
        ["who", "trial_type", "trial_index", "clip", "response", "part", "order"],
        ["p", "html", "0", "", "0", "", ""],
        ["p", "img", "1", "c", "2", "best", '["z", "y", "x"]'],
        ["p", "img", "2", "c", "0", "next", '["z", "y", "x"]'],
    ]
    choice = ", choice: {column: part, first: [best], second: [next]}"
    found = mapped(rows, TRIALS + f"{choice}, order: order, only: {{trial_type: [img]}}}}")
    assert found.rows == [["row 3", "c", "a", "c", "3", "1"]]
    with pytest.raises(TableError, match=r"row 3: “3” is no place, counted from 0"):
        mapped(
            [*rows[:2], ["p", "img", "1", "c", "3", "best", "z;y;x"]],
            TRIALS + f"{choice}, order: order, only: {{trial_type: [img]}}}}",
        )


@pytest.mark.parametrize(
    ("change", "mapping", "words"),
    [
        ({1: "C"}, SMALL_MAP, r"form\.csv, row 2: the answer “C” for clip “c1” is not under answers"),
        ({2: "A"}, SMALL_MAP, r"row 2: clip “c1” has “A” as 1st and as 2nd choice; .* same_image_twice: leave_out"),
        ({1: ""}, SMALL_MAP, "row 2: clip “c1” has a 2nd choice and no 1st"),
        ({1: "No"}, SMALL_MAP, "row 2: clip “c1” has a 2nd choice and no 1st"),
        ({}, SMALL_MAP.replace("2,", "Q,"), "2 columns are named “Q”; name the one that is meant column 2 or column 3"),
        (
            {},
            SMALL_MAP.replace("2,", "Agee,"),
            "the mapping names the column “Agee”, which is not there; is “Age” meant",
        ),
        ({0: "4"}, "participant: When\n" + SMALL_MAP, "the person of row 2 answered clip “c1” in row 2 already"),
        ({0: ""}, "participant: When\n" + SMALL_MAP, "row 2: the column “When” does not say who answered"),
        ({}, SMALL_MAP + "leave_out_rows: [9]\n", "leave_out_rows names row 9, which holds no answers"),
        ({}, SMALL_MAP + "people: {clip: Age}\n", "“clip” under people has a meaning of its own"),
    ],
)
def test_what_has_no_sure_meaning_is_refused_with_the_mend(change: dict[int, str], mapping: str, words: str) -> None:
    rows = [list(row) for row in SMALL]
    for at, value in change.items():
        rows[1][at] = value
    with pytest.raises(TableError, match=words):
        mapped(rows, mapping)


def test_the_same_image_twice_is_excluded_with_the_reason_if_the_mapping_says_so() -> None:
    rows = [SMALL[0], ["1", "A", "A", ""], *SMALL[4:]]
    found = mapped(rows, SMALL_MAP + "same_image_twice: leave_out\n")
    assert [row[-1] for row in found.rows] == ["the same image as 1st and 2nd choice", ""]


def test_tick_boxes_tell_no_order_and_rankings_in_one_cell_do() -> None:
    mapping = "answers: {A: a, 'B, b': b, C: c}\nclips: [{clip: c1, ranking: Pick two}]\n"
    ticks = [["Pick two"], *[["A, C"], ["A, B, b"], ["B, b, C"]] * 4]
    with pytest.raises(TableError, match="stand in the same order in every cell, as tick boxes give them"):
        mapped(ticks, mapping)
    ranking = [["Pick two"], ["C;A;B, b;"], ["B, b, A"], *ticks[1:]]
    found = mapped(ranking, mapping)
    assert [row[2:] for row in found.rows[:3]] == [["c", "a"], ["b", "a"], ["a", "c"]]


def test_the_guess_finds_the_images_among_other_questions_and_tick_boxes_as_such() -> None:
    agree = ["I agree", "I do not"]
    images = [["Image 1", "Image 3"], ["Image 3", "Image 2"], ["Image 2", "Image 1"]] * 4
    rows = [["Best for a.mp3?", "Best for b.mp3?", "Fun?", "Easy?", "Short?"]]
    rows += [[*pair, agree[n % 2], agree[n % 3 == 0], agree[0]] for n, pair in enumerate(images)]
    guess = guess_mapping(read(rows))
    assert list(guess.answers) == ["Image 1", "Image 2", "Image 3"]
    assert [clip.first for clip in guess.clips] == rows[0][:2]
    ticks = [
        ["Two for a.mp3", "Two for b.mp3"],
        *[["Image 1, Image 3", "Image 2, Image 4"], ["Image 2, Image 3"] * 2] * 6,
    ]
    ticks += [["Image 1, Image 2", "Image 1, Image 4"], ["Image 3, Image 4", "Image 1, Image 3"]]
    table = read(ticks)
    guess = guess_mapping(table)
    assert (list(guess.answers), guess.clips[0].ranking) == (IMAGES, "Two for a.mp3")
    with pytest.raises(TableError, match="as tick boxes give them"):
        map_ballots(table, guess)


def test_a_number_that_is_no_rank_does_not_get_among_ranks() -> None:
    head = ["How many instruments do you play?", *[f"Rank {clip} [{image}]" for clip in "ab" for image in IMAGES]]
    rows = [head, *[["2", "1", "2", "3", "4", "4", "3", "2", "1"], ["1", "2", "1", "4", "3", "3", "4", "1", "2"]]]
    table = read(rows)
    found = map_ballots(table, guess_mapping(table))
    assert [row[2:] for row in found.rows] == [
        ["Image 1", "Image 2"],
        ["Image 4", "Image 3"],
        ["Image 2", "Image 1"],
        ["Image 3", "Image 4"],
    ]


def test_a_cell_that_a_spreadsheet_would_compute_is_written_as_text() -> None:
    rows = [["Q", "Age"], ["A", "=1+1"]]
    mapping = "answers: {A: a}\nclips: [{clip: c, first: Q}]\npeople: {age: Age}\n"
    assert mapped(rows, mapping).csv().endswith("row 2,c,a,,'=1+1\r\n")


def test_two_images_of_one_rank_are_refused() -> None:
    mapping = "answers: {A: a, B: b}\nclips: [{clip: c1, ranks: {A: x, B: y}}]\n"
    assert mapped([["x", "y"], ["2nd", "1st choice"]], mapping).rows[0][2:] == ["b", "a"]
    assert mapped([["x", "y"], ["두 번째", "1순위"]], mapping).rows[0][2:] == ["b", "a"]
    with pytest.raises(TableError, match="row 2: clip “c1” has two images of rank 1, “A” and “B”"):
        mapped([["x", "y"], ["1", "1.0"]], mapping)
    with pytest.raises(TableError, match="“often” for clip “c1” is no rank"):
        mapped([["x", "y"], ["1", "often"]], mapping)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("answers: [", r"map\.yaml, line 1: not valid YAML"),
        ("a", "a mapping names participant"),
        ("[" * 5_000, "nested too deeply"),
        ("x: &a [*a]", "an alias contains itself"),
        ("answers: {A: a, A: b}\nclips: []", "“A” is given twice"),
        ("answers: {A: a}", "give either clips .* or trials"),
        ("answers: {A: a}\nclips: [{clip: c}]", "clip “c” needs either first"),
        ("clips: [{clip: c, first: x}]", "answers must name the condition"),
        ("answers: {A: a}\nclips: [{clip: c, first: x}]\nclipz: 1", "clipz: this is not understood"),
        ("answers: {A: a}\ntrials: {clip: c, first: x}", "participant must name a column"),
    ],
)
def test_a_wrong_mapping_is_refused(text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        parse_mapping(text, "map.yaml")


def test_the_commands_refuse_what_would_overwrite_and_what_cannot_be_guessed(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_bytes(as_csv(google_forms()))
    for options, words in (
        ({"map_template": str(form)}, "is there already"),
        ({"map": str(form), "ballots_out": str(form)}, "this is the table itself"),
        ({"ballots_out": "o.csv"}, "goes with --map"),
        ({"map": str(tmp_path / "none.yaml")}, "none.yaml: there is no such file"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("analyze", str(form), **options)
    call_command("analyze", str(form), map_template=str(tmp_path / "typo.yaml"))
    typo = with_conditions((tmp_path / "typo.yaml").read_text()).replace("redefined_tags", "redefined_tag")
    (tmp_path / "typo.yaml").write_text(typo.replace("# Names such as redefined_tag", "#"))
    with pytest.raises(CommandError, match=r"ballots of form\.csv, row \d+: .* is 'redefined_tags' meant"):
        call_command("analyze", str(form), map=str(tmp_path / "typo.yaml"))
    form.write_bytes(as_csv([["When", "How?"], ["1", "well"], ["2", "so"]]))
    with pytest.raises(CommandError, match="no questions were found that have the same few answers"):
        call_command("analyze", str(form), map_template=str(tmp_path / "m.yaml"))
    form.write_bytes("When,Q\n1,钢琴\n".encode("gb18030"))
    with pytest.raises(CommandError, match="--encoding"):
        call_command("analyze", str(form), map_template=str(tmp_path / "m.yaml"))


def test_notes_of_a_mapping_are_translated_in_the_report() -> None:
    table = read(SMALL)
    map_ballots(table, parse_mapping(SMALL_MAP + "leave_out_rows: [5]\n", "map.yaml"))
    english = table.notes.sentences()
    with override("ko"):
        assert not any(a == b for a, b in zip(translated(english), english, strict=True))
        assert "form.csv의 행 3개" in translated(english)[1]
