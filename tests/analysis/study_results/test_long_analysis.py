"""`analyze` on the long table that a study exports gives what the study's own analysis gives."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from analysis.report.text.translated_warnings import translated
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.study_results.analyses import build_analysis
from analysis.study_results.long_analysis import analyse_long_table
from analysis.tables.long_tables import LongOptions, form_of, read_long_table
from analysis.tables.rating_scales import parse_scales
from analysis.tables.study_tables import answers_csv_parts
from study.instruments.presets import PRESETS
from study.models import Study
from tests.analysis.answered_instruments import instrument_study
from tests.analysis.answered_studies import closed_study
from tests.analysis.study_results.test_instrument_analyses import EVERYTHING

pytestmark = pytest.mark.django_db
ALL_RANKS = {"questions": [{"kind": "choose", "key": "choice", "ranks": 4}]}
SCALES = {
    "match_and_quality": ["1-7"],
    "valence_arousal": ["1-9"],
    "choose_and_rate": ["1-7"],
    "all": ["match=0-100", "sure=1-5", "loudness=1-5"],
}


def by_table(study: Study, folder: Path, scales: list[str], primary: str) -> dict[str, Any]:
    path = folder / "answers.csv"
    path.write_bytes(b"".join(answers_csv_parts(study)))
    keys = tuple(study.conditions.order_by("number").values_list("key", flat=True))
    table = read_long_table(path, form_of(path), LongOptions(conditions=keys, scales=parse_scales(scales)))
    return analyse_long_table(table, AnalysisPlan(seed=study.seed % 2**32), primary=primary)


@pytest.mark.parametrize("name", ["match_and_quality", "pairs", "valence_arousal", "choose_and_rate", "ranks", "all"])
def test_the_exported_table_gives_the_study_s_own_results(tmp_path, name) -> None:
    instrument = {"ranks": ALL_RANKS, "all": EVERYTHING}.get(name) or PRESETS[name]
    study = instrument_study(instrument, people=4, clips=5)
    own = build_analysis(study).result
    found = by_table(study, tmp_path, SCALES.get(name, []), str(instrument.get("primary", "")))
    assert found["questions"].keys() == own["questions"].keys()
    for key, block in own["questions"].items():
        mine = found["questions"][key]
        if block["kind"] == "pick":
            assert (
                mine["categories"]["rows"]["redefined_tags"]
                == own["questions"][key]["categories"]["rows"]["redefined_tags"]
            )
        else:
            assert mine == block
    assert (found["primary"], found["scores"], found["n_ballots"]) == (own["primary"], own["scores"], own["n_ballots"])


def test_the_table_of_a_study_of_first_and_second_choices_gives_its_analysis(tmp_path) -> None:
    study = closed_study(people=4, clips=5)
    own, found = build_analysis(study).result, by_table(study, tmp_path, [], "")
    added = {"primary", "primary_question", "questions", "sequential", "paintings", "clips_left_out"}
    assert found["due"] == own["due"] | {"assumed": True}
    added |= {"due", "drop_out"}  # a table knows no plan
    assert {key: found[key] for key in own.keys() - added} == {key: own[key] for key in own.keys() - added}


def test_a_main_question_that_nobody_named_is_said_first_on_the_screen_and_in_the_report(tmp_path, capsys) -> None:
    rows = [
        f"p{person},c{clip},{question},{key},{1 + (person * clip + ord(key)) % 7}"
        for question in ("sharp", "match")
        for person in range(4)
        for clip in range(5)
        for key in "ab"
    ]
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join(["participant,clip,question,condition,value", *rows]))
    told = {}
    for named in ("", "match"):
        out = tmp_path / f"{named}.json"
        call_command("analyze", str(path), scale=["1-7"], primary_question=named or None, json=str(out), draws=100)
        told[named] = capsys.readouterr().err
        data = json.loads(out.read_text())
        assert data["primary_question"] == (named or "sharp")
        assert any("main question" in text for text in data["warnings"]) != bool(named)
    first = "warning: No main question is named: the primary contrast is that of “sharp”, the first of the 2 questions"
    assert told[""].startswith(first)
    assert "main question" not in told["match"]
    with translation.override("ko"):
        (korean, *_others) = translated([told[""].split("\n")[0].removeprefix("warning: ")])
    assert "“sharp”" in korean
    assert "question" not in korean


def test_a_table_with_two_questions_that_choose_images_is_refused(tmp_path) -> None:
    header = "participant,clip,repeat,trial,question,kind,condition,position,value,excluded"
    rows = [
        f"p{person},c{clip},0,{clip},{question},choose,{key},{'ab'.index(key) + 1},{1 if key == 'a' else ''},0"
        for question in ("like", "match")
        for person in range(2)
        for clip in range(2)
        for key in "ab"
    ]
    both, one = tmp_path / "both.csv", tmp_path / "one.csv"
    both.write_text("\n".join([header, *rows]))
    one.write_text("\n".join([header, *rows[:8]]))
    with pytest.raises(CommandError, match="2 questions that choose images, 'like' and 'match'"):
        call_command("analyze", str(both))
    call_command("analyze", str(one), json=str(tmp_path / "one.json"), draws=100)  # the control
    assert json.loads((tmp_path / "one.json").read_text())["primary_question"] == "like"
