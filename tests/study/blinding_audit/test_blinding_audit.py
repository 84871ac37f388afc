"""The audit finds nothing in the survey as it is, and each of many leaks planted on purpose."""

import io
import re
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image, PngImagePlugin

from study.blinding_audit import audit
from study.blinding_audit.audit import audit_study
from study.models import BlindingAudit, Participant, Stimulus, Trial
from study.participants.links import create_personal_links
from study.survey import media
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def small_audit(study, people=8, trials=2):
    return audit_study(study, people=people, trials=trials)


def names(report):
    return [channel.name for channel in report.leaks]


def condition_of(request):
    """What a leaky server would know of the image asked for."""
    _, _, _, key, letter = request.path.strip("/").split("/")
    trial = Trial.objects.get(media_key=key)
    return Stimulus.objects.select_related("condition").get(pk=trial.position_order["ABCDEF".index(letter)]).condition


@pytest.fixture
def study():
    return make_open_study(clips=2)


@pytest.fixture
def leaky_image(monkeypatch):
    """Lets a test change every answer that carries an image."""
    import study.survey.urls as urls

    def plant(change):
        (pattern,) = [p for p in urls.participant_urls if p.name == "survey_image"]
        original = media.image

        def image(request, *args, **kwargs):
            response = original(request, *args, **kwargs)
            if response.status_code in (200, 206):
                change(request, response)
            return response

        monkeypatch.setattr(pattern, "callback", image)

    return plant


@pytest.fixture
def leaky_page(monkeypatch):
    """Lets a test change every trial page's (or reply's) text."""
    import study.survey.urls as urls

    def plant(change):
        (pattern,) = [p for p in urls.participant_urls if p.name == "survey_trial"]
        original = pattern.callback

        def page(request, handle, number):
            response = original(request, handle=handle, number=number)
            if response.status_code == 200:
                trial = Trial.objects.get(participant__handle=handle, number=number)
                stimuli = Stimulus.objects.select_related("condition").in_bulk(trial.position_order)
                conditions = [stimuli[pk].condition for pk in trial.position_order]
                response.content = change(response.content.decode(), conditions, trial).encode()
            return response

        monkeypatch.setattr(pattern, "callback", page)

    return plant


def test_the_survey_has_no_leak_and_the_audit_deletes_its_pilots(study):
    report = small_audit(study)
    assert names(report) == []
    assert report.passed
    assert not Participant.objects.exists()
    assert not study.invite_links.exists()
    assert any(channel.name == "image: bytes" for channel in report.reported)


def test_pilots_of_a_killed_audit_are_deleted_by_the_next(study, monkeypatch):
    def killed(*args):
        raise SystemExit  # and nothing that should be done afterwards is

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_delete_pilots", lambda audit: None)
        patch.setattr(audit, "all_channels", killed)
        with pytest.raises(SystemExit):
            small_audit(study)
    create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    small_audit(study)
    assert Participant.objects.count() == 8  # it may be at work still
    BlindingAudit.objects.update(moved_at=timezone.now() - timedelta(minutes=10))
    small_audit(study)
    assert not Participant.objects.exists()
    assert study.invite_links.get().audit is None  # the researcher's own stays


def test_a_leak_by_headers_is_found(study, leaky_image):
    leaky_image(lambda request, response: response.headers.__setitem__("X-Model", condition_of(request).key))
    assert any("X-Model" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_equal_etags_is_found(study, leaky_image):
    import hashlib

    def change(request, response):
        response["ETag"] = f'"{hashlib.md5(response.content).hexdigest()}"'

    leaky_image(change)
    assert any("ETag" in name for name in names(small_audit(study)))


def test_a_leak_by_a_file_name_is_found(study, leaky_image):
    leaky_image(
        lambda request, response: response.headers.__setitem__(
            "Content-Disposition", f'inline; filename="{condition_of(request).number}.png"'
        )
    )
    assert any("Content-Disposition" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_caching_is_found(study, leaky_image):
    leaky_image(
        lambda request, response: response.headers.__setitem__(
            "Cache-Control", "no-store" if condition_of(request).number < 3 else "private, max-age=60"
        )
    )
    assert any("Cache-Control" in name for name in names(small_audit(study, people=16)))


@pytest.mark.processes
def test_a_leak_by_timing_is_found(study, leaky_image):
    leaky_image(lambda request, response: time.sleep(0.15 if condition_of(request).number == 2 else 0))
    assert any("time" in name for name in names(small_audit(study)))


def test_a_leak_by_text_in_the_file_is_found(study):
    for stimulus in Stimulus.objects.select_related("condition"):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", f"sampler {stimulus.condition.number}")
        buffer = io.BytesIO()
        Image.open(stimulus.image).save(buffer, "PNG", pnginfo=info)
        stimulus.image.save("image.png", ContentFile(buffer.getvalue()))
    assert any("tEXt" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_bytes_after_the_picture_is_found(study):
    for stimulus in Stimulus.objects.select_related("condition"):
        content = stimulus.image.read() + bytes([stimulus.condition.number])
        stimulus.image.save("image.png", ContentFile(content))
    assert any("after the end" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_format_or_size_is_found(study):
    for stimulus in Stimulus.objects.filter(condition__number=1):
        buffer = io.BytesIO()
        Image.open(stimulus.image).convert("RGB").resize((65, 65)).save(buffer, "JPEG")
        stimulus.image.save("image.png", ContentFile(buffer.getvalue()))
    assert any("format" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_alt_text_is_found(study, leaky_page):
    def change(text, conditions, trial):
        for letter, condition in zip("ABCD", conditions, strict=True):
            text = text.replace(f'alt="Image {letter}"', f'alt="{condition.label}"')
        return text

    leaky_page(change)
    assert any("alt" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_ordered_ids_is_found(study, leaky_page):
    def change(text, conditions, trial):
        for letter, condition in zip("ABCD", conditions, strict=True):
            number = trial.pk * 10 + condition.number  # never the same twice, but in the order of the conditions
            text = text.replace(f'data-letter="{letter}"', f'data-letter="{letter}" id="i{number}"')
        return text

    leaky_page(change)
    assert any("rank" in name and "id" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_load_order_is_found(study, leaky_page):
    def change(text, conditions, trial):
        if "</head>" not in text:
            return text
        urls = re.findall(r'<img src="([^"]+)"', text)[:4]
        ordered = sorted(zip(conditions, urls, strict=True), key=lambda pair: pair[0].number)
        links = "".join(f'<link rel="preload" as="image" href="{url}">' for _, url in ordered)
        return text.replace("</head>", links + "</head>")

    leaky_page(change)
    assert any("load order" in name for name in names(small_audit(study, trials=1)))


def test_a_leak_by_a_field_of_the_reply_is_found(study, leaky_page):
    def change(text, conditions, trial):
        if text.startswith("{"):
            return text[:-1] + ', "order": [' + ",".join(str(c.number) for c in conditions) + "]}"
        return text

    leaky_page(change)
    assert any("reply" in name for name in names(small_audit(study, people=16)))


def test_a_leak_by_a_comment_with_the_order_is_found(study, leaky_page):
    leaky_page(lambda text, conditions, trial: text + f"<!-- {[c.number for c in conditions]} -->")
    assert any("page" in name for name in names(small_audit(study, people=16)))


def test_a_leak_by_a_blank_in_one_images_style_is_found(study, leaky_page):
    def change(text, conditions, trial):
        letter = "ABCD"[[c.number for c in conditions].index(3)]
        return text.replace(f'class="choice" data-letter="{letter}"', f'class="choice " data-letter="{letter}"')

    leaky_page(change)
    assert small_audit(study).leaks


def test_a_leak_by_addresses_shared_by_people_is_found(study, leaky_page):
    def change(text, conditions, trial):
        for letter, pk in zip("ABCD", trial.position_order, strict=True):
            text = re.sub(rf'(<img src="[^"]+/{letter})"', rf'\1?v={pk:x}"', text)
        return text

    leaky_page(change)
    assert small_audit(study).leaks


def test_the_command_fails_on_a_leak_and_passes_without(capsys):
    study = make_study(clips=2)
    call_command("audit_blinding", study.slug, participants=8, trials=2)
    assert "Nothing but the pixels" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no study"):
        call_command("audit_blinding", "nothing")
