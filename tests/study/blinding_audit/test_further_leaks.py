"""Leaks of many further kinds. Several are planted at once where each is seen in a channel of its own, so that one
audit shows that each is found by itself."""

import hashlib
import io
import re
import secrets
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.http import HttpResponseRedirect, StreamingHttpResponse
from PIL import Image

from study.blinding_audit.audit import audit_study
from study.models import Stimulus, Trial
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def names(report):
    return [*report.differing_files, *(channel.name for channel in report.leaks)]


def found(report, *parts):
    """Return whether a channel with all parts in its name reveals the condition."""
    return any(all(part in name for part in parts) for name in names(report))


def trial_of(request):
    return Trial.objects.select_related("clip").get(media_key=request.path.strip("/").split("/")[3])


def stimulus_of(request):
    trial, letter = trial_of(request), request.path.strip("/").split("/")[4][0]
    return Stimulus.objects.select_related("condition", "clip").get(pk=trial.position_order["ABCDEF".index(letter)])


@pytest.fixture
def plant(monkeypatch):
    """Replaces the view of one address by one that leaks."""
    import study.survey.urls as urls

    def put(name, change):
        (pattern,) = [p for p in urls.participant_urls if p.name == name]
        original = pattern.callback
        monkeypatch.setattr(
            pattern, "callback", lambda request, *args, **kwargs: change(request, original, args, kwargs)
        )

    return put


def plant_headers(plant, change):
    def leaky(request, original, args, kwargs):
        response = original(request, *args, **kwargs)
        if response.status_code in (200, 206):
            change(request, response, stimulus_of(request))
        return response

    plant("survey_image", leaky)


def test_leaks_by_many_headers_are_found(plant):
    study = make_open_study(clips=2)
    (odd_clip,) = study.clips.filter(number=2)

    def change(request, response, stimulus):
        number = stimulus.condition.number
        token = int(secrets.token_hex(8), 16) // 4 * 4
        mask = secrets.randbelow(4)
        response["Server-Timing"] = f"db;dur={number}"
        response.set_cookie("seen", str(number))
        response["Vary"] = "Cookie" if number == 1 else "Cookie, Accept"
        response["X-Request-Id"] = f"{token + number - 1:016x}"  # its last digit tells
        response["X-Trace"] = secrets.token_hex(4) + "0f3a"[number - 1] + "7"
        response["X-Match"] = hashlib.md5(f"{stimulus.pk}".encode()).hexdigest()  # the same image, the same value
        response["X-Prefix"] = hashlib.md5(f"{stimulus.pk}".encode()).hexdigest()[:4] + secrets.token_hex(8)
        response["X-Shuffled"] = str((number * (3 if stimulus.clip_id % 2 else 7)) % 11)  # another key for each clip
        response["X-One"], response["X-Two"] = str(mask), str(mask ^ (number - 1))  # only together
        response["X-Long"] = "a" * 300 + str(number)
        if number == 3:
            response["X-Rare"] = "yes"
        if number == 2 and stimulus.clip_id == odd_clip.pk:
            response["X-One-Clip"] = "yes"
        if request.method == "HEAD":
            response["X-Head"] = str(number)
        if "Range" in request.headers:
            response["X-Part"] = str(number)

    plant_headers(plant, change)
    report = audit_study(study, people=16)
    missed = [
        parts
        for parts in (
            ("Server-Timing",),
            ("Set-Cookie seen",),
            ("header Vary",),
            ("X-Request-Id", "modulo 4"),
            ("X-Trace", "end of two"),
            ("X-Match",),
            ("X-Prefix", "beginning"),
            ("X-Shuffled",),
            ("X-One together with image, header X-Two",),
            ("X-Long",),
            ("X-Rare",),
            ("X-One-Clip",),
            ("HEAD, header X-Head",),
            ("range, header X-Part",),
            ("names in order",),
        )
        if not found(report, *parts)
    ]
    assert missed == []


def test_leaks_by_redirects_and_streams_are_found(plant):
    study = make_open_study(clips=2)

    def leaky(request, original, args, kwargs):
        number = stimulus_of(request).condition.number
        if "go" not in request.GET and number == 1:
            return HttpResponseRedirect(f"{request.path}?go=1")
        response = original(request, *args, **kwargs)
        size = 40 + number
        return StreamingHttpResponse(
            (response.content[i : i + size] for i in range(0, len(response.content), size)),
            status=response.status_code,
            content_type=response["Content-Type"],
        )

    plant("survey_image", leaky)
    report = audit_study(study, people=8)
    assert found(report, "led on")
    assert found(report, "pieces")


def test_leaks_by_replies_to_unusual_requests_are_found(plant):
    study = make_open_study(clips=2)

    def leaky(request, original, args, kwargs):
        from django.http import HttpResponse

        trial = trial_of(request)
        if kwargs["letter"] not in "ABCD":
            conditions = Stimulus.objects.in_bulk(trial.position_order)
            order = " ".join(str(conditions[pk].condition_id) for pk in trial.position_order)
            return HttpResponse(f"no such image; there are {order}", status=404)
        if request.headers.get("If-None-Match") == "*" and stimulus_of(request).condition.number == 4:
            return HttpResponse(status=304)
        return original(request, *args, **kwargs)

    plant("survey_image", leaky)
    report = audit_study(study)
    assert found(report, "wrong letter")
    assert found(report, "if-none-match")


def plant_pages(plant, change):
    """`change(text, request, trial, conditions, later)`; `later` are the conditions of the next trial."""

    def conditions_of(trial):
        stimuli = Stimulus.objects.select_related("condition").in_bulk(trial.position_order)
        return [stimuli[pk].condition.number for pk in trial.position_order]

    def leaky(request, original, args, kwargs):
        response = original(request, *args, **kwargs)
        if response.status_code == 200:
            trials = Trial.objects.filter(participant__handle=kwargs["handle"])
            trial = trials.get(number=kwargs["number"])
            after = trials.filter(number=trial.number + 1).first()
            later = conditions_of(after) if after else None
            text = change(response.content.decode(), request, trial, conditions_of(trial), later)
            response.content = text.encode()
        return response

    plant("survey_trial", leaky)


def test_leaks_by_pages_are_found(plant):
    study = make_open_study(clips=3)

    def change(text, request, trial, conditions, later):
        if text.startswith("{"):  # the reply tells of the trial that comes
            return text[:-1] + f', "upcoming": {list(later or [0])}}}'
        for letter, number in zip("ABCD", conditions, strict=True):
            text = text.replace(f"Enlarge image {letter}", f"Enlarge image {letter}{chr(0x200B) * number}")
            text = text.replace(
                f'<div class="choice" data-letter="{letter}">',
                f'<div class=\'choice\' data-letter="{letter}" style="--order:{number}">'
                if number == 1
                else f'<div data-letter="{letter}" class="choice">'
                if number == 2
                else f'<div class="choice" data-letter="{letter}">',
            )
            text = re.sub(  # random, but its parity tells
                rf'(<img src="[^"]+/{letter}" alt)',
                rf'<i data-x="{secrets.randbelow(10**8) * 2 + number % 2}"></i>\1',
                text,
            )
        text = text.replace("</footer>", "</footer>")
        spaces = sum(place * 4**number for number, place in zip(conditions, range(4), strict=True))
        text = text.replace("</main>", "\n" * (1 + conditions.index(1)) + "</main>")  # spaces alone
        return text.replace("</title>", f"</title><meta name=t content=k{''.join(map(str, conditions))}-{spaces}>")

    plant_pages(plant, change)
    report = audit_study(study, people=24)
    missed = [
        parts
        for parts in (
            ("reply before",),
            ("a aria-label",),
            ("div style",),
            ("image's part: source",),
            ("image's part: elements",),
            ("i data-x", "modulo 2"),
            ("page: layout",),
            ("page: content",),
        )
        if not found(report, *parts)
    ]
    assert missed == []


def test_leaks_by_links_to_later_trials_are_found(plant):
    study = make_open_study(clips=2)

    def leaky(request, original, args, kwargs):
        response = original(request, *args, **kwargs)
        if response.status_code == 200 and request.method == "GET":
            trial = Trial.objects.get(participant__handle=kwargs["handle"], number=kwargs["number"])
            urls = re.findall(r'<img src="([^"]+)"', response.content.decode())[:4]
            ordered = sorted(zip(trial.position_order, urls, strict=True))
            response["Link"] = ", ".join(f"<{url}>; rel=preload" for _, url in ordered)
        return response

    plant("survey_trial", leaky)
    assert found(audit_study(study, people=8), "load order")


def test_leaks_by_the_last_page_and_the_sound_are_found(plant):
    study = make_open_study(clips=2)

    def page(request, original, args, kwargs):
        response = original(request, *args, **kwargs)
        chosen = Trial.objects.filter(participant__handle=kwargs["handle"]).order_by("number")
        keys = [
            Stimulus.objects.get(pk=trial.position_order[0]).condition.number for trial in chosen
        ]  # what was chosen
        response.content += f"<!-- you like {keys} -->".encode()
        return response

    def sound(request, original, args, kwargs):
        response = original(request, *args, **kwargs)
        first = Stimulus.objects.get(pk=trial_of(request).position_order[0])
        response.content += f"TAG made for {first.condition.key}".encode()
        return response

    plant("survey_thanks", page)
    plant("survey_audio", sound)
    report = audit_study(study, people=24)
    assert found(report, "thanks")
    assert found(report, "sound, end")


def resave(stimulus, content):
    stimulus.image.save("image.png", ContentFile(content))


def encoded(stimulus, kind="PNG", **options):
    buffer = io.BytesIO()
    with Image.open(stimulus.image) as image:
        picture = options.pop("convert", lambda plain: plain)(image.convert("RGB"))
        picture.save(buffer, kind, **options)
    return buffer.getvalue()


def with_chunk(content, name, data):
    """A chunk before the end."""
    chunk = struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return content[:-12] + chunk + content[-12:]


def unfiltered(content):
    """The same pixels, packed without any filter."""
    with Image.open(io.BytesIO(content)) as image:
        size, rows = image.size, image.convert("RGB").tobytes()
    stride = 3 * size[0]
    packed = zlib.compress(b"".join(b"\0" + rows[i : i + stride] for i in range(0, len(rows), stride)), 6)
    head = content[: 8 + 25]
    chunk = struct.pack(">I", len(packed)) + b"IDAT" + packed + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    return head + chunk + content[-12:]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda s: encoded(s, compress_level=1), "packing"),
        (lambda s: unfiltered(s.image.read()), "packing"),
        (lambda s: with_chunk(s.image.read(), b"tIME", b"\x07\xe9\x01\x01\x00\x00\x00"), "chunk tIME"),
        (lambda s: with_chunk(s.image.read(), b"gAMA", struct.pack(">I", 45455)), "layout"),
        (lambda s: encoded(s, convert=lambda image: image.quantize(16)), "IHDR"),
        (lambda s: encoded(s, convert=lambda image: image.convert("RGBA")), "decoded"),
        (lambda s: encoded(s, convert=lambda image: image.resize((66, 64))), "decoded"),
        (lambda s: encoded(s, dpi=(72, 72)), "pHYs"),
        (lambda s: encoded(s, icc_profile=b"x" * 400), "iCCP"),
        (lambda s: s.image.read()[:-1] + b"\0", "layout"),
        (lambda s: encoded(s, "JPEG", quality=90), "format"),
    ],
)
def test_one_differing_file_is_found(change, part):
    from study.blinding_audit.stored_files import differing_files

    study = make_study(clips=3)
    assert list(differing_files(study)) == []
    stimulus = Stimulus.objects.filter(clip__study=study).order_by("?").first()
    resave(stimulus, change(stimulus))
    assert any(part in line for line in differing_files(study))


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 80},
        {"quality": 90, "subsampling": 2},
        {"quality": 90, "progressive": True},
        {"dpi": (9, 9)},
    ],
)
def test_one_jpeg_with_other_settings_is_found(options):
    from study.blinding_audit.stored_files import differing_files

    study = make_study(clips=2)
    for stimulus in Stimulus.objects.filter(clip__study=study):
        resave(stimulus, encoded(stimulus, "JPEG", quality=90, subsampling=0))
    assert list(differing_files(study)) == []
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    resave(stimulus, encoded(stimulus, "JPEG", **{"subsampling": 0} | options))
    assert list(differing_files(study))


def test_a_differing_file_fails_the_audit():
    study = make_study(clips=2)
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    resave(stimulus, stimulus.image.read() + b"!")
    with pytest.raises(CommandError) as failed:
        call_command("audit_blinding", study.slug, participants=8, trials=1)
    assert failed.value.returncode == 1


def test_pilots_give_answers_that_do_not_screen_them_out(settings):
    settings.ALLOWED_HOSTS = ["survey.example.org"]  # and under the host name of a real installation
    questions = """
questions:
  - {key: age, type: choice, text: {en: "Age"}, options: [
      {key: young, text: {en: young}, screen_out: true}, {key: old, text: {en: old}}]}
  - {key: years, type: number, text: {en: "Years"}, min: 18, max: 99}
"""
    report = audit_study(make_open_study(clips=2, questions_before=questions), people=8, trials=1)
    assert report.passed
    assert report.images == 8 * 4
