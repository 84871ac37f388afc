"""Check untrusted audio files in a bounded process: an upload must not decode anything in the web process."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from study.audio_files.errors import AudioError
from study.audio_files.judge import AudioFacts, Mend, inspect_audio
from study.untrusted_files.bounded_process import Answer, BoundedProcess, ProcessEnded, serve

# The longest clip that is taken needs half of the memory and a quarter of the processor time.
MEMORY = 2**30 + 2**29
SECONDS = 120


class AudioChecker(BoundedProcess):
    """Inspects files one after the other as `inspect_audio` does; use it with `with`."""

    def __init__(self) -> None:
        super().__init__(__name__, memory=MEMORY, seconds=SECONDS)

    def inspect(self, path: Path, name: str) -> AudioFacts:
        """Return the facts of the file at an absolute path.

        Raises:
            AudioError: as `inspect_audio`, or the file takes too much memory or time.
        """
        try:
            answer, _blobs = self.ask({"path": str(path), "name": name})
        except ProcessEnded as error:
            text = (
                _("%(file)s takes too much time to decode. Cut out the part to be heard and export it as WAV or FLAC.")
                if error.reason == "time"
                else _("%(file)s takes too much memory to decode. Open it in an audio editor and export it again.")
            )
            raise AudioError(text % {"file": name}) from error
        if "fault" in answer:
            raise AudioError(answer["fault"])
        facts = answer["facts"]
        mend = facts.pop("mend")
        mend["offsets"] = tuple(mend["offsets"])
        return AudioFacts(**facts | {"notes": tuple(facts["notes"]), "mend": Mend(**mend)})


def main() -> None:
    """Be the child."""
    serve(_answer)


def _answer(question: dict[str, Any], _data: bytes) -> Answer:
    try:
        facts = asdict(inspect_audio(Path(question["path"]), question["name"]))
    except AudioError as error:
        return {"fault": str(error)}, []
    return {"facts": facts}, []
