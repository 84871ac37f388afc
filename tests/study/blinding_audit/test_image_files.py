"""Image files that differ in something else than their pixels are found."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from PIL import Image, PngImagePlugin

from study.blinding_audit.audit import audit_study
from study.blinding_audit.stored_files import differing_files
from study.models import Stimulus
from tests.factories import make_open_study, make_study
from tests.study.blinding_audit.visits import let_one_visit

pytestmark = pytest.mark.django_db


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
    study = make_study(clips=2)
    for stimulus in Stimulus.objects.filter(clip__study=study):
        resave(stimulus, encoded(stimulus, "JPEG", quality=90, subsampling=0))
    assert list(differing_files(study)) == []
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    resave(stimulus, encoded(stimulus, "JPEG", **{"subsampling": 0} | options))
    assert list(differing_files(study))


def test_a_differing_file_fails_the_audit(monkeypatch):
    let_one_visit(monkeypatch)  # the files are compared as they are stored
    study = make_study(clips=2)
    stimulus = Stimulus.objects.filter(clip__study=study).first()
    resave(stimulus, stimulus.image.read() + b"!")
    with pytest.raises(CommandError) as failed:
        call_command("audit_blinding", study.slug, participants=8, trials=1)
    assert failed.value.returncode == 1


def texts_in_files(study, conditions):
    """Write the condition's number into each file of these conditions."""
    stimuli = Stimulus.objects.filter(clip__study=study, condition__number__in=conditions)
    for stimulus in stimuli.select_related("condition"):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", f"sampler {stimulus.condition.number}")
        resave(stimulus, encoded(stimulus, pnginfo=info))


def bytes_after_the_end(study):
    for stimulus in Stimulus.objects.filter(clip__study=study).select_related("condition"):
        resave(stimulus, stimulus.image.read() + bytes([stimulus.condition.number]))


def another_format(study):
    for stimulus in Stimulus.objects.filter(clip__study=study, condition__number=1):
        resave(stimulus, encoded(stimulus, "JPEG"))


def test_the_visits_find_what_files_reveal():
    study = make_open_study(clips=2)
    another_format(study)
    texts_in_files(study, conditions=(2, 3, 4))
    bytes_after_the_end(study)
    found = [channel.name for channel in audit_study(study, people=8, trials=1).leaks]
    assert all(any(part in name for name in found) for part in ("tEXt", "after the end", "format"))


def test_files_of_one_length_but_those_of_one_condition_are_a_leak():
    """Lengths are not judged while all differ; as soon as most are equal, one that differs is."""
    study = make_open_study(clips=2)
    stimuli = Stimulus.objects.filter(clip__study=study).select_related("condition")
    longest = max(len(stimulus.image.read()) for stimulus in stimuli) + 100
    for stimulus in stimuli:
        stimulus.image.seek(0)
        content = stimulus.image.read()
        room = longest + 10 * (stimulus.condition.number == 2) - len(content) - 12
        resave(stimulus, with_chunk(content, b"paDd", bytes(room)))
    report = audit_study(study, people=8)
    assert any(channel.name == "image: bytes" for channel in report.leaks)
    assert "image: bytes" not in [channel.name for channel in report.reported]
