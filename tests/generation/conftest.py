"""Sounds that the tests of several rooms share."""

from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture
def tone():
    """A function: seconds, sample rate → a sung-like tone, float32."""

    def make(seconds: float = 2.0, sample_rate: int = 22_050, pitch: float = 220.0) -> np.ndarray:
        time = np.arange(round(seconds * sample_rate)) / sample_rate
        wave = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 6))
        return (0.2 * wave).astype(np.float32)

    return make


@pytest.fixture
def write_audio(tmp_path, tone):
    """A function that writes a file of a tone and returns its path."""

    def write(name: str, samples: np.ndarray | None = None, sample_rate: int = 22_050, **options) -> Path:
        path = tmp_path / name
        soundfile.write(path, tone() if samples is None else samples, sample_rate, **options)
        return path

    return write
