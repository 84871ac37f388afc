"""Ratings, pairs, ranks and all answers as tables: what is read, and every edge that is refused with row and mend."""

import json
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from analysis.statistics.errors import DesignError
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.rankings import Rankings
from analysis.study_results.long_analysis import analyse_long_table
from analysis.tables.errors import TableError
from analysis.tables.long_tables import ANSWERS, BALLOTS, PAIRS, RANKS, RATINGS, LongOptions, form_of, read_long_table
from analysis.tables.rating_scales import parse_scales

RATINGS_OF_TWO = """participant,clip,question,condition,value
p1,c1,match,a,5
p1,c1,match,b,3
p2,c1,match,a,cannot say
p2,c1,match,b,7
p2,c2,match,a,1
p2,c2,match,b,
"""
PAIRS_OF_THREE = """participant,clip,left,right,chosen
p1,c1,a,b,a
p1,c1,c,a,tie
p1,c2,b,c,c
p2,c1,b,a,a
"""
RANKS_OF_FOUR = """participant,clip,rank_1,rank_2,rank_3
p1,c1,a,b,d
p1,c2,b,a,
p2,c1,d,a,c
p2,c2,,,
"""
ALL_ANSWERS = """participant,clip,repeat,trial,question,kind,condition,position,value,excluded
p1,c1,0,1,choice,choose,a,2,1,0
p1,c1,0,1,choice,choose,b,1,,0
p1,c1,0,1,choice,choose,c,3,2,0
p1,c1,0,1,match,rate,a,2,6,0
p1,c1,0,1,match,rate,c,3,,0
p1,c1,0,1,mood,pick,,,joy;calm,0
p1,c1,0,1,why,text,,,"It, fits",0
p1,c1,0,1,sure,confidence,,,4,0
p2,c1,0,1,choice,choose,a,1,2,0
p2,c1,0,1,choice,choose,b,2,1,0
p2,c1,0,1,choice,choose,c,3,,0
p2,c1,0,1,match,rate,b,2,2,0
p2,c1,0,1,mood,pick,,,calm,0
p2,c1,0,1,sure,confidence,,,2,0
p3,c1,0,1,choice,choose,a,1,2,1
"""


def read(tmp_path, text, **options):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_long_table(path, form_of(path), LongOptions(**options))


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("participant,clip,first,second", BALLOTS),
        ("participant,clip,first,second,value,condition", BALLOTS),
        ("Participant;Clip;Condition;Value", RATINGS),
        ("participant,clip,left,right,chosen", PAIRS),
        ("participant,clip,rank_1", RANKS),
        ("participant,clip,trial,question,kind,condition,position,value", ANSWERS),
        ("who,what", BALLOTS),
    ],
)
def test_the_columns_decide_what_a_table_is(tmp_path, header, kind):
    (tmp_path / "t.csv").write_text(header + "\n")
    assert form_of(tmp_path / "t.csv").kind == kind


def test_ratings_are_read_with_what_people_could_not_say(tmp_path):
    (question,) = read(tmp_path, RATINGS_OF_TWO, scales=parse_scales(["1-7"])).questions
    values = question.data
    assert (question.name, question.steps, values.conditions, values.participants) == (
        "match",
        7,
        ("a", "b"),
        ("p1", "p2"),
    )
    assert np.array_equal(values.values, [[5, 3], [np.nan, 7], [1, np.nan]], equal_nan=True)
    assert values.cannot_say.tolist() == [[False, False], [True, False], [False, True]]


def test_the_order_of_rows_and_the_separator_change_nothing(tmp_path):
    header, *rows = RATINGS_OF_TWO.strip().split("\n")
    turned = "\n".join([header, *reversed(rows)]).replace(",", ";")
    one, other = (read(tmp_path, text).questions[0].data for text in (RATINGS_OF_TWO, turned))
    assert np.array_equal(one.values, other.values, equal_nan=True)


def test_a_scale_that_nobody_names_is_stated(tmp_path):
    table = read(tmp_path, RATINGS_OF_TWO)
    assert (table.questions[0].data.lowest, table.questions[0].data.highest) == (1, 7)
    assert any("is taken from its answers, 1 to 7" in note for note in table.notes)
    assert not read(tmp_path, RATINGS_OF_TWO, scales=parse_scales(["match=1-9"])).notes[1:]


def test_people_who_may_have_had_another_scale_are_noted(tmp_path):
    rows = [f"p{p},c{c},{'ab'[c % 2]},{c % 5 + 1 if p else 20 * (c % 5)}" for p in range(3) for c in range(6)]
    table = read(tmp_path, "participant,clip,condition,value\n" + "\n".join(rows))
    assert any("2 of 3 people never go beyond 10 while others reach 80" in note for note in table.notes)


def rated_by(numbers):
    rows = [f"p{i % 3},c{i // 3},match,{'ab'[at]},{number}" for i, number in enumerate(numbers) for at in (0, 1)]
    return "participant,clip,question,condition,value\n" + "\n".join(rows)


@pytest.mark.parametrize(
    ("numbers", "noted"),
    [
        ([1, 4, 6, 7, 99], "2 answers are 99, and all others lie from 1 to 7"),
        ([-1, 1, 3, 5, 5, -1], "4 answers are -1, and all others lie from 1 to 5"),
        ([1, 2, 4, 6, 7, 10], ""),  # a scale that is longer than most answers
        ([5, 40, 70, 99], ""),  # a slider
        ([-2, -1, 0, 2], ""),  # a scale with a middle
    ],
)
def test_a_number_that_may_stand_for_no_answer_is_noted(tmp_path, numbers, noted):
    notes = [text for text in read(tmp_path, rated_by(numbers)).notes if "it stands for a missing" in text]
    assert [noted in text for text in notes] == ([True] if noted else [])
    # Who names the ends has said what counts.
    named = read(tmp_path, rated_by(numbers), scales=parse_scales(["-9-99:any"]))
    assert not [text for text in named.notes if "it stands for a missing" in text]


def test_images_that_came_one_at_a_time_are_one_clip_s_ratings(tmp_path):
    text = "participant,clip,trial,position,condition,value\np1,c1,1,1,a,2\np1,c1,2,1,b,5\np2,c1,2,1,a,3\n"
    values = read(tmp_path, text).questions[0].data
    assert np.array_equal(values.values, [[2, 5], [3, np.nan]], equal_nan=True)
    assert values.order is None


def test_positions_of_ratings_are_kept(tmp_path):
    text = "participant,clip,position,condition,value\np1,c1,2,a,2\np1,c1,1,b,5\n"
    assert read(tmp_path, text).questions[0].data.order.tolist() == [[1, 0]]


def test_pairs_are_read_with_ties_and_repeats(tmp_path):
    text = PAIRS_OF_THREE.replace("tie", "Equal").replace("\n", ",0\n").replace("chosen,0", "chosen,repeat")
    table = read(tmp_path, text + "p1,c1,a,b,b,1\n", tie="equal")
    pairs = table.questions[0].data
    assert (table.trials, pairs.conditions) == (5, ("a", "b", "c"))
    assert sorted(pairs.chosen.tolist()) == [0, 1, 1, 1, 2]
    assert pairs.is_repeat.sum() == 1


def test_pairs_without_an_answer_are_left_out_and_counted(tmp_path):
    table = read(tmp_path, PAIRS_OF_THREE + "p2,c2,b,a,NA\n")
    assert table.questions[0].data.n == 4
    assert any("left out: 1." in note for note in table.notes)


def test_ranks_are_read_in_any_depth(tmp_path):
    (question,) = read(tmp_path, RANKS_OF_FOUR, points=(5.0, 2.0, 1.0)).questions
    assert isinstance(question.data, Rankings)
    assert question.data.ranks.tolist() == [[0, 1, 3], [1, 0, -1], [3, 0, 2], [-1, -1, -1]]
    assert question.points == (5.0, 2.0, 1.0)


def test_all_answers_are_read_by_their_kinds(tmp_path):
    table = read(tmp_path, ALL_ANSWERS, scales=parse_scales(["match=1-7", "sure=1-5"]))
    by_name = {question.name: question for question in table.questions}
    assert [*by_name] == ["choice", "match", "mood", "why", "sure"]
    assert by_name["choice"].data.ranks.tolist() == [[0, 2], [1, 0]]
    assert by_name["choice"].data.order.tolist() == [[1, 0, 2], [0, 1, 2]]
    match = by_name["match"].data
    assert np.array_equal(match.values, [[6, np.nan, np.nan], [np.nan, 2, np.nan]], equal_nan=True)
    assert match.cannot_say.tolist() == [[False, False, True], [False, False, False]]
    assert by_name["mood"].data.categories == ("calm", "joy")
    assert by_name["mood"].data.picked.sum() == 3
    assert (by_name["why"].data.trials, by_name["why"].data.given) == (2, 1)
    assert by_name["sure"].data.numbers.tolist() == [4, 2]
    assert by_name["sure"].steps is None
    assert (table.participants, table.trials, table.excluded) == (2, 2, 1)


PAIR_ANSWERS = """participant,clip,repeat,trial,question,kind,condition,position,value,excluded
p1,c1,0,1,pair,pair,b,2,1,0
p1,c1,0,1,pair,pair,a,1,0,0
p1,c1,0,1,match,rate,a,1,3,0
p1,c1,0,1,match,rate,b,2,4,0
p1,c1,0,2,pair,pair,c,1,0.5,0
p1,c1,0,2,pair,pair,a,2,0.5,0
p1,c1,0,2,match,rate,a,2,5,0
p1,c1,0,2,match,rate,c,1,5,0
"""


def test_answers_of_pairs_are_read_trial_by_trial(tmp_path):
    pair, match = (question.data for question in read(tmp_path, PAIR_ANSWERS).questions)
    assert list(zip(pair.left.tolist(), pair.right.tolist(), pair.chosen.tolist(), strict=True)) == [
        (0, 1, 1),
        (2, 0, 2),
    ]
    assert np.array_equal(match.values, [[3, 4, np.nan], [5, np.nan, 5]], equal_nan=True)
    assert len(set(match.part.tolist())) == 2
    assert not match.is_repeat.any()


REFUSED = [
    # ratings
    (RATINGS_OF_TWO + "p1,c1,match,a,4\n", {}, r"row 8: .*rated 'a' twice, as in row 2; .*'repeat'"),
    (RATINGS_OF_TWO.replace("a,5", 'a,"3,5"'), {}, r"row 2: value '3,5' of question 'match' has a comma; write 3\.5"),
    (RATINGS_OF_TWO.replace("a,5", "a,good"), {}, r"row 2: value 'good' of question 'match' is no number; correct"),
    (RATINGS_OF_TWO.replace("a,5", "a,inf"), {}, r"row 2: value 'inf'"),
    (RATINGS_OF_TWO, {"scales": parse_scales(["1-5"])}, r"row 5: 7 is not on the scale .* from 1 to 5; correct"),
    (RATINGS_OF_TWO.replace("a,5", "a,4.5"), {"scales": parse_scales(["1-7"])}, r"row 2: 4.5 lies between two .*:any"),
    (
        RATINGS_OF_TWO,
        {"scales": parse_scales(["mood=1-5"])},
        r"--scale mood=…: no question 'mood' has ratings; .*match",
    ),
    (RATINGS_OF_TWO.replace("match,a", "match,"), {}, r"row 2: the condition is empty; fill it"),
    (RATINGS_OF_TWO.replace("match,b,3", ",b,3"), {}, r"row 3: the question is empty; fill it"),
    (RATINGS_OF_TWO, {"conditions": ("a", "c")}, r"row 3: condition 'b' is no condition \(a, c\); correct the key"),
    (RATINGS_OF_TWO.replace("p2,c2,match,b", "p2,c2,match,B"), {}, r"row 3: 'b' and 'B' differ in capitals"),
    (re.sub(r",\d\n", ",3\n", RATINGS_OF_TWO), {}, r"every answer to question 'match' is 3, .*name them: --scale"),
    (re.sub(r",\d\n", ",\n", RATINGS_OF_TWO), {}, r"no answer to question 'match' is a number"),
    (
        "participant,clip,condition,value,position\np1,c1,a,2,1\np1,c1,b,2,1\np2,c1,b,3,1\n",
        {},
        r"row 3: .*two images at",
    ),
    ("participant,clip,condition,value,position\np1,c1,a,2,3\np1,c1,b,4,1\n", {}, r"row 2: position 3 is beyond the 2"),
    (
        "participant,clip,question,value\np1,c1,m,2\n",
        {},
        r"must name participant,clip,first,second \(choices\), .*rank_1",
    ),
    ("participant,clip,condition,value,excluded\np1,c1,a,2,1\n", {}, r"all 1 rows are excluded"),
    ("participant,clip,condition,value\n", {}, r"no answers under the header"),
    ("participant,clip,condition,value,rank_1\np1,c1,a,2,a\n", {}, r"those of ratings and of ranks; keep the columns"),
    # pairs
    (PAIRS_OF_THREE.replace("a,b,a", "a,b,c"), {}, r"row 2: 'c' was chosen of 'a' and 'b'; name one of the two"),
    (PAIRS_OF_THREE.replace("a,b,a", "a,a,a"), {}, r"row 2: 'a' is both left and right"),
    (PAIRS_OF_THREE + "p1,c1,b,a,b\n", {}, r"row 6: .*compared 'b' and 'a' twice, as in row 2"),
    (PAIRS_OF_THREE.replace("a,b,a", ",b,b"), {}, r"row 2: the left is empty"),
    (PAIRS_OF_THREE.replace("c,a,tie", "c,tie,tie"), {}, r"row 3: a condition is named 'tie'.*--tie WORD"),
    (PAIRS_OF_THREE, {"conditions": ("a", "b")}, r"row 3: left 'c' is no condition"),
    (re.sub(r"(a|b|c|tie)\n", "\n", PAIRS_OF_THREE), {}, r"'chosen' is empty in all rows"),
    # ranks
    (RANKS_OF_FOUR.replace("b,a,", "b,,a"), {}, r"row 3: rank_2 is empty, but rank_3 is not"),
    (RANKS_OF_FOUR.replace("a,b,d", "a,b,a"), {}, r"row 2: 'a' is both rank_1 and rank_3"),
    (RANKS_OF_FOUR + "p1,c1,b,a,c\n", {}, r"row 6: .*second rank order, as in row 2"),
    (RANKS_OF_FOUR.replace("rank_2", "rank_4"), {}, r"column 'rank_2' is missing before 'rank_3'"),
    (RANKS_OF_FOUR.replace("a,b,d", "a,b,x"), {"conditions": tuple("abcd")}, r"row 2: rank_3 'x' is no condition"),
    ("participant,clip,rank_1,rank_2,rank_3\np1,c1,a,b,\np2,c1,b,a,\n", {}, r"3 ranks of 2 conditions; name all"),
    (
        "participant,clip,rank_1,order\np1,c1,a,b;c\np1,c2,b,a;b\np1,c3,c,c;a\n",
        {},
        r"row 2: 'a' has rank 1 and was not",
    ),
    # all answers
    (ALL_ANSWERS.replace("rate,a,2,6", "text,a,2,6"), {}, r"question 'match' is of the kind"),
    (ALL_ANSWERS.replace("a,2,1,0", "a,2,3,0"), {}, r"row 2: this trial has an image of rank 2 and none of rank 1"),
    (ALL_ANSWERS.replace("a,2,1,0", "a,2,2,0"), {}, r"row 4: .*two images of rank 2, as in row 2"),
    (ALL_ANSWERS.replace("a,2,1,0", "a,2,9,0"), {}, r"row 2: value 9 is no rank of 3 images"),
    (ALL_ANSWERS.replace("sure,confidence,,,2", "sure,confidence,,,x"), {}, r"value 'x' of question 'sure'"),
    (re.sub(r",([abc]),\d", r",\1,", ALL_ANSWERS), {}, r"no image has a position, as in the table of a sealed study"),
    (PAIR_ANSWERS.replace("b,2,1,0", "b,2,0.5,0"), {}, r"two images of positions 1 and 2, whose values add up to 1"),
    (PAIR_ANSWERS + "p1,c1,0,2,match,rate,c,1,4,0\n", {}, r"row 10: .*rated 'c' twice, as in row 9"),
]


@pytest.mark.parametrize(("text", "options", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_meant_is_refused_with_its_row(tmp_path, text, options, message):
    with pytest.raises(TableError, match=message):
        read(tmp_path, text, **options)


@pytest.mark.parametrize("text", ["7-1", "1", "match=1..7", "1-7-9", "match=a-b"])
def test_a_scale_is_two_rising_numbers(text):
    with pytest.raises(DesignError, match="write its lowest and highest number as 1-7"):
        parse_scales([text])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (RATINGS_OF_TWO, {"weights": "2,1"}, "--weights means nothing for a table of ratings"),
        (RATINGS_OF_TWO, {"primary_question": "mood"}, "the primary question 'mood' compares no conditions"),
        (PAIRS_OF_THREE, {"scale": ["1-7"]}, "--scale means nothing for a table of pairs"),
        (RANKS_OF_FOUR, {"weights": "3,1"}, "--weights means nothing .* ranks; give --points"),
        (RANKS_OF_FOUR, {"points": "1,2,3"}, "none may be above the one before"),
        (RANKS_OF_FOUR, {"points": "3,2"}, "3 ranks need 3 numbers, not 2"),
        (ALL_ANSWERS, {"points": "3,1"}, "--points means nothing .*; give --weights"),
        (ALL_ANSWERS, {"tie": "same"}, "--tie means nothing"),
        (PAIR_ANSWERS, {"weights": "3,1"}, "--weights means nothing for a table of ratings and pairs"),
        ("participant,clip,first,second\np1,c1,a,b\n", {"points": "3,1"}, "--points means nothing"),
    ],
)
def test_an_option_that_means_nothing_for_a_table_is_refused(tmp_path, text, options, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(CommandError, match=message) as refused:
        call_command("analyze", tmp_path / "t.csv", draws=100, **options)
    assert refused.value.returncode == 2


def analysis_of(tmp_path, text, name="t.csv", **options):
    (tmp_path / name).write_text(text)
    out = tmp_path / f"{name}.json"
    call_command("analyze", tmp_path / name, draws=100, json=out, **options)
    return json.loads(out.read_text())


def test_two_ranks_give_what_first_and_second_choices_give(tmp_path):
    rows = [
        (f"p{p}", f"c{c}", "abcd"[(p + c) % 4], "abcd"[(p * c + p + c + 1) % 4])
        for p in range(5)
        for c in range(6)
        if p * c % 4 != 3
    ]
    body = "\n".join(",".join(row) for row in rows)
    as_ranks = analysis_of(tmp_path, "participant,clip,rank_1,rank_2\n" + body, "r.csv", weights="5,2")
    as_ballots = analysis_of(tmp_path, "participant,clip,first,second\n" + body, "b.csv", weights="5,2")
    assert as_ranks["questions"]["choice"]["kind"] == "choose"
    assert {key: as_ranks[key] for key in as_ballots} == as_ballots


def test_all_answers_are_analysed_by_the_question_that_is_named(tmp_path):
    rows = [
        f"p{p},c{c},0,{c + 1},{question},rate,{key},{k + 1},{(p * c + p * k + k * shift) % 7 + 1},0"
        for p in range(4)
        for c in range(5)
        for question, shift in (("valence", 1), ("arousal", 3))
        for k, key in enumerate("ab")
    ]
    data = analysis_of(
        tmp_path,
        "\n".join([ALL_ANSWERS.splitlines()[0], *rows]),
        scale=["1-7"],
        primary_question="arousal",
        factors="high=b",
    )
    assert data["primary"] == data["questions"]["arousal"]["primary"]
    assert data["primary_question"] == "arousal"
    assert data["questions"]["arousal"]["plane"]["scales"] == ["valence", "arousal"]
    assert (data["n_ballots"], data["n_clips"]) == (20, 5)
    mean = np.mean([(p * c + 0) % 7 + 1 for p in range(4) for c in range(5)])
    assert data["questions"]["valence"]["scores"]["a"]["mean"] == pytest.approx(mean)


def test_ratings_of_chosen_images_alone_are_found_in_the_table_of_all_answers(tmp_path):
    found = {question.name: question.of_chosen for question in read(tmp_path, ALL_ANSWERS).questions}
    assert [name for name, of_chosen in found.items() if of_chosen] == ["match"]
    with_others = ALL_ANSWERS + "p2,c1,0,1,match,rate,c,3,5,0\n"
    assert not any(question.of_chosen for question in read(tmp_path, with_others).questions)


@pytest.mark.parametrize("tie", ["a;c", "a = c", "a/c"])
def test_two_images_at_one_rank_are_refused(tmp_path, tie):
    with pytest.raises(TableError, match=f"row 2: '{tie}' puts 'a' and another image at one rank"):
        read(tmp_path, RANKS_OF_FOUR.replace("p1,c1,a,b,d", f"p1,c1,{tie},b,d"))


def test_questions_that_differ_in_capitals_are_not_two(tmp_path):
    with pytest.raises(TableError, match="'match' and 'Match' differ in capitals"):
        read(tmp_path, RATINGS_OF_TWO.replace("p1,c1,match,b", "p1,c1,Match,b"))


def test_excluded_people_are_named_where_no_question_compares_conditions(tmp_path):
    rows = [row for row in ALL_ANSWERS.split("\n") if "pick" in row or row.startswith("participant")]
    table = read(tmp_path, "\n".join([*rows, "p3,c1,0,1,mood,pick,,,joy,1"]))
    found = analyse_long_table(table, AnalysisPlan(draws=20))
    assert "Ballots excluded from everything here: 1." in found["warnings"]
