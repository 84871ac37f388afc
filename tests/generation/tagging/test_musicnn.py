"""The embedded tagger: its weights, its front end, and what it hears."""

import struct

import numpy as np
import pytest
import torch

from generation.listening.audio import decode
from generation.tagging import MusicnnOptions, Tagger, TaggingError, build_tagger
from generation.tagging.musicnn import weights
from generation.tagging.musicnn.bundle import BundleError, read_bundle
from generation.tagging.musicnn.network import PATCH_FRAMES, LogMel, Musicnn


@pytest.fixture(scope="module")
def tagger(musicnn_folder):
    return build_tagger(MusicnnOptions(), weights_folder=musicnn_folder)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("joram", ["techno", "electronic", "synth", "fast", "beat"]),
        ("arthur_yoria", ["drums", "female", "vocal", "guitar"]),
        ("tilopa", ["slow", "quiet", "ambient", "soft", "flute"]),
    ],
)
def test_real_clips_get_the_tags_that_the_published_model_gives(tagger, shared_data, part, expected):
    (path,) = [path for path in (shared_data / "clips").iterdir() if part in path.name]
    audio = decode(path)
    probabilities = tagger.predict([audio.samples], audio.sample_rate)
    assert probabilities.shape == (1, 50)
    assert probabilities.dtype == np.float32
    top = [tagger.vocabulary[index] for index in probabilities[0].argsort()[::-1]]
    assert top[: len(expected)] == expected


def test_it_is_a_tagger_that_names_its_weights(tagger):
    assert isinstance(tagger, Tagger)
    assert len(tagger.identity["weights_sha256"]) == 64
    assert len(set(tagger.vocabulary)) == 50


def test_clips_are_heard_one_by_one_alike(tagger, tone):
    short, long = tone(1.0, 16_000), tone(7.0, 16_000, 330.0)
    together = tagger.predict([short, long], 16_000)
    np.testing.assert_allclose(together[0], tagger.predict([short], 16_000)[0], atol=1e-6)
    np.testing.assert_allclose(together[1], tagger.predict([long], 16_000)[0], atol=1e-6)


def test_loud_music_does_not_overflow(tagger):
    noise = np.sign(np.random.default_rng(0).standard_normal(64_000)).astype(np.float32)
    assert np.isfinite(tagger.predict([noise], 16_000)).all()


def test_patches_are_log_mel_and_a_short_clip_fills_one(tone):
    front_end = LogMel()
    assert front_end(torch.from_numpy(tone(7.0, 16_000))).shape == (2, PATCH_FRAMES, 96)
    short = front_end(torch.from_numpy(tone(1.0, 16_000)))
    assert short.shape == (1, PATCH_FRAMES, 96)
    assert float(front_end.spectrum(torch.zeros(16_000)).abs().max()) == 0  # log10(1)


def test_the_mel_bands_are_slaneys():
    """Librosa's defaults: linear below 1 kHz, and each band's area normalised (2 / its width in Hz)."""
    filters = LogMel().filters.numpy()
    peaks = filters.argmax(axis=0) * 16_000 / 512
    spacing = np.diff(peaks[:20])
    assert np.ptp(spacing) <= 2 * 16_000 / 512  # evenly spaced at the bottom, to one bin
    areas = filters[:, 40:].sum(axis=0) * 16_000 / 512
    np.testing.assert_allclose(areas, 1.0, atol=0.15)


def test_missing_weights_say_how_to_fetch_them(tmp_path):
    with pytest.raises(TaggingError, match=r"run `python manage.py fetch_musicnn` once"):
        build_tagger(MusicnnOptions(), weights_folder=tmp_path)


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path):
    wheel = tmp_path / "musicnn-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(TaggingError, match=r"not f38a4890.* as pinned"):
        weights.ensure_weights(tmp_path / "out", wheel)
    assert list((tmp_path / "out").iterdir()) == []


def test_without_a_network_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(TaggingError, match=r"fetch_musicnn --wheel FILE"):
        weights.ensure_weights(tmp_path)


def _table(entries: dict[bytes, bytes]) -> bytes:
    """A TensorFlow index of one block, keys without shared prefixes."""

    def varint(number: int) -> bytes:
        out = b""
        while True:
            out += bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
            number >>= 7
            if not number:
                return out

    def block(items: dict[bytes, bytes]) -> bytes:
        body = b"".join(b"\0" + varint(len(k)) + varint(len(v)) + k + v for k, v in items.items())
        return body + struct.pack("<II", 0, 1)

    first = block(entries)
    second = block({b"z": varint(0) + varint(len(first))})
    footer = varint(0) + varint(0) + varint(len(first) + 5) + varint(len(second))
    return first + b"\0" * 5 + second + b"\0" * 5 + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def test_a_bundles_variable_is_read_by_shape_and_place():
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    shape = b"\x12\x02\x08\x02\x12\x02\x08\x03"
    entry = b"\x08\x01\x12" + bytes([len(shape)]) + shape + b"\x20\x04\x28\x18"  # float32, offset 4, size 24
    found = read_bundle(_table({b"": b"\x08\x01", b"layer/kernel": entry}), b"????" + values.tobytes())
    np.testing.assert_array_equal(found["layer/kernel"], values)


def test_a_bundle_cut_short_is_refused():
    shape = b"\x12\x02\x08\x06"
    entry = b"\x08\x01\x12" + bytes([len(shape)]) + shape + b"\x28\x18"
    with pytest.raises(BundleError, match="cut short"):
        read_bundle(_table({b"a": entry}), b"\0" * 20)
    with pytest.raises(BundleError, match="does not end like"):
        read_bundle(b"nothing of the kind", b"")


def test_the_network_has_the_published_shape():
    network = Musicnn().eval()
    assert network(torch.zeros(2, PATCH_FRAMES, 96)).shape == (2, 50)
    assert network.representation(torch.zeros(1, PATCH_FRAMES, 96)).shape == (1, 200)
    assert network.dense.in_features == 1506
