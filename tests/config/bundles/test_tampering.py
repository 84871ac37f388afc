"""Exports changed by an attacker who also writes new sums: each change is found and named, and none does harm."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from analysis.study_results.csv_analysis import analyse_table
from config.bundles import export_study, verify_export
from config.bundles.reading import SUMS
from study.digests import canonical_digest
from study.models import Stimulus, Study
from study.models.log import record
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import closed_study

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def original(tmp_path_factory: Any, django_db_setup: Any, django_db_blocker: Any) -> Files:
    """Return the files of an unchanged export with a fixed plan and image digests; made once."""
    with django_db_blocker.unblock(), transaction.atomic():
        study = closed_study(people=3, clips=2, match_controls=1)
        plan = current_plan(study)
        Study.objects.filter(pk=study.pk).update(plan={"fixed": plan}, plan_digest=canonical_digest(plan))
        for stimulus in Stimulus.objects.filter(clip__study=study):
            with stimulus.image.open("rb") as file:
                stimulus.image_digest = hashlib.sha256(file.read()).hexdigest()
            stimulus.save()
        study.refresh_from_db()
        record(study, "opened", plan_digest=study.plan_digest)
        path = tmp_path_factory.mktemp("bundle") / "study.zip"
        export_study(study, path)
        transaction.set_rollback(True)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def faults_after(
    original: Files, folder: Path, change: Callable[[Files], None], *, sums: bool = True
) -> tuple[str, ...]:
    """Return the faults found in a changed copy; with `sums`, SHA256SUMS is written anew."""
    files = dict(original)
    change(files)
    if sums:
        lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items() if name != SUMS]
        files[SUMS] = "".join(lines).encode()
    path = folder / "forged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return verify_export(path).faults


def edit(name: str, change: Callable[[Any], None]) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        data = json.loads(files[name])
        change(data)
        files[name] = json.dumps(data).encode()

    return changed


def replace(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return changed


def change_weights(files: Files) -> None:
    """Change the weights and the analysis that follows from them."""
    plan = json.loads(files["plan.json"])
    plan["weights"] = [9, 1]
    files["plan.json"] = json.dumps(plan).encode()
    with tempfile.NamedTemporaryFile(suffix=".csv") as table:
        table.write(files["ballots.csv"])
        table.flush()
        analysis = analyse_table(Path(table.name), plan)
    analysis["match_control"] = json.loads(files["analysis.json"])["match_control"]
    files["analysis.json"] = json.dumps(analysis).encode()


def swap_images(files: Files) -> None:
    one, other = [name for name in files if name.startswith("images/")][:2]
    files[one], files[other] = files[other], files[one]


def test_an_unchanged_export_has_no_fault(original: Files, tmp_path: Path) -> None:
    assert faults_after(original, tmp_path, lambda files: None, sums=False) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda files: files.pop("ballots.csv"), "ballots.csv is missing"),
        (lambda files: files.pop("study.json"), "study.json is missing"),
        (lambda files: files.pop("commitments.json"), "commitments.json is missing"),
        (lambda files: files.pop("plan.json"), "plan.json is missing"),
        (lambda files: files.pop("analysis.json"), "analysis.json is missing"),
        (lambda files: files.pop("report-en.pdf"), "report-en.pdf is missing"),
        (edit("analysis.json", lambda data: data["these_clips"][0].update(p=1e-9)), "these_clips"),
        (edit("analysis.json", lambda data: data["these_clips"][0].update(estimate=float("nan"))), "these_clips"),
        (edit("analysis.json", lambda data: data.pop("friedman")), "friedman"),
        (edit("analysis.json", lambda data: data["match_control"].update(own=99)), "match_control"),
        (edit("study.json", lambda data: data["plan"].update(alpha=0.2)), "not the one with the digest"),
        (edit("plan.json", lambda data: data.update(alpha=0.2)), "alpha are 0.2; the plan that was fixed says 0.05"),
        (
            edit("plan.json", lambda data: data.update(moderators=[{"column": "device", "cuts": []}])),
            "the moderators are not those of the plan",
        ),
        (change_weights, "weights are [9, 1]; the plan that was fixed says [3.0, 1.0]"),
        (edit("study.json", lambda data: data.update(sealed=True)), None),
        (swap_images, "is not the image of"),
        (
            lambda files: files.update({"ballots.csv": files["ballots.csv"] + b'"' + bytes(range(97, 123)) * 50_000}),
            "ballots.csv has a line that is longer than any export's",
        ),
        (replace("participants.csv", b"r0002", b"r0009"), "r0002 is not in participants.csv"),
        (replace("ballots.csv", b"r0001,clip1.wav", b"r0001,clip2.wav"), "does not agree with its digest"),
        (replace("ballots.csv", b",,,,,\r\n", b",,phone,,,\r\n"), "device of r0001 is not what participants.csv says"),
        (lambda files: files.update({"plan.json": b"[]"}), "plan.json is not what an export holds there"),
        (lambda files: files.update({"plan.json": b"{}"}), "plan.json or ballots.csv is not what"),
        (edit("plan.json", lambda data: data.update(weights=[10**400, 1])), "plan.json or ballots.csv is not what"),
        (
            edit("plan.json", lambda data: data.update(instrument="x")),
            "cannot be analysed again: The questions",
        ),
        (lambda files: files.update({"plan.json": b"[" * 100_000}), "plan.json is no JSON"),
        (lambda files: files.update({"study.json": b"\xff\xfe"}), "study.json is no text in UTF-8"),
        (lambda files: files.update({"ballots.csv": b"a,b\n1,2\n"}), "ballots.csv"),
        (lambda files: files.update({"ballots.csv": b""}), "ballots.csv"),
        (lambda files: files.update({"ballots.csv": b'participant\n"unclosed'}), "ballots.csv is no CSV table"),
    ],
)
def test_a_change_with_new_sums_is_found(
    original: Files, tmp_path: Path, change: Callable[[Files], None], found: str | None
) -> None:
    faults = faults_after(original, tmp_path, change)
    if found is None:  # an export that claims to be sealed is checked all the same
        change_ballots = replace("ballots.csv", b"r0001,clip1.wav", b"r0001,clip2.wav")
        faults = faults_after(original, tmp_path, lambda files: (change(files), change_ballots(files)))  # type: ignore[func-returns-value]
        found = "does not agree with its digest"
    assert any(found in fault for fault in faults), faults


def test_a_changed_byte_in_any_file_is_found_by_its_sum(original: Files, tmp_path: Path) -> None:
    def change(files: Files) -> None:
        for name in files:
            if name != SUMS:
                data = bytearray(files[name])
                data[len(data) // 2] ^= 1
                files[name] = bytes(data)

    faults = faults_after(original, tmp_path, change, sums=False)
    for name in original.keys() - {SUMS}:
        assert f"{name} was changed after the export: its checksum differs." in faults


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "images/../../evil", "..\\evil", "C:/evil"])
def test_a_file_name_that_leads_outside_is_reported_and_nothing_is_written(
    original: Files, tmp_path: Path, name: str
) -> None:
    inside = tmp_path / "one" / "two"
    inside.mkdir(parents=True)
    faults = faults_after(original, inside, lambda files: files.update({name: b"evil"}))
    assert any("leads out of the folder" in fault for fault in faults)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["forged.zip"]


def test_a_symbolic_link_is_reported(original: Files, tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in original.items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert any("it is a link" in fault for fault in verify_export(path).faults)


def test_a_zip_bomb_is_not_unpacked(original: Files, tmp_path: Path) -> None:
    faults = faults_after(original, tmp_path, lambda files: files.update({"bomb.bin": bytes(40 * 2**20)}))
    assert any("bomb.bin: unpacked it would be too large" in fault for fault in faults)


def test_a_file_name_that_occurs_twice_is_reported(original: Files, tmp_path: Path) -> None:
    """Programs disagree about which of the two files they read."""
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in original.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("ballots.csv", b"participant,clip,first,second\n")
    assert "ballots.csv is there 2 times." in verify_export(path).faults


def test_a_damaged_zip_is_a_fault_and_no_crash(original: Files, tmp_path: Path) -> None:
    faults_after(original, tmp_path, lambda files: None)
    data = bytearray((tmp_path / "forged.zip").read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        start = archive.getinfo("ballots.csv").header_offset + 60
    data[start : start + 20] = bytes(20)
    (tmp_path / "damaged.zip").write_bytes(bytes(data))
    assert any("ballots.csv is damaged" in fault for fault in verify_export(tmp_path / "damaged.zip").faults)


def test_the_command_names_each_fault_and_ends_with_1(original: Files, tmp_path: Path, capsys: Any) -> None:
    faults_after(original, tmp_path, lambda files: files.pop("plan.json"))
    with pytest.raises(SystemExit) as ended:
        call_command("verify_export", str(tmp_path / "forged.zip"))
    assert ended.value.code == 1
    assert "WRONG: plan.json is missing" in capsys.readouterr().err
