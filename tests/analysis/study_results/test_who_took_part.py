"""Who took part, in the report: counts of answers that point to nobody."""

import io
import re
from typing import Any

import pytest
from django.utils import translation
from openpyxl import load_workbook

from analysis.report.context import AnswersGiven
from analysis.study_results.analyses import build_analysis
from analysis.study_results.report_files import report_file
from analysis.study_results.who_took_part import who_took_part
from study.models import Participant, Study
from tests.analysis.answered_studies import asked_study

pytestmark = pytest.mark.django_db

QUESTIONS = """
questions:
  - key: years
    type: choice
    text: {en: Years of lessons, ko: 배운 햇수}
    options:
      - {key: none, text: {en: None at all, ko: 없음}}
      - {key: some, text: {en: Some, ko: 조금}}
      - {key: many, text: {en: Many, ko: 많음}}
      - {key: all, text: {en: All my life, ko: 평생}}
  - {key: mood, type: scale, from: 1, to: 3, text: {en: Mood}, required: false}
  - {key: age, type: number, text: {en: Age}, required: false}
  - {key: words, type: text, text: {en: In a word}, required: false}
"""


def answers(years: str, mood: int | None = None, age: float | None = None, words: str = "") -> dict[str, Any]:
    given = {"years": years, "mood": mood and str(mood), "age": age, "words": words}
    return {"consent": {"language": "en", "device": "phone"}, "before": {k: v for k, v in given.items() if v}}


def study_of(people: list[dict[str, Any]], **fields: Any) -> Study:
    return asked_study(people, QUESTIONS, clips=1, conditions=2, **fields)


def given(study: Study) -> dict[str, AnswersGiven]:
    with translation.override("en"):
        return {row.question: row for row in who_took_part(study)}


def test_answers_are_counted_with_those_that_nobody_gave_and_without():
    study = study_of([answers("none", 1, 20)] * 6 + [answers("some", 2, 30)] * 5 + [answers("some")])
    found = given(study)
    assert found["Years of lessons"].counts == [("None at all", 6), ("Some", 6), ("Many", 0), ("All my life", 0)]
    mood, age = found["Mood"], found["Age"]
    assert mood.counts == [("1", 6), ("2", 5), ("3", 0)]
    assert (mood.mean, mood.unanswered) == (1.5, 1)
    assert (age.counts, age.mean) == ((), 24.5), "a single age could point to somebody"
    assert found["Device at the consent"].counts == [("phone", 12), ("tablet", 0), ("computer", 0)]
    assert "Heard the test sound" not in found, "the study had no sound check"


def test_a_group_under_five_is_hidden_with_another_from_which_it_would_follow():
    study = study_of([answers("none", 1)] * 8 + [answers("some", 2)] * 7 + [answers("many", 3)])
    found = given(study)
    years = found["Years of lessons"]
    assert years.counts == [("None at all", None), ("Some", 7), ("Many", None), ("All my life", 0)]
    assert years.hidden == 9
    mood = found["Mood"]
    assert mood.counts == [("1", None), ("2", 7), ("3", None)]
    assert mood.mean is None, "of three steps, mean and spread would give the hidden counts"


def test_few_answers_are_not_told_at_all():
    study = study_of([answers("none", 2, 93, "hm")] + [answers("none", None, 20 + age) for age in range(8)])
    found = given(study)
    age = found["Age"]
    assert (age.mean, age.counts, age.unanswered) == (None, (), None), "nine ages"
    assert found["Mood"].counts == [("1", 0), ("2", None), ("3", 0)]
    assert found["In a word"].counts == [("in the person's own words", None)]


def test_only_people_whose_ballots_are_analysed_are_counted():
    study = study_of([answers("none")] * 6 + [answers("some")] * 6)
    excluded, pilot, empty = study.participants.order_by("number")[:3]
    Participant.objects.filter(pk=excluded.pk).update(excluded=True)
    Participant.objects.filter(pk=pilot.pk).update(kind=Participant.Kind.PILOT)
    empty.trials.all().delete()
    Participant.objects.filter(pk=empty.pk).update(answered=0, main_answered=0)
    years = given(study)["Years of lessons"]
    assert years.counts[:2] == [("None at all", None), ("Some", None)], "three are left, and six"
    assert years.hidden == 9


def test_the_report_names_questions_and_answers_in_its_language_and_quotes_nobody():
    planned = {"analysis": {"moderators": [{"column": "before_years", "cuts": []}]}}
    people = [answers("none", words="SECRET")] * 9 + [answers("some", words="SECRET")] * 7 + [answers("all")]
    study = asked_study(people, QUESTIONS, clips=2, plan=planned)
    analysis = build_analysis(study)
    page = report_file(analysis, "report-ko.html").decode()
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr.*?</tr>", page, re.S)]
    cells = [[cell.strip() for cell in row.split("|") if cell.strip()] for row in rows]
    # One answered "all", which the nine who answered "none" hide.
    assert ["배운 햇수", "없음", "…"] in cells
    assert ["조금", "7", "41%"] in cells
    assert ["많음", "0", "0%"] in cells
    assert ["… 합계", "10", "59%"] in cells
    assert len([row for row in cells if row[:2] == ["조금", "7"]]) == 2, "in the counts and in the comparison of groups"
    assert "다섯 명보다 적은 집단의 크기가 계산되지 않도록" in page, "what the sign of a hidden number means"
    for name in ("report-en.html", "report-ko.html", "report-en.tex"):
        assert "SECRET" not in report_file(analysis, name).decode()
    assert "Years of lessons" in report_file(analysis, "report-en.tex").decode()


def test_the_workbook_has_the_people_and_their_answers_with_small_groups_hidden() -> None:
    people = [answers("none", 1, 20, "SECRET")] * 9 + [answers("some", 2, 31)] * 7 + [answers("all", 2)]
    study = study_of(people)
    left = study.participants.order_by("number")[0]
    Participant.objects.filter(pk=left.pk).update(excluded=True, exclusion_reason="fell asleep")
    book = load_workbook(io.BytesIO(report_file(build_analysis(study), "report.xlsx")))
    stages = list(book["participants"].values)
    assert stages[0] == ("stage", "left_for", "people")
    assert [row[2] for row in stages[1:] if row[1] is None] == [17, 17, 16]
    assert any("fell asleep" in str(row[1]) and row[2] == 1 for row in stages)
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for question, *row in list(book["answers"].values)[1:]:
        rows.setdefault(str(question), []).append(tuple(row))
    assert rows["Years of lessons"] == [
        ("None at all", "hidden", None, None),
        ("Some", 7, None, None),
        ("Many", 0, None, None),
        ("All my life", "hidden", None, None),
        ("hidden answers together", 9, None, None),
        ("no answer", 0, None, None),
    ]
    assert rows["Age"] == [
        ("all answers", 15, 25.1, 5.7),  # of all decimals, two workbooks could give the age of one person
        ("no answer", 1, None, None),
    ]
    assert not any("SECRET" in str(cell) for sheet in book for row in sheet.values for cell in row)
