"""Images that were painted again by hand are counted in the analysis, the report, the checklist and the export."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from analysis.report.text.paintings import paintings_text
from analysis.study_results.analyses import latest
from analysis.study_results.checklists import filled_checklists
from analysis.study_results.report_files import report_file
from analysis.study_results.reporting_answers import save_reporting_answers
from analysis.tables.paintings import count_paintings, paintings_csv
from config.bundles import export_study, verify_export
from generation.models import ReviewDecision
from study.models import Stimulus, Study
from study.models.log import record
from tests.analysis.answered_studies import answered_study, closed_study
from tests.factories import make_study

pytestmark = pytest.mark.django_db
CONDITIONS = ["redefined_tags", "redefined_sentence", "original_tags", "original_sentence"]


def repainted(study: Study) -> Study:
    """The study with painted images, those of its first clip painted again twice."""
    Stimulus.objects.filter(clip__study=study).update(painter="diffusers")
    clip = study.clips.first()
    again = (("artefact", "", ["original_tags", "original_sentence"]), ("other", "=too dark", ["original_tags"]))
    for version, (reason, note, named) in enumerate(again):
        ReviewDecision.objects.create(
            clip=clip, kind="repainted", version=str(version), reason=reason, note=note, named=named, batch=reason
        )
        record(study, "repainted", reason=note or reason, clip=clip.name, seed_number=version + 1, images=str(version))
    return study


def test_the_report_counts_them_by_reason_and_condition_and_an_export_proves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = repainted(closed_study(people=2, clips=2))
    save_reporting_answers(study, {"dataset": "Drawn from a list."})
    path = tmp_path / "study.zip"
    export_study(study, path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    block = json.loads(files["analysis.json"])["paintings"]
    assert {key: block[key] for key in ("clips", "repainted_clips", "repaints", "attempts")} == {
        "clips": 2,
        "repainted_clips": 1,
        "repaints": 2,
        "attempts": {"1": 1, "3": 1},
    }
    assert {reason: n for reason, n in block["reasons"].items() if n} == {"artefact": 1, "other": 1}
    named = [sum(block["conditions"][key]["named"].values()) for key in CONDITIONS]
    assert named == [0, 0, 2, 1]
    rows = list(csv.DictReader(io.StringIO(files["paintings.csv"].decode())))
    assert [tuple(row.values())[:4] for row in rows] == [
        ("clip1.wav", "1", "", ""),
        ("clip1.wav", "2", "artefact", ""),
        ("clip1.wav", "3", "other", "'=too dark"),
        ("clip2.wav", "1", "", ""),
    ]
    explained = csv.DictReader(io.StringIO(files["paintings_codebook.csv"].decode()))
    assert list(rows[0]) == [row["column"] for row in explained]
    sentence = b"had those of 1 of 2 clips painted again, 2 times in all (artefact 1, another reason 1)"
    for name in ("report-en.html", "report-en.tex", "checklist-en.csv"):
        assert sentence in files[name], name
    assert b"Original tags 2" in files["report-en.html"]
    assert b"artefact" not in files["report-ko.html"]
    assert verify_export(path).faults == ()

    analysis = latest(study)
    save_reporting_answers(study, {})
    [selection] = [row for row in dict(filled_checklists(study, analysis))["HEDS 3.0"] if row.item.number == "3.1.2"]
    assert selection.missing, "what was painted again does not say how the clips were selected"

    # An analysis of before they were counted stays valid, and its export has no such table.
    del analysis.result["paintings"]
    analysis.save(update_fields=["result"])
    assert b"painted again" not in report_file(analysis, "report-en.html")
    monkeypatch.setattr("config.bundles.write.report_files", lambda analysis: [])
    assert "paintings.csv" not in export_study(study, path)
    assert [fault for fault in verify_export(path).faults if "is missing" not in fault] == []


def test_a_study_without_repaints_says_so_and_one_of_uploaded_images_says_nothing() -> None:
    study = make_study(clips=1)
    assert count_paintings(paintings_csv(study), CONDITIONS) is None
    assert paintings_text({"paintings": None}, {}) == ""
    Stimulus.objects.filter(clip__study=study).update(painter="sketch")
    block = count_paintings(paintings_csv(study), CONDITIONS)
    assert (
        paintings_text({"paintings": block}, {}) == "No image of the clips that were judged was painted again by hand."
    )


def test_a_sealed_export_says_nothing_of_them(tmp_path: Path) -> None:
    study = repainted(answered_study(people=1, clips=1))
    assert "paintings.csv" not in export_study(study, tmp_path / "sealed.zip")
