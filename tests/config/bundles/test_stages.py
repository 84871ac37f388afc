"""Exports of a study with stages: each has tables of its own, and nobody can be moved to another one unseen."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from config.bundles import export_study, verify_diff, verify_export
from study.models import Participant, Study
from study.participants.enrolment import enrol
from study.participants.study_stages import begin_stage
from tests.analysis.answered_studies import answer_and_finish, close
from tests.config.bundles.test_export import rewritten
from tests.study.participants.test_study_stages import FOLLOW_UP, MAIN, piloted
from tests.study.participants.test_study_versions import change, running

pytestmark = pytest.mark.django_db


def add_people(study: Study, number: int) -> None:
    for at in range(number):
        answer_and_finish(enrol(study)[0], at)


def test_an_export_keeps_stages_apart_and_finds_who_was_moved(tmp_path: Path) -> None:
    study = piloted(match_controls=1)
    add_people(study, 2)
    begin_stage(study, MAIN, reason="the texts are clear")
    add_people(study, 4)
    begin_stage(study, FOLLOW_UP, reason="a month later")
    add_people(study, 3)
    enrol(study)  # who never answers is of a stage too
    sealed, path = tmp_path / "sealed.zip", tmp_path / "study.zip"
    export_study(study, sealed)
    assert verify_export(sealed).faults == ()
    close(study)
    export_study(study, path)
    found = verify_export(path)
    assert found.faults == ()
    assert "who belongs to which stage, by the chain" in found.checked
    assert verify_diff(sealed, path).faults == []

    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    people = {
        name: sorted({row["participant"] for row in rows_of(files[name])})
        for name in files
        if name.startswith(("ballots", "match_control"))
    }
    of_stages = (["r0003", "r0004", "r0005", "r0006"], ["r0001", "r0002"], ["r0007", "r0008", "r0009"])
    for table in ("ballots", "match_control"):
        names = (f"{table}.csv", f"{table}_pilot.csv", f"{table}_follow_up.csv")
        assert tuple(people.pop(name) for name in names) == of_stages
    assert people == {}
    analysis = json.loads(files["analysis.json"])
    assert (analysis["n_participants"], analysis["follow_up"]["n_participants"]) == (4, 3)
    assert sum(row["first"] for row in analysis["follow_up"]["scores"].values()) == 12

    # In the export alone, with new sums: the chain says of which stage each number is.
    moved = {
        "participants.csv": files["participants.csv"].replace(b"pilot\r\n", b"main\r\n").replace(b",pilot,", b",main,"),
        "ballots.csv": files["ballots.csv"] + files["ballots_pilot.csv"].partition(b"\n")[2],
        "ballots_pilot.csv": files["ballots_pilot.csv"].partition(b"\n")[0] + b"\n",
    }
    faults = verify_export(rewritten(path, lambda written: written.update(moved), sums=True)).faults
    assert "participants.csv: r0001 is of the stage main; by the chain they began in pilot." in faults
    assert "ballots.csv: r0002 began in the stage pilot, and belongs to another table." in faults
    without = json.loads(files["study.json"])
    del without["stages"], without["stage"]
    unstaged = {"study.json": json.dumps(without).encode()}
    forged = rewritten(path, lambda written: written.update(unstaged), sums=True)
    assert any("the stage pilot is missing" in text for text in verify_export(forged).faults)

    # In the database, before an export that is whole in itself.
    Participant.objects.filter(study=study, number=1).update(stage=MAIN)
    export_study(study, tmp_path / "forged.zip")
    forged_faults = verify_export(tmp_path / "forged.zip").faults
    assert "participants.csv: r0001 is of the stage main; by the chain they began in pilot." in forged_faults
    assert any("stage of r0001 was changed" in text for text in verify_diff(path, tmp_path / "forged.zip").faults)


def test_an_export_without_stages_says_nothing_of_them(tmp_path: Path) -> None:
    study = close(piloted_back())
    export_study(study, tmp_path / "study.zip")
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        for name in ("participants.csv", "participants_codebook.csv", "study.json", "README.txt", "analysis.json"):
            text = archive.read(name).decode()
            log = name == "study.json" and json.loads(text).pop("log")
            assert "stage" not in (text if not log else json.dumps({**json.loads(text), "log": None})).lower(), name
    assert verify_export(tmp_path / "study.zip").faults == ()


def piloted_back() -> Study:
    """A study that was to open with a pilot stage, and then was not."""
    study = piloted()
    Study.objects.filter(pk=study.pk).update(status=Study.Status.DRAFT)
    study.refresh_from_db()
    begin_stage(study, MAIN)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    study.refresh_from_db()
    add_people(study, 2)
    return study


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


def test_an_export_names_the_versions_and_finds_who_was_given_another(tmp_path: Path) -> None:
    study = running()
    add_people(study, 3)
    change(study, question="Which image suits this music best?")
    add_people(study, 3)
    close(study)
    path = tmp_path / "study.zip"
    export_study(study, path)
    found = verify_export(path)
    assert found.faults == ()
    assert "who began under which version, by the chain" in found.checked
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    people = {row["participant"]: row["study_version"] for row in rows_of(files["participants.csv"])}
    assert list(people.values()) == ["1", "1", "1", "2", "2", "2"]
    analysis = json.loads(files["analysis.json"])
    assert [(row["version"], row["n_participants"]) for row in analysis["versions"]] == [(1, 3), (2, 3)]
    assert "Version by version" in files["report-en.html"].decode()
    assert "after 3 people had begun (0 had not finished): Question" in files["report-en.html"].decode()
    Participant.objects.filter(study=study, number=1).update(study_version=2)
    export_study(study, tmp_path / "forged.zip")
    faults = verify_export(tmp_path / "forged.zip").faults
    assert "participants.csv: r0001 is of the version 2; by the chain they began under 1." in faults
