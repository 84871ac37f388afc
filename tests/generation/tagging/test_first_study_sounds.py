"""The sounds of `make first-study` follow their tags, and its rows are the data set's own."""

import sys
from pathlib import Path

import numpy as np
import pytest

from generation.tagging.magnatagatune import read_annotations

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
sounds = pytest.importorskip("first_study_sounds")


def spectrum(*tags: str, seed: int = 0) -> np.ndarray:
    sound = sounds.synthesise(set(tags), np.random.default_rng(seed))
    return np.abs(np.fft.rfft(sound / np.abs(sound).max()))


def middle(*tags: str) -> float:
    """The frequency (Hz) below which half of the sound's energy lies."""
    energy = np.cumsum(spectrum(*tags) ** 2)
    return float(np.searchsorted(energy, energy[-1] / 2)) / sounds.SECONDS


def test_a_sound_follows_its_tags():
    np.testing.assert_array_equal(spectrum("flute", "slow"), spectrum("flute", "slow"))
    assert middle("techno") < 300 < 800 < middle("flute")
    assert middle("male") < middle("female")
    loud, quiet = (np.std(sounds.synthesise({"guitar", tag}, np.random.default_rng(0))) for tag in ("loud", "quiet"))
    assert loud > 5 * quiet


def test_rows_and_files_have_the_data_sets_layout(shared_data, tmp_path):
    header, rows = sounds.real_rows(shared_data / "mtat" / "annotations_final.csv.xz", 4)
    assert (len(header), len(rows)) == (190, 4)
    written = read_annotations(sounds.write_data_set(tmp_path, header, rows))
    whole = read_annotations(shared_data / "mtat" / "annotations_final.csv.xz")
    assert written.tags == whole.tags
    for clip, labels, path in zip(written.clip_ids, written.labels, written.paths, strict=True):
        place = int(np.flatnonzero(whole.clip_ids == clip)[0])
        np.testing.assert_array_equal(labels, whole.labels[place])
        assert (tmp_path / path).stat().st_size > 10_000
