"""What a browser gets to see and hear, and what it cannot learn from it."""

import io
import re
from copy import deepcopy

import pytest
from PIL import Image

from study.models import Stimulus
from tests.factories import make_open_study, make_study, open_with_images
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    return Visit(make_open_study(clips=6)).to_trials()


def media(visit, number=1):
    trial = visit.participant.trials.get(number=number)
    return (
        trial,
        [visit.url(f"m/{trial.media_key}/{letter}") for letter in "ABCD"],
        visit.url(f"m/{trial.media_key}/audio"),
    )


def test_each_position_gives_its_image(visit):
    trial, images, _ = media(visit)
    for pk, address in zip(trial.position_order, images, strict=True):
        stored = Stimulus.objects.get(pk=pk).image.read()
        assert visit.client.get(address).content == stored


def test_headers_are_the_same_for_every_image_and_name_nothing(visit):
    _, images, _audio = media(visit)
    seen = set()
    for address in images:
        headers = dict(visit.client.get(address).headers)
        headers.pop("Content-Length")
        seen.add(tuple(sorted(headers.items())))
        assert not {"ETag", "Last-Modified", "Expires"} & set(headers)
        assert "no-store" in headers["Cache-Control"]
        assert headers["Content-Disposition"] == "inline"
    assert len(seen) == 1


@pytest.fixture(scope="module")
def of_600(rows_of_file):
    with rows_of_file():
        yield Visit(open_with_images(make_study(clips=2, size=600))).to_trials()


@pytest.fixture
def sized(of_600, db):
    """A participant of a study that was opened with pictures of 600 × 600 pixels."""
    return deepcopy(of_600)


def test_images_of_one_width_cannot_be_told_apart_by_anything_but_their_pixels(sized):
    _, images, _audio = media(sized)
    for width in ("384", "512", "600"):
        answers = [sized.client.get(f"{address}?w={width}") for address in images]
        assert {answer.status_code for answer in answers} == {200}
        assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1  # the lengths too
        assert len({answer.content for answer in answers}) == 4
        assert {Image.open(io.BytesIO(answer.content)).size for answer in answers} == {(int(width),) * 2}
        parts = [sized.client.get(f"{address}?w={width}", headers={"range": "bytes=-9"}) for address in images]
        assert len({part.headers["Content-Range"] for part in parts}) == 1
    assert sized.client.get(images[0]).content == sized.client.get(f"{images[0]}?w=512").content


@pytest.mark.parametrize("width", ["385", "0", "-1", "", "600.0", "٣٨٤", "384&w=9", "x" * 500])
def test_other_widths_do_not_exist(sized, width):
    _, images, _audio = media(sized)
    assert sized.client.get(f"{images[0]}?w={width}").status_code == 404


def test_the_page_offers_each_position_the_same_sizes_and_the_review_the_smallest(sized):
    page = sized.get("trial/1/").content.decode()
    offered = [re.findall(r"\?w=(\d+) (\d+)w", srcset) for srcset in re.findall(r' srcset="([^"]+)"', page)]
    assert offered == [[("384", "384"), ("512", "512"), ("600", "600")]] * 4
    assert len(set(re.findall(r' sizes="([^"]+)"', page))) == 1
    assert len(re.findall(r'class="enlarge" href="[^"]+\?w=600"', page)) == 4
    sized.answer_all()
    thumbs = re.findall(r'<img\s[^>]*src="([^"]+)"', sized.get("review/").content.decode())
    assert len(thumbs) == 4
    assert all(sized.client.get(address).status_code == 200 and address.endswith("?w=384") for address in thumbs)


def test_addresses_are_the_participants_own(visit):
    other = Visit(visit.participant.study).to_trials()
    _, images, _audio = media(visit)
    assert other.client.get(images[0]).status_code == 404
    mine = {trial.media_key for trial in visit.participant.trials.all()}
    assert not mine & {trial.media_key for trial in other.participant.trials.all()}


def test_trials_far_ahead_show_nothing_yet(visit):
    _, images, audio = media(visit, number=5)
    assert visit.client.get(images[0]).status_code == 404
    assert visit.client.get(audio).status_code == 404
    assert visit.client.get(media(visit, number=3)[1][0]).status_code == 200


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        ("bytes=0-1", 206, 2),
        ("bytes=5-", 206, None),
        ("bytes=-7", 206, 7),
        ("bytes=999999999-", 416, 0),
        ("lines=1-2", 200, None),
    ],
)
def test_sound_is_served_in_ranges(visit, monkeypatch, asked, status, length, in_parts):
    monkeypatch.setattr("study.stored_files.copies.WHOLE", 0 if in_parts else 2**30)
    trial, _, audio = media(visit)
    whole = trial.clip.survey_audio.read()
    answer = visit.client.get(audio, headers={"range": asked})
    assert (answer.status_code, answer.streaming) == (status, in_parts)
    content = answer.getvalue()
    assert len(content) == int(answer.headers["Content-Length"])
    if length is not None:
        assert len(content) == length
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")
        assert content in whole
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_page_names_no_condition_clip_or_stored_file(visit):
    page = visit.get("trial/1/").content.decode()
    trial = visit.participant.trials.get(number=1)
    for stimulus in Stimulus.objects.filter(pk__in=trial.position_order).select_related("condition"):
        for word in (
            stimulus.condition.key,
            stimulus.condition.label,
            stimulus.condition.sealed_label,
            stimulus.image.name,
        ):
            assert word not in page
    assert trial.clip.name not in page
    assert trial.clip.survey_audio.name not in page
