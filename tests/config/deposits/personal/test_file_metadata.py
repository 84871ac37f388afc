"""What files carry beside their content is named, and can be taken out of images with every pixel kept."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import ExifTags, Image, PngImagePlugin

from config.deposits.personal.file_metadata import file_metadata_findings, without_metadata
from config.deposits.personal.search import Search
from generation.painting.normalise import normalise

PIXELS = np.random.default_rng(5).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def exif_of(**tags) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 58.0, 41.0)})
    return exif


def saved(path: Path, **options) -> Path:
    Image.fromarray(PIXELS).save(path, **options)
    return path


def places(path: Path, **arguments) -> dict[str, str]:
    return {finding.accept_as: finding.what for finding in file_metadata_findings(path, path.name, **arguments)}


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_gps_and_author_in_exif_are_named_in_each_format(tmp_path: Path, ending):
    path = saved(tmp_path / f"a.{ending}", exif=exif_of(Artist="Jane Doe", Software="Earsight", Make="Acme"))
    assert places(path).keys() == {f"a.{ending}:GPS", f"a.{ending}:Artist"}
    (artist,) = [one for one in file_metadata_findings(path, "a") if one.accept_as == "a:Artist"]
    assert artist.example == "J••• D••"
    assert artist.blocks


def test_texts_of_a_png_are_searched_and_a_prompt_is_none(tmp_path: Path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a warm painting --seed 4111111111111111")
    texts.add_itxt("Comment", "made on /home/jdoe/paint by 민지, minji@daum.net")
    texts.add_text("Author", "jd")
    path = saved(tmp_path / "b.png", pnginfo=texts)
    assert places(path).keys() == {"b.png:Comment", "b.png:Author"}
    assert "e-mail" in places(path)["b.png:Comment"]
    assert "home folder" in places(path)["b.png:Comment"]
    named = places(
        saved(tmp_path / "c.png", pnginfo=texts), search=Search(known_names=["민지"], own=["minji@daum.net"])
    )
    assert "colleague" in named["c.png:Comment"]
    assert "e-mail" not in named["c.png:Comment"]


def test_metadata_goes_and_each_pixel_stays(tmp_path: Path):
    profile = io.BytesIO()
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "RGBA", "L", "P"):
        picture = Image.fromarray(PIXELS).convert(mode)
        path = tmp_path / f"{mode}.png"
        picture.save(path, exif=exif_of(Artist="Jane Doe"), icc_profile=profile)
        plain = tmp_path / f"plain_{mode}.png"
        plain.write_bytes(without_metadata(path.read_bytes()))
        assert places(path)
        assert not places(plain)
        with Image.open(plain) as now, Image.open(path) as then:
            assert now.mode == then.mode
            assert now.convert("RGBA").tobytes() == then.convert("RGBA").tobytes()
            assert now.info["icc_profile"] == profile
    with pytest.raises(ValueError, match="save the picture as PNG"):
        without_metadata(saved(tmp_path / "d.jpg").read_bytes())


def test_images_that_earsight_makes_carry_nothing(tmp_path: Path):
    picture = Image.fromarray(PIXELS)
    picture.info["Author"] = "Jane Doe"
    path = tmp_path / "e.png"
    path.write_bytes(normalise(picture, 32))
    assert places(path) == {}


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_an_address_in_the_tags_of_a_sound_is_named_and_credits_are_not(tmp_path: Path, ending):
    for name, comment in (("clean", "recorded live, http://magnatune.com/artists/x"), ("leaky", "by jane@example.org")):
        path = tmp_path / f"{name}.{ending}"
        with soundfile.SoundFile(path, "w", samplerate=44100, channels=1) as sound:
            sound.artist, sound.title, sound.comment = "The Artist", "Song 12-02-2003", comment
            sound.write(np.zeros(4410))
        found = file_metadata_findings(path, path.name)
        assert bool(found) == (name == "leaky"), (ending, found)


def test_tags_of_mp3_in_utf_16_and_at_the_end_are_read(tmp_path: Path):
    text = b"\x01\xff\xfe" + "연락처 010-1234-5678".encode("utf-16-le")
    frame = b"COMM" + len(text).to_bytes(4, "big") + b"\0\0" + text
    path = tmp_path / "f.mp3"
    path.write_bytes(b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)]) + frame + b"\xff\xfb\x90\0" * 200)
    assert "f.mp3:ID3" in places(path)
    path.write_bytes(b"\xff\xfb\x90\0" * 200 + b"TAG" + b"jane@example.org".ljust(125, b"\0"))
    assert "f.mp3:ID3v1" in places(path)


def test_clips_of_magnatagatune_and_broken_files_alarm_nothing(shared_data: Path, tmp_path: Path):
    for path in (shared_data / "clips").iterdir():
        assert places(path) == {}
    for name in ("broken.png", "broken.wav", "broken.flac", "empty.mp3", "notes.txt"):
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"RIFF\xff\xff\xff\xffWAVEbext\xff\xff")
        assert places(tmp_path / name) == {}
