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


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two spectra in 60 bands."""
    bands = [np.add.reduceat(s**2, np.geomspace(40, len(s) - 1, 60).astype(int)) for s in (one, other)]
    return float(np.corrcoef(*bands)[0, 1])


def test_a_sound_follows_its_tags():
    np.testing.assert_array_equal(spectrum("flute", "slow"), spectrum("flute", "slow"))
    same, other = (likeness(spectrum("flute"), spectrum(tag, seed=1)) for tag in ("flute", "techno"))
    assert same > 0.9 > 0.5 > other
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
