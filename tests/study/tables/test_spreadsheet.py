"""What people and files are called, and what people write, is never a formula in a spreadsheet."""

import csv
import io

import openpyxl
import pytest

from analysis.study_results.analyses import build_analysis
from analysis.study_results.report_files import report_file
from analysis.tables.study_tables import ballots_csv_parts
from config.bundles import export_study, verify_export
from study.models import Clip, Study
from study.setup.tag_import import import_tags, template_csv
from study.tables.spreadsheet import escape_formula, unescape_formula
from tests.analysis.answered_studies import answered_study, close
from tests.study.visits import Visit

SIGNS = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=x"])
def test_a_text_comes_back_as_it_was(text):
    assert unescape_formula(escape_formula(text)) == text or text == "'=x"
    assert not escape_formula(text).startswith(SIGNS)


@pytest.mark.parametrize("value", ["piano", "'quoted'", "", "a=b", 1, -1.5, None, True])
def test_what_is_no_formula_stays(value):
    assert escape_formula(value) is value


@pytest.fixture
def study(db) -> Study:
    """Hostile names and words: a clip's, and a participant's reason."""
    study = answered_study(people=2, clips=2, ask_reason=True)
    Clip.objects.filter(study=study, number=1).update(name='=HYPERLINK("http://evil.example","a").wav')
    visit = Visit(study).to_trials()
    visit.answer(1, reason="=cmd|'/c calc'!A1\n\"; second line")
    visit.answer(2, reason="@SUM(1+1)")
    visit.post("review/")
    return study


def test_no_cell_of_a_table_is_a_formula_and_the_analysis_goes_on(study, tmp_path):
    table = b"".join(ballots_csv_parts(study)).decode()
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(SIGNS)]
    close(study)
    analysis = build_analysis(study)
    assert analysis.state == "ready", analysis.error
    # The analysis knows the clip by its own name, and the tables defuse it again.
    assert '=HYPERLINK("http://evil.example","a").wav' in analysis.result["by_clip"]
    for name in ("by_clip.csv", "scores.csv", "checklist-en.csv"):
        rows = csv.reader(io.StringIO(report_file(analysis, name).decode()))
        assert not [cell for row in rows for cell in row if cell.startswith(SIGNS)], name
    book = openpyxl.load_workbook(io.BytesIO(report_file(analysis, "report.xlsx")))
    types = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in types


@pytest.mark.usefixtures("typeset_nothing")
def test_a_clip_with_such_a_name_is_exported_and_verified(db, tmp_path):
    study = answered_study(people=0, clips=1)
    Clip.objects.filter(study=study).update(name="-01 intro.wav")
    visit = Visit(study).to_trials()
    visit.finish()
    path = tmp_path / "study.zip"
    export_study(close(study), path)
    assert verify_export(path, [visit.participant.receipt]).faults == ()


def test_the_table_of_tags_comes_back_as_it_was(db):
    study = answered_study(people=0, clips=2)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.DRAFT)
    study.refresh_from_db()
    Clip.objects.filter(study=study, number=1).update(name="=a.wav", imported_tags=["-slow", "piano"])
    table = template_csv(list(study.clips.all()))
    assert "\n'=a.wav,'-slow;piano" in table.replace("\r", "")
    import_tags(study, table.encode(), file="tags.csv", actor=study.owner)
    assert study.clips.get(number=1).imported_tags == ["-slow", "piano"]
