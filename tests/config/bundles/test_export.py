"""An export is self-contained: changes in it are found, and one of a sealed study reveals nothing."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from config.bundles import export_study, verify_export
from config.bundles.chain_check import NO_HEADS
from config.bundles.reading import SUMS
from generation.models import GenerationRun
from study.models import Ballot, LateAnswer, Stimulus, Study, Trial
from study.survey_images.versions import prepare_images
from tests.analysis.answered_studies import answered_study, close, closed_study, receipt_of
from tests.shared_rows import study_of_file

pytestmark = pytest.mark.django_db


made, study = study_of_file(lambda: closed_study(people=3, clips=2))


@pytest.fixture(scope="module")
def exported(made: int, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The study's export; what making it wrote into the database is taken back."""
    path = tmp_path_factory.mktemp("export") / "study.zip"
    with transaction.atomic():
        export_study(Study.objects.get(pk=made), path)
        transaction.set_rollback(True)
    return path.read_bytes()


@pytest.fixture
def bundle(exported: bytes, study: Study, tmp_path: Path) -> Path:
    path = tmp_path / "study.zip"
    path.write_bytes(exported)
    return path


def rewritten(bundle: Path, change: Callable[[dict[str, bytes]], None], *, sums: bool = False) -> Path:
    """Return a changed copy of the bundle; with `sums`, SHA256SUMS is written anew."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if sums:
        files[SUMS] = "".join(
            f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items() if name != SUMS
        ).encode()
    path = bundle.with_name("changed.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.usefixtures("processes")
def test_an_untouched_export_has_no_fault_and_finds_a_receipt(study: Study, tmp_path: Path) -> None:
    bundle = tmp_path / "study.zip"
    export_study(study, bundle)
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read("report-en.pdf").startswith(b"%PDF")
    result = verify_export(bundle, [receipt_of(study)])
    assert result.faults == ()
    assert result.unchecked == (NO_HEADS,)
    text = " ".join(result.checked)
    assert "digests of 6 ballots" in text
    assert "receipt" in text
    assert "all as cast" in text
    assert "computed again" in text


def test_own_files_that_made_the_images_are_exported_once_unsealed(study: Study, tmp_path: Path) -> None:
    for name in ("mine.yaml", "unused.yaml"):
        study.files.create(kind="rules", name=name, digest=hashlib.sha256(name.encode()).hexdigest(), text=name)
    digest = study.files.get(name="mine.yaml").digest
    GenerationRun.objects.create(study=study, number=1, state="done", settings={"rules": digest})
    own = f"generation/{digest[:8]}-mine.yaml"
    names = export_study(study, tmp_path / "study.zip")
    assert [name for name in names if name.startswith("generation/")] == [own]
    assert verify_export(tmp_path / "study.zip").faults == ()
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN, closed_at=None)
    study.refresh_from_db()
    assert own not in export_study(study, tmp_path / "sealed.zip")


@pytest.mark.parametrize("lossless", [False, True])
def test_export_and_report_say_in_which_form_participants_got_the_images(
    study: Study, tmp_path: Path, lossless: bool
) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.DRAFT, images_lossless=lossless)
    study.refresh_from_db()
    prepare_images(study)
    close(study)
    export_study(study, tmp_path / "study.zip")
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        shown = json.loads(archive.read("study.json"))["images_shown"]
        provenance = json.loads(archive.read("provenance.json"))
        report = archive.read("report-en.html").decode()
        originals = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]
    assert (shown["format"], shown["lossless"], shown["width"]) == ("WebP", lossless, 64)
    assert shown["encoder"].startswith("libwebp")
    assert {str(own["shown"]) for own in provenance.values()} == {str(shown)}
    assert ("WebP without loss, 64 × 64" if lossless else "WebP of quality 80, 64 pixels wide") in report
    stored = [row.image.read() for clip in study.clips.all() for row in clip.stimuli.all()]
    assert sorted(originals) == sorted(stored)


def test_an_unknown_receipt_is_a_fault(bundle: Path) -> None:
    result = verify_export(bundle, ["AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"])
    assert any("no participant of this export has it" in fault for fault in result.faults)


def test_an_altered_file_is_found_by_its_sum(bundle: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["README.txt"] += b"!"

    assert verify_export(rewritten(bundle, change)).faults == (
        "README.txt was changed after the export: its checksum differs.",
    )


def test_a_missing_and_an_added_file_are_found(bundle: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        del files["participants.csv"]
        files["extra.txt"] = b"?"

    faults = verify_export(rewritten(bundle, change)).faults
    assert "participants.csv is missing." in faults
    assert any(fault.startswith("extra.txt") for fault in faults)


def test_an_altered_ballot_is_found_despite_new_sums(study: Study, bundle: Path) -> None:
    def exchange(*columns: str) -> Callable[[dict[str, bytes]], None]:
        def change(files: dict[str, bytes]) -> None:
            header, first, *rest = files["ballots.csv"].decode().splitlines()
            names, cells = header.split(","), first.split(",")
            for column in columns:
                one, other = (names.index(column.format(place)) for place in ("first", "second"))
                cells[one], cells[other] = cells[other], cells[one]
            files["ballots.csv"] = "\r\n".join([header, ",".join(cells), *rest, ""]).encode()

        return change

    forged = rewritten(bundle, exchange("{}", "position_{}"), sums=True)
    faults = verify_export(forged, [receipt_of(study)]).faults
    assert any("row 2: the ballot does not agree with its digest" in fault for fault in faults)
    assert any("analysis.json is not what ballots.csv gives" in fault for fault in faults)
    careless = verify_export(rewritten(bundle, exchange("{}"), sums=True)).faults
    assert any("row 2: position_first is" in fault for fault in careless)


def test_a_removed_ballot_invalidates_the_participants_receipt(study: Study, bundle: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        header, _first, *rest = files["ballots.csv"].decode().splitlines()
        files["ballots.csv"] = "\r\n".join([header, *rest, ""]).encode()

    faults = verify_export(rewritten(bundle, change, sums=True), [receipt_of(study)]).faults
    assert any(fault.startswith("Receipt") for fault in faults)


def test_an_altered_analysis_is_found(bundle: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        data = json.loads(files["analysis.json"])
        data["these_clips"][0]["p"] = 1e-6
        files["analysis.json"] = json.dumps(data).encode()

    faults = verify_export(rewritten(bundle, change, sums=True)).faults
    assert any("these_clips" in fault for fault in faults)


def test_ballots_that_cannot_be_analysed_are_a_fault(bundle: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        header, first, *rest = files["ballots.csv"].decode().splitlines()
        cells = first.split(",")
        cells[2] = "no such condition"
        files["ballots.csv"] = "\r\n".join([header, ",".join(cells), *rest, ""]).encode()

    faults = verify_export(rewritten(bundle, change, sums=True)).faults
    assert any("cannot be analysed again" in fault and "no such condition" in fault for fault in faults)


def test_match_control_answers_are_exported_analysed_and_verified(tmp_path: Path) -> None:
    study = answered_study(people=2, clips=2, match_controls=1)
    path = tmp_path / "study.zip"
    export_study(close(study), path)
    with zipfile.ZipFile(path) as archive:
        rows = archive.read("match_control.csv").decode().splitlines()
        analysis = json.loads(archive.read("analysis.json"))
    assert rows[0] == "participant,clip,own,excluded"
    assert len(rows) == 1 + 2
    assert analysis["match_control"]["trials"] == 2
    assert verify_export(path).faults == ()


def test_a_sealed_export_names_no_condition_and_holds_no_image(tmp_path: Path) -> None:
    study = answered_study(people=2, clips=2)
    path = tmp_path / "sealed.zip"
    names = export_study(study, path)
    assert not any(name.startswith(("images/", "report", "analysis", "stimuli", "provenance")) for name in names)
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for condition in study.conditions.all():
        assert condition.key.encode() not in everything
    result = verify_export(path)
    assert result.faults == ()
    assert "plan, ballots, images and analysis" in " ".join(result.unchecked)


def test_verify_export_ends_with_1_for_a_fault_and_with_2_if_the_file_is_no_zip(bundle: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["README.txt"] += b"!"

    with pytest.raises(SystemExit) as ended:
        call_command("verify_export", str(rewritten(bundle, change)), stdout=io.StringIO(), stderr=io.StringIO())
    assert ended.value.code == 1
    (tmp_path / "no.zip").write_text("no")
    with pytest.raises(CommandError) as refused:
        call_command("verify_export", str(tmp_path / "no.zip"))
    assert refused.value.returncode == 2


def test_late_answers_are_exported_beside_the_ballots_and_change_no_analysis(study: Study, tmp_path: Path) -> None:
    trial = Trial.objects.filter(participant__study=study, number=1).latest("participant")
    content = {"first_id": trial.position_order[0], "second_id": None, "none_fits": False}
    key, at = uuid4(), study.closed_at
    trial.late_answers.create(content=content, submission_key=key, answered_at=at)
    path = tmp_path / "study.zip"
    export_study(study, path)
    with zipfile.ZipFile(path) as archive:
        late = archive.read("late_answers.csv").decode().splitlines()
        ballots = archive.read("ballots.csv").decode().splitlines()
    condition = Stimulus.objects.get(pk=trial.position_order[0]).condition.key
    assert len(late) == 2
    assert late[1].startswith(f"{trial.participant.code},{trial.clip.name},{condition},,0,1,main,0,0,")
    assert len(ballots) == 1 + 3 * 2
    assert verify_export(path, []).faults == ()


def test_no_file_of_an_export_gives_a_time_of_a_person_finer_than_the_hour(study: Study, tmp_path: Path) -> None:
    trial = Trial.objects.filter(participant__study=study, number=1).latest("participant")
    trial.late_answers.create(content={"first_id": None, "second_id": None, "none_fits": True},
                              submission_key=uuid4(), answered_at=trial.ballot.answered_at)  # fmt: skip
    exact = study.closed_at.replace(minute=37, second=12, microsecond=345_678)
    Trial.objects.filter(participant__study=study).update(page_sent_at=exact, sound_sent_at=exact)
    Ballot.objects.update(answered_at=exact, received_at=exact, seconds=11.4, listened_seconds=7.6)
    LateAnswer.objects.update(answered_at=exact, received_at=exact)
    study.participants.update(created_at=exact, completed_at=exact, last_seen_at=exact)
    path = tmp_path / "study.zip"
    export_study(study, path)
    with zipfile.ZipFile(path) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".csv")}
    hour = exact.strftime("%Y-%m-%dT%H:00+00:00")
    for name in ("ballots.csv", "late_answers.csv", "participants.csv", "trials.csv"):
        assert hour in tables[name], name
    assert [name for name, text in tables.items() if ":37" in text] == []
    assert ",11,8," in tables["ballots.csv"]
    assert verify_export(path).faults == ()


def test_an_export_after_a_change_by_hand_in_the_database_has_an_analysis_of_its_own_ballots(
    study: Study, tmp_path: Path
) -> None:
    path = tmp_path / "study.zip"
    export_study(study, path)
    before = study.analyses.count()
    export_study(study, path)
    assert study.analyses.count() == before, "nothing has changed"
    Ballot.objects.filter(trial__participant__study=study).update(seconds=99)
    export_study(study, path)
    with zipfile.ZipFile(path) as archive:
        digest = hashlib.sha256(archive.read("ballots.csv")).hexdigest()
    assert study.analyses.count() == before + 1
    assert study.analyses.order_by("-pk").first().ballots_digest == digest
