"""A function that judges bytes as a file would be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from study.audio_files.judge import AudioFacts, inspect_audio


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[bytes], AudioFacts]:
    def judge(content: bytes) -> AudioFacts:
        path = tmp_path / "stored"
        path.write_bytes(content)
        return inspect_audio(path, "song")

    return judge
