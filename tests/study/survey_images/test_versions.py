"""What a study shows of its images, from the draft to the last participant."""

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from study.models import Deletion, Stimulus, Study
from study.setup import lifecycle
from study.setup.copying import copy_study
from study.setup.drafting import delete_draft
from study.setup.trash import erase
from study.survey_images import versions
from study.survey_images.versions import ImageUnreadable, is_prepared, prepare_images, read_image, shown_as
from tests.factories import make_study
from tests.study.survey_images.test_encoding import picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def study_with(*sizes, **fields):
    """A simulated draft with an image of each size for each clip."""
    study = make_study(clips=1, conditions=max(2, len(sizes)), simulated=True, **fields)
    for place, stimulus in enumerate(Stimulus.objects.filter(clip__study=study)):
        replace_image(stimulus, picture(place + 1, sizes[place % len(sizes)]))
    return study


def replace_image(stimulus, image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    stimulus.width, stimulus.height = image.size
    stimulus.image.save("image.png", ContentFile(buffer.getvalue()))


def names_of(study):
    return [name for _clip, name, *_size in versions._rows(study)]


def files():
    folder = Path(versions.settings.DATA_DIR) / versions.FOLDER
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(study):
    lifecycle.open_study(study)
    return Study.objects.get(pk=study.pk)


def read_all(study):
    shown = shown_as(study)
    return {(name, width): read_image(study, shown, name, width) for name in names_of(study) for width in shown.widths}


def test_all_images_of_an_open_study_have_one_length_for_each_width():
    study = opened(study_with((900, 900)))
    shown = shown_as(study)
    assert (shown.widths, shown.page_widths, shown.default_width) == ((384, 512, 768, 900), (384, 512, 768), 512)
    contents = read_all(study)
    for width in shown.widths:
        own = [content for (_, other), content in contents.items() if other == width]
        assert {len(content) for content in own} == {shown.lengths[width]}
        assert {Image.open(io.BytesIO(content)).size for content in own} == {(width, width)}
        assert len(set(own)) == len(own)
    assert list(shown.lengths.values()) == sorted(shown.lengths.values())


@pytest.mark.parametrize(
    ("sizes", "box"),
    [
        ([(64, 64)], (64, 64)),
        ([(600, 400)], (600, 400)),
        ([(640, 640), (512, 512)], (512, 512)),  # none is sharper than another
        ([(600, 400), (400, 600)], (600, 600)),
    ],
)
def test_one_box_holds_all_images_of_a_study(sizes, box):
    study = study_with(*sizes)
    shown = shown_as(study)
    assert (shown.width, shown.height) == box
    prepare_images(study)
    for name in names_of(study):
        assert Image.open(io.BytesIO(read_image(study, shown, name, box[0]))).size == box


def test_a_lossless_study_shows_the_exact_pixels_in_one_size():
    study = opened(study_with((520, 520), images_lossless=True))
    shown = shown_as(study)
    assert shown.widths == shown.page_widths == (520,)
    for (name, _), content in read_all(study).items():
        with default_storage.open(name) as file, Image.open(file) as original, Image.open(io.BytesIO(content)) as sent:
            assert original.tobytes() == sent.convert("RGB").tobytes()
    assert study.plan["fixed"]["design"]["images_lossless"] is True


def test_images_are_encoded_ahead_and_missing_or_damaged_files_made_again(monkeypatch):
    study = opened(study_with((520, 520)))
    made = files()
    before = read_all(study)
    encoded = []
    original = versions._encoded
    monkeypatch.setattr(versions, "_encoded", lambda *args: encoded.append(args) or original(*args))
    assert read_all(study) == before
    assert encoded == []
    first, second, *_others = made
    first.unlink()
    second.write_bytes(made[second][:100])
    assert read_all(study) == before
    assert len(encoded) == 2
    assert files() == made


def test_an_image_that_becomes_longer_raises_the_length_of_all(caplog):
    study = opened(study_with((64, 64)))
    lengths = study.survey_images["bytes"] | {"64": 100}
    Study.objects.filter(pk=study.pk).update(survey_images=study.survey_images | {"bytes": lengths})
    study.refresh_from_db()
    longest = max(len(content) for content in read_all(study).values())
    study.refresh_from_db()
    assert {len(content) for content in read_all(study).values()} == {longest}
    assert "became longer" in caplog.text


def test_a_study_that_changed_after_its_files_were_made_is_prepared_anew():
    study = study_with((64, 64))
    assert not is_prepared(study)
    prepare_images(study)
    assert is_prepared(Study.objects.get(pk=study.pk))
    study.images_lossless = True
    assert not is_prepared(study)
    study.images_lossless = False
    replace_image(Stimulus.objects.filter(clip__study=study).first(), picture(40, (64, 64)))
    assert not is_prepared(study)
    with pytest.raises(lifecycle.NotAllowedNow):
        lifecycle._open(study, None)
    assert is_prepared(opened(study))


def test_a_draft_shows_its_images_before_any_file_is_made():
    study = study_with((64, 64))
    assert all(Image.open(io.BytesIO(content)).format == "WEBP" for content in read_all(study).values())


def test_a_study_that_opened_before_there_were_records_keeps_its_stored_images():
    study = study_with((64, 64))
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    assert shown_as(Study.objects.get(pk=study.pk)) is None


def test_a_damaged_image_is_named_and_nothing_recorded():
    study = study_with((64, 64))
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    Path(default_storage.path(stimulus.image.name)).write_bytes(b"no picture")
    with pytest.raises(ImageUnreadable, match=stimulus.clip.name):
        lifecycle.open_study(study)
    study.refresh_from_db()
    assert (study.status, study.survey_images) == (Study.Status.DRAFT, {})


def test_files_go_with_the_last_study_that_needs_them(django_capture_on_commit_callbacks):
    study = study_with((64, 64))
    prepare_images(study)
    copy = copy_study(study, title="Copy", owner=study.owner)
    assert copy.survey_images == {}
    with django_capture_on_commit_callbacks(execute=True):
        delete_draft(study)
        erase(Deletion.objects.all())
    assert len(list(files())) == 2
    with django_capture_on_commit_callbacks(execute=True):
        delete_draft(copy)
        erase(Deletion.objects.all())
    assert list(files()) == []
