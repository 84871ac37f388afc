"""What people selected before the opening, clips left out and images painted again, is told, and proved by the log."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from openpyxl import load_workbook

from analysis.report.text.clips_left_out import clips_left_out_text
from analysis.study_results.analyses import build_analysis, latest
from analysis.study_results.report_files import report_file
from analysis.tables.clips_left_out import count_clips_left_out
from analysis.tables.paintings import count_paintings
from config.bundles import export_study, verify_diff, verify_export
from config.bundles.chain_check import NO_HEADS
from config.bundles.selection_check import NO_TABLES, Repaint, agree
from generation.models import ReviewDecision
from generation.painting.seeds import seed_sequence
from study.digests import canonical_digest
from study.models import Stimulus, Study
from study.models.log import record
from study.setup.clip_selection import UNCHANGED
from study.setup.paintings import RepaintReason
from tests.analysis.answered_studies import closed_study
from tests.config.bundles.test_export import rewritten
from tests.config.bundles.test_forgeries import relink
from tests.factories import add_clip

pytestmark = pytest.mark.django_db
PLAN = {
    "weights": [3, 1],
    "alpha": 0.05,
    "conditions": [
        {"key": f"{tags}_{form}", "levels": {}} for tags in ("redefined", "original") for form in ("tags", "sentence")
    ],
    "design": {"seed": 7},
}
LEFT_OUT, PAINTINGS = "clips_left_out.csv", "paintings.csv"


def repaint(study: Study, name: str, reason: str, images: str, seed: int) -> None:
    """Paint a clip again, as the review and the log record it."""
    clip = study.clips.get(name=name)
    ReviewDecision.objects.create(clip=clip, kind="repainted", version=images, reason=reason, batch="")
    words = str(RepaintReason(reason).label)
    record(study, "repainted", reason=words, reason_key=reason, clip=name, seed_number=seed, images=images)


def leave_out(study: Study, number: int, reason: str) -> None:
    add_clip(study, number, included=False, exclusion_reason=reason)
    record(study, "clip left out", reason=reason, clip=f"clip{number}.wav")


@pytest.fixture
def study() -> Study:
    """A closed study of two clips, the first painted again twice; four were left out, one of them without images."""
    study = closed_study(people=2, clips=2, seed=7, plan={"fixed": PLAN}, plan_digest=canonical_digest(PLAN))
    for number, reason in ((3, "=too loud"), (4, "=too loud"), (5, "too short")):
        leave_out(study, number, reason)
    study.clips.get(number=5).stimuli.all().delete()
    add_clip(study, 6, included=False, exclusion_reason=UNCHANGED)
    record(study, "clip left out", reason="by mistake", clip="clip2.wav")
    record(study, "clip taken back in", clip="clip2.wav")
    Stimulus.objects.filter(clip__study=study).update(painter="diffusers")
    repaint(study, "clip1.wav", "artefact", "v1", 1)
    with translation.override("ko"):
        repaint(study, "clip1.wav", "unsafe", "v2", 2)
    clip = study.clips.get(number=1)
    seed = seed_sequence(study.seed, clip.audio_digest)[2]
    clip.stimuli.update(provenance={"seed": seed, "audio_digest": clip.audio_digest})
    return study


@pytest.fixture
def bundle(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export without the files of the report, which take long."""
    monkeypatch.setattr("config.bundles.write.report_files", lambda analysis: [])
    monkeypatch.setattr("config.bundles.check.REQUIRED_ANALYSED", ())
    path = tmp_path / "study.zip"
    export_study(study, path)
    return path


def test_clips_left_out_by_hand_are_counted_with_their_reasons(study: Study, bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        rows = list(csv.reader(io.StringIO(archive.read(LEFT_OUT).decode())))
        block = json.loads(archive.read("analysis.json"))["clips_left_out"]
        explained = list(csv.DictReader(io.StringIO(archive.read("clips_left_out_codebook.csv").decode())))
    assert rows[1:] == [
        ["clip3.wav", "person", "1", "'=too loud"],
        ["clip4.wav", "person", "1", "'=too loud"],
        ["clip5.wav", "person", "0", "too short"],
        ["clip6.wav", "redefinition", "1", ""],
    ]
    assert rows[0] == [row["column"] for row in explained]
    loud = {"reason": "=too loud", "clips": 2, "with_images": 2}
    short = {"reason": "too short", "clips": 1, "with_images": 0}
    assert block == {"by_hand": 3, "with_images": 2, "by_redefinition": 1, "reasons": [loud, short]}
    analysis = latest(study)
    assert analysis is not None
    book = load_workbook(io.BytesIO(report_file(analysis, "report.xlsx")))
    assert list(book["clips_left_out"].values)[1:] == [("'=too loud", 2, 2), ("too short", 1, 0)]
    page = report_file(analysis, "report-en.html").decode()
    assert "left out 3 clips by hand; of 2 of them they could see the images" in page
    assert re.search(r"=too loud</t[hd]>\s*<td[^>]*>2</td>\s*<td[^>]*>2</td>", page)
    assert "클립 3개를 제외했고" in report_file(analysis, "report-ko.html").decode()


def test_the_words_for_none_and_for_clips_without_images() -> None:
    assert clips_left_out_text({}) == ""
    block = count_clips_left_out(b"clip,by,images,reason\r\n")
    assert clips_left_out_text({"clips_left_out": block}) == "No clip was left out by hand."
    block = count_clips_left_out(b"clip,by,images,reason\r\na,person,0,short\r\n")
    assert clips_left_out_text({"clips_left_out": block}).endswith("left out 1 clip by hand, which had no images.")


def test_the_log_proves_what_was_selected(bundle: Path) -> None:
    result = verify_export(bundle)
    assert result.faults == ()
    assert result.unchecked == (NO_HEADS,)
    assert "how often the images of 2 clips were painted, against the log" in result.checked
    assert "3 clips left out by hand, against the log" in result.checked


def without(row: bytes) -> Callable[[bytes], bytes]:
    return lambda table: b"".join(line for line in table.splitlines(keepends=True) if not line.startswith(row))


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda table: table.replace(old, new)


def renumbered(table: bytes) -> bytes:
    return without(b"clip1.wav,2")(table).replace(b"wav,3", b"wav,2")


REPAINT, TAKEN_BACK = b"clip2.wav,2,unsafe,,\r\n", b"clip2.wav,person,1,by mistake\r\n"
# (what is forged, in which table, how, and what the fault names)
FORGERIES: list[tuple[str, str, Callable[[bytes], bytes], str]] = [
    ("another reason", PAINTINGS, replaced(b"artefact", b"unsafe"), "why clip1.wav was"),
    ("the last repaint hidden", PAINTINGS, without(b"clip1.wav,3"), "why clip1.wav was"),
    ("the first repaint hidden", PAINTINGS, renumbered, "why clip1.wav was"),
    ("a repaint added", PAINTINGS, lambda table: table + REPAINT, "why clip2.wav was"),
    ("a clip taken out", PAINTINGS, without(b"clip1.wav"), "clip1.wav is missing"),
    ("a clip hidden", LEFT_OUT, without(b"clip3.wav"), "why clip3.wav was"),
    ("by redefinition, it says", LEFT_OUT, replaced(b"5.wav,person", b"5.wav,redefinition"), "why clip5.wav was"),
    ("another reason to leave out", LEFT_OUT, replaced(b"too short", b"too long"), "why clip5.wav was"),
    ("a clip that was taken back", LEFT_OUT, lambda table: table + TAKEN_BACK, "why clip2.wav was"),
]


def test_a_forged_table_is_found_though_the_analysis_agrees_with_it(bundle: Path) -> None:
    for what, file, change, fault in FORGERIES:

        def forge(files: dict[str, bytes], file: str = file, change: Callable[[bytes], bytes] = change) -> None:
            files[file] = change(files[file])
            analysis = json.loads(files["analysis.json"])
            analysis["paintings"] = count_paintings(files[PAINTINGS], list(analysis["conditions"]))
            analysis["clips_left_out"] = count_clips_left_out(files[LEFT_OUT])
            files["analysis.json"] = json.dumps(analysis).encode()

        faults = verify_export(rewritten(bundle, forge, sums=True)).faults
        assert len(faults) == 1, (what, faults)
        assert faults[0].startswith(f"{file}: "), what
        assert fault in faults[0], what


def test_a_later_export_cannot_deny_that_images_could_be_seen(bundle: Path) -> None:
    """The log does not say which clips had images: an export of before does."""

    def forge(files: dict[str, bytes]) -> None:
        files[LEFT_OUT] = files[LEFT_OUT].replace(b"clip3.wav,person,1", b"clip3.wav,person,0")
        analysis = json.loads(files["analysis.json"])
        analysis["clips_left_out"] = count_clips_left_out(files[LEFT_OUT])
        files["analysis.json"] = json.dumps(analysis).encode()

    forged = rewritten(bundle, forge, sums=True)
    assert verify_export(forged).faults == ()
    assert verify_diff(bundle, bundle).faults == []
    assert verify_diff(bundle, forged).faults == [
        f"{LEFT_OUT}: the row clip3.wav, person, 1, '=too loud is missing or was changed."
    ]


@pytest.mark.parametrize(
    ("action", "data", "file"),
    [
        ("repainted", {"clips": 5}, PAINTINGS),
        ("repainted", {"clip": "clip1.wav", "seed_number": "x", "images": "v9"}, PAINTINGS),
        ("clip left out", {"clip": []}, LEFT_OUT),
    ],
)
def test_a_log_that_makes_no_sense_is_a_fault_and_ends_no_check(
    bundle: Path, action: str, data: dict[str, Any], file: str
) -> None:
    def forge(files: dict[str, bytes]) -> None:
        chain = json.loads(files["chain.json"])
        next(entry for entry in reversed(chain["entries"]) if entry["action"] == action)["data"] = data
        files["chain.json"] = json.dumps(chain).encode()

    result = verify_export(rewritten(bundle, forge, sums=True))
    assert any(f"chain.json or {file} is not what an export holds there" in fault for fault in result.faults)
    assert any("computed again" in text for text in result.checked)


def test_a_table_that_cannot_be_counted_again_is_named(bundle: Path) -> None:
    for file in (PAINTINGS, LEFT_OUT):

        def forge(files: dict[str, bytes], file: str = file) -> None:
            files[file] = b"a\r\n1\r\n"

        faults = verify_export(rewritten(bundle, forge, sums=True)).faults
        assert any(fault.startswith(f"{file} is not what an export holds there") for fault in faults), faults


def test_tables_that_were_taken_out_are_named(bundle: Path) -> None:
    def forge(files: dict[str, bytes]) -> None:
        analysis = json.loads(files["analysis.json"])
        for name, key in ((PAINTINGS, "paintings"), (LEFT_OUT, "clips_left_out")):
            del files[name], analysis[key]
        files["analysis.json"] = json.dumps(analysis).encode()

    assert NO_TABLES in verify_export(rewritten(bundle, forge, sums=True)).unchecked


def test_a_repaint_that_gave_no_images_is_none(study: Study, bundle: Path) -> None:
    """One was cancelled, and one was undone."""
    record(study, "repainted", reason="artefact", clip="clip1.wav", seed_number=3, images="v3")
    record(study, "repainted", reason="artefact", clip="clip2.wav", seed_number=1, images="v1")
    record(study, "decision undone", decision="repainted", clip="clip2.wav")
    export_study(study, bundle)
    result = verify_export(bundle)
    assert (result.faults, result.unchecked) == ((), (NO_HEADS,))


def test_the_log_is_followed_through_other_names_and_deletions_that_were_undone(study: Study, bundle: Path) -> None:
    leave_out(study, 7, "late")
    study.clips.filter(number=7).update(name="late.wav")
    record(study, "clip renamed", clip="clip7.wav", name="late.wav")
    record(study, "clip deleted", clip="late.wav")
    record(study, "clip restored", clip="late.wav")
    clip = study.clips.get(number=2)
    study.clips.filter(number=2).update(name="old.wav")
    repaint(study, "old.wav", "artefact", "v1", 1)
    study.clips.filter(number=2).update(name="clip2.wav")
    record(study, "clip renamed", clip="old.wav", name="clip2.wav")
    record(study, "clip deleted", clip="clip2.wav")
    record(study, "clip restored", clip="clip2.wav")
    seed = seed_sequence(study.seed, clip.audio_digest)[1]
    clip.stimuli.update(provenance={"seed": seed, "audio_digest": clip.audio_digest})
    build_analysis(study)
    export_study(study, bundle)
    result = verify_export(bundle)
    assert (result.faults, result.unchecked) == ((), (NO_HEADS,))
    assert "4 clips left out by hand, against the log" in result.checked


@pytest.mark.parametrize(
    ("logged", "key", "reason", "note", "agrees"),
    [
        ("그림이 깨짐", "artefact", "artefact", "", True),
        ("artefact", "artefact", "unsafe", "", False),
        ("artefact: hat", "artefact", "artefact", "", False),
        ("artefact", "artefact", "other", "artefact", False),
        ("dull: grey", "other", "other", "dull: grey", True),
        ("이미지가 깨짐: hat", "", "artefact", "hat", True),
        ("unsafe content", "", "artefact", "", False),
        ("dull", "", "other", "dull", True),
        ("그림이 깨짐: hat", "", "artefact", "hat", None),
        ("그림이 깨짐: hat", "", "artefact", "", False),
        ("그림이 깨짐", "", "other", "dull", False),
        ("그림이 깨짐", "", "no reason", "", False),
    ],
)
def test_reasons_agree_by_their_keys_or_by_todays_words(
    logged: str, key: str, reason: str, note: str, agrees: bool | None
) -> None:
    assert agree({"reason": reason, "note": note}, Repaint(logged, key, 1, "v1")) is agrees


def test_words_that_a_reason_had_in_an_earlier_version_are_no_fault(study: Study, bundle: Path) -> None:
    entry = study.log.get(action="repainted", data__seed_number=1)
    del entry.data["reason_key"]
    study.log.filter(pk=entry.pk).update(reason="그림이 깨짐", data=entry.data)
    relink(study)
    export_study(study, bundle)
    result = verify_export(bundle)
    assert result.faults == ()
    assert result.unchecked == (NO_HEADS, "why 1 clips were painted again: the log has words that are no longer used")


def test_an_old_log_that_has_numbers_of_clips_is_no_fault_and_says_what_it_cannot_prove(
    study: Study, bundle: Path
) -> None:
    """Generation once logged clips by number, with the whole reason: 3 stays left out, 2 was taken back in."""
    long = "It skips, " * 30
    for number, action, name in ((3, "clip left out", "clip3.wav"), (2, "clip taken back in", "clip2.wav")):
        study.log.filter(action=action, data__clip=name).update(data={"clip": number}, reason=long * (number == 3))
    study.clips.filter(number=3).update(exclusion_reason=long[:200])
    relink(study)
    numbers = "which clips were left out by an earlier version: the log has only their numbers"
    for images in (False, True):
        export_study(study, bundle, images=images)
        result = verify_export(bundle)
        assert [fault for fault in result.faults if LEFT_OUT in fault] == [], images
        assert numbers in result.unchecked

    def forge(files: dict[str, bytes]) -> None:
        files[LEFT_OUT] = without(b"clip5.wav")(files[LEFT_OUT].replace(b"4.wav,person,1,'=too", b"4.wav,person,1,not"))

    faults = " ".join(verify_export(rewritten(bundle, forge, sums=True)).faults)
    assert re.findall(r"why (clip\d.wav) was left out", faults) == ["clip4.wav", "clip5.wav"]


def test_a_copy_answers_for_what_came_after_copying(study: Study, bundle: Path) -> None:
    for name, reason in (("clip1.wav", "repainted"), ("clip3.wav", "clip left out")):
        study.log.filter(action=reason, data__clip=name).delete()
    record(study, "copied", source="first-study")
    relink(study)
    export_study(study, bundle)
    result = verify_export(bundle)
    assert result.faults == ()
    assert result.unchecked == (
        NO_HEADS,
        "images painted again before the study was copied, or by an earlier version",
        "clips left out before the study was copied",
    )
