"""Ready-made stimuli: from files on a researcher's disk to a ballot."""

import io
import sys
import zipfile
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.errors import NotPossibleNow
from generation.models import LooseFile
from generation.painting.errors import PictureError
from generation.ready_made import uploading
from generation.ready_made.upload_reader import StimulusFiles, UploadedPicture, UploadReader
from generation.runs import execution, lifecycle, orphan_files
from study.blinding_audit import audit
from study.design.conditions import ConditionPreset
from study.models import Ballot, Clip, LogEntry, Stimulus
from study.setup import clip_import, preflight
from study.setup.lifecycle import create_study, open_study
from tests.factories import RESPONSIBLE, UserFactory, tiny_sound
from tests.generation.studies import stored_files
from tests.study.visits import Visit

THREE = tuple(ConditionPreset(f"painter_{letter}", f"Painter {letter}", {}) for letter in "abc")
SECRET = "original-name-of-the-file"


@pytest.fixture(autouse=True)
def places(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    monkeypatch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)


@pytest.fixture
def study(db):
    study = create_study(title="Three painters", owner=UserFactory(), presets=THREE, sound_check=False, **RESPONSIBLE)
    for n in (1, 2):
        clip = Clip(study=study, number=n, name=f"song{n}.mp3", audio_digest=f"{n:064x}", duration=2, sample_rate=22050)
        clip.audio.save("clip.mp3", ContentFile(tiny_sound(n)))
    return study


@pytest.fixture
def client(client, study):
    client.force_login(study.owner)
    return client


def picture(shade: int = 100, size: tuple[int, int] = (90, 60), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    words = PngInfo()
    words.add_text("prompt", "made by painter_a")
    extra = {"pnginfo": words} if kind == "PNG" else {}
    Image.new("RGB", size, (shade, 200 - shade, 30)).save(buffer, kind, **extra)
    return buffer.getvalue()


def named_files(study, **change) -> list[SimpleUploadedFile]:
    """A picture for each clip and condition, named by both; `change` replaces the content of some."""
    names = [
        f"{Path(clip.name).stem}__{condition.key}.png"
        for clip in study.clips.all()
        for condition in study.conditions.all()
    ]
    return [
        SimpleUploadedFile(name, change.get(Path(name).stem, picture(20 * number)))
        for number, name in enumerate(names, start=1)
    ]


def zipped(study, drop: int = 0) -> SimpleUploadedFile:
    """A zip with a manifest; the files in it are named by what must not come out."""
    buffer, rows = io.BytesIO(), ["clip,condition,file"]
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, (clip, condition) in enumerate(
            (clip, condition) for clip in study.clips.all() for condition in study.conditions.all()
        ):
            rows.append(f"{clip.name},{condition.key},{SECRET}-{number}.png")
            archive.writestr(f"{SECRET}-{number}.png", picture(20 * number))
        archive.writestr("manifest.csv", "\n".join(rows[: len(rows) - drop]))
    return SimpleUploadedFile("images.zip", buffer.getvalue())


def post(client, study, files):
    return client.post(reverse("generation_upload", args=[study.slug]), {"files": files})


@pytest.mark.usefixtures("jobs_at_once")
def test_a_study_with_its_own_conditions_opens_with_uploaded_images_and_takes_a_ballot(client, study, monkeypatch):
    # A third of the people: that uploaded images pass with all of them is shown where the audit is tested.
    monkeypatch.setattr("study.blinding_audit.audit.audit_study", partial(audit.audit_study, people=8, trials=1))
    blocking = {finding.url_name for finding in preflight.run(study) if finding.level.value == "blocks"}
    assert blocking == {"generation_upload", "generation_run"}
    assert post(client, study, [zipped(study)]).status_code == 302
    client.post(reverse("generation_start", args=[study.slug]))
    execution.run_pending(study)
    assert not [finding for finding in preflight.run(study) if finding.level.value == "blocks"]
    open_study(study, actor=study.owner)
    visit = Visit(study).to_trials()
    page = visit.get("trial/1/").content.decode()
    assert page.count("<img") >= 3
    visit.answer(1, first="C", second="A")
    ballot = Ballot.objects.get()
    assert {ballot.first.condition.key, ballot.second.condition.key} < {row.key for row in THREE}
    assert SECRET not in page


def test_a_run_of_such_a_study_listens_and_does_not_change_its_images(study):
    uploading.take_upload(study, named_files(study))
    before = set(Stimulus.objects.values_list("pk", "image"))
    run = lifecycle.start_run(study)
    execution.run_pending(study)
    assert set(run.steps.filter(state="done").values_list("kind", flat=True)) == {"listen"}
    assert set(Stimulus.objects.values_list("pk", "image")) == before


def test_pictures_of_any_format_get_one_size_and_format_without_metadata(study):
    files = named_files(study, song1__painter_b=picture(7, (500, 300), "JPEG"))
    assert uploading.take_upload(study, files).clips == 2
    for stimulus in Stimulus.objects.all():
        with stimulus.image.open("rb") as file:
            data = file.read()
        assert b"painter" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size, image.info) == ("PNG", (512, 512), {})
        with stimulus.preview.open("rb") as file, Image.open(file) as image:
            assert image.format == "WEBP"


def test_stored_names_reveal_nothing_and_original_names_are_not_kept(study):
    uploading.take_upload(study, [zipped(study)])
    assert all("painter" not in name and SECRET not in name for name in stored_files())
    stimuli = list(Stimulus.objects.values_list("painter", "provenance"))
    assert {painter for painter, _ in stimuli} == {"uploaded"}
    assert SECRET not in str(stimuli) + str(list(LogEntry.objects.values_list("data", flat=True)))
    assert {provenance["painter"] for _, provenance in stimuli} == {"uploaded"}


@pytest.mark.parametrize(
    ("rename", "fault"),
    [
        ("song9__painter_a.png", "song9__painter_a.png: unknown clip 'song9'; upload it first or fix the name."),
        ("song1__painter_z.png", "unknown condition 'painter_z'; the study has painter_a, painter_b, painter_c."),
        ("song1.png", "song1.png: the name must be clip__condition"),
        ("song1.mp3__painter_b.png", "has condition 'painter_b' already from song1.mp3__painter_b.png"),
    ],
)
def test_one_wrong_name_refuses_the_whole_upload(client, study, rename, fault):
    files = named_files(study)
    files[0].name = rename
    before = stored_files()
    response = post(client, study, files)
    assert response.status_code == 422
    assert fault in response.content.decode().replace("&#x27;", "'")
    assert not Stimulus.objects.exists()
    assert stored_files() == before


def test_a_picture_missing_in_the_manifest_is_reported_by_its_name(study):
    with pytest.raises(uploading.UploadRefused, match=r"is in no row of manifest\.csv"):
        uploading.take_upload(study, [zipped(study, drop=1)])


def test_a_damaged_picture_at_the_end_leaves_nothing_behind(study):
    before = stored_files()
    with pytest.raises(uploading.UploadRefused, match=r"song2__painter_c\.png: damaged"):
        uploading.take_upload(study, named_files(study, song2__painter_c=picture()[:90]))
    assert stored_files() == before
    assert not LooseFile.objects.exists()


def test_an_upload_that_takes_too_long_is_refused_with_what_was_found_so_far(study):
    with pytest.raises(uploading.UploadRefused) as caught:
        uploading.take_upload(study, named_files(study, song1__painter_a=b"words"), seconds=1e-6)
    assert caught.value.faults[-1].startswith("Only 0 of 6 pictures could be read in 0 minutes. Save them smaller")
    assert not LooseFile.objects.exists()


def test_all_faulty_pictures_are_named_at_once_with_what_to_do(client, study):
    response = post(client, study, named_files(study, song1__painter_b=b"words", song2__painter_a=b"%PDF-1.7"))
    assert response.status_code == 422
    assert response.context["faults"] == (
        "song1__painter_b.png: not a picture that can be read (PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF). Save it as PNG "
        "or JPEG.",
        "song2__painter_a.png: a PDF cannot be read. Save it as PNG or JPEG.",
    )


def test_faults_are_named_in_the_researchers_language(client, study):
    files = named_files(study, song1__painter_b=b"%PDF-1.7")
    address = reverse("generation_upload", args=[study.slug])
    response = client.post(address, {"files": files}, headers={"Accept-Language": "ko"})
    assert response.context["faults"] == ("song1__painter_b.png: PDF는 읽을 수 없습니다. PNG나 JPEG로 저장하세요.",)
    files[0].name = "song9__painter_a.png"
    response = client.post(address, {"files": files}, headers={"Accept-Language": "ko"})
    assert response.context["faults"][0].startswith("song9__painter_a.png: 알 수 없는 클립 “song9”.")


def test_what_was_changed_in_a_picture_is_said_with_its_name(client, study):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    broken_exif = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(broken_exif, "PNG", exif=b"Exif\0\0GARBAGE!")
    files = named_files(study, song1__painter_b=buffer.getvalue(), song2__painter_a=broken_exif.getvalue())
    response = client.post(reverse("generation_upload", args=[study.slug]), {"files": files}, follow=True)
    [message] = map(str, response.context["messages"])
    assert "first was taken: song1__painter_b.png." in message
    assert "EXIF block cannot be read and was left out: song2__painter_a.png." in message


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS knows no limit of address space")
def test_a_picture_that_takes_too_much_memory_is_refused_and_the_next_one_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("generation.ready_made.upload_process.MEMORY", 500 * 2**20)
    large, small = (UploadedPicture("song1", "painter_a", name, tmp_path / name) for name in ("large.png", "small.png"))
    Image.new("RGBA", (7000, 7000)).save(large.path, compress_level=1)
    small.path.write_bytes(picture())
    with UploadReader([], []) as reader:
        [(_large, fault), (_small, files)] = reader.decode([large, small], 64)
    assert isinstance(fault, PictureError)
    assert str(fault).startswith("large.png: it takes too much memory to decode; save it smaller")
    assert isinstance(files, StimulusFiles)
    assert files.whole.startswith(b"\x89PNG")


def test_files_of_file_managers_are_passed_over(study):
    junk = [SimpleUploadedFile(name, b"junk") for name in ("Thumbs.db", ".DS_Store", "._song1__painter_a.png")]
    assert uploading.take_upload(study, [*named_files(study), *junk]).clips == 2
    with pytest.raises(uploading.UploadRefused, match="no picture in the upload"):
        uploading.take_upload(study, junk)


def test_an_error_while_storing_leaves_nothing_behind(study, monkeypatch):
    before = stored_files()
    monkeypatch.setattr("generation.ready_made.uploading._replace_stimuli", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        uploading.take_upload(study, named_files(study))
    assert stored_files() == before
    assert not Stimulus.objects.exists()


def test_orphan_files_of_a_failed_upload_are_deleted_and_those_of_a_current_one_stay(study):
    [name] = orphan_files.write([("png", picture())], orphan_files.upload_token())
    orphan_files.delete_orphans()
    assert default_storage.exists(name)
    LooseFile.objects.update(created_at=timezone.now() - timedelta(hours=2))
    orphan_files.delete_orphans()
    assert not default_storage.exists(name)


def test_a_second_upload_replaces_the_clips_images_and_their_files(study):
    uploading.take_upload(study, named_files(study))
    first = set(Stimulus.objects.values_list("image_digest", flat=True))
    again = [SimpleUploadedFile(f"song1__{row.key}.png", picture(3 * n, kind="PNG")) for n, row in enumerate(THREE)]
    assert uploading.take_upload(study, again).clips == 1
    assert Stimulus.objects.count() == 6
    assert len(first & set(Stimulus.objects.values_list("image_digest", flat=True))) == 3
    owned = {name for pair in Stimulus.objects.values_list("image", "preview") for name in pair}
    assert stored_files() == owned | set(study.clips.values_list("audio", flat=True))


def test_uploads_are_refused_during_a_run_and_after_the_study_opened(study):
    lifecycle.start_run(study)
    with pytest.raises(NotPossibleNow, match="Generation is running"):
        uploading.take_upload(study, named_files(study))
    lifecycle.cancel_run(study.generation_runs.get())
    study.status = "open"
    study.save()
    with pytest.raises(NotPossibleNow, match="has opened"):
        uploading.take_upload(study, named_files(study))


def test_images_for_the_preset_can_be_uploaded_and_are_never_painted_over(db):
    study = create_study(title="Preset", owner=UserFactory())
    clip_import.import_clips(study, [SimpleUploadedFile("song1.mp3", tiny_sound(1))], actor=study.owner)
    uploading.take_upload(study, named_files(study))
    lifecycle.start_run(study)
    execution.run_pending(study)
    assert set(Stimulus.objects.values_list("painter", flat=True)) == {"uploaded"}
    clip = study.clips.get()
    assert clip.survey_audio
    with pytest.raises(NotPossibleNow, match="made elsewhere"):
        lifecycle.repaint(clip, reason="other", note="dull")


def test_only_such_studies_have_the_step_in_their_path(client, study):
    address = reverse("generation_upload", args=[study.slug])
    assert f'<a href="{address}"' in client.get(reverse("generation_review", args=[study.slug])).content.decode()
    preset = create_study(title="Preset", owner=study.owner)
    text = client.get(reverse("study_overview", args=[preset.slug])).content.decode()
    assert reverse("generation_upload", args=[preset.slug]) not in text


def test_strangers_find_no_upload(client, study):
    client.force_login(UserFactory())
    assert client.get(reverse("generation_upload", args=[study.slug])).status_code == 404
    assert post(client, study, [zipped(study)]).status_code == 404


def test_the_command_takes_the_same_files(study, tmp_path, capsys):
    path = tmp_path / "images.zip"
    path.write_bytes(zipped(study).read())
    call_command("import_images", study.slug, str(path))
    assert "images of 2 clips" in capsys.readouterr().out
    path.write_bytes(zipped(study, drop=1).read())
    with pytest.raises(CommandError, match="Nothing was imported") as caught:
        call_command("import_images", study.slug, str(path))
    assert caught.value.returncode == 2
    unclear = io.BytesIO()
    with zipfile.ZipFile(unclear, "w") as archive:
        archive.writestr("manifest.csv", "clip,condition,file\n钢琴,安静,x.png\n".encode("gb18030"))
    path.write_bytes(unclear.getvalue())
    with pytest.raises(CommandError, match=r"(?s)cp949 .*gb18030 .*钢琴.* Give the name by --encoding"):
        call_command("import_images", study.slug, str(path))
