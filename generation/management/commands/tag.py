"""Print the tags of audio files with their probabilities."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.listening.audio import decode
from generation.management.taggers import add_tagger_arguments, tagger_from
from study.audio_files.errors import AudioError
from study.audio_files.judge import inspect_audio
from study.audio_files.notes import sentences
from study.management.arguments import path_of, whole_number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Print the tags of audio files with their probabilities; a star marks those past their own threshold."
    examples = ("piano.wav drums.wav", "piano.wav --json")
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=path_of, metavar="FILE", help="WAV, FLAC, OGG or MP3")
        add_tagger_arguments(parser)
        parser.add_argument("--json", action="store_true", help="JSON on standard output, all tags")
        parser.add_argument(
            "--top", type=whole_number(1, 1000), default=10, help="tags per file in the table (default 10)"
        )

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        faults = []
        for file in files:  # all are checked before the first is tagged
            try:
                inspect_audio(file, str(file))
            except AudioError as error:
                faults.append(str(error))
        if faults:
            raise CommandError("\n".join(faults), returncode=2)
        tagger = tagger_from(options, self.stderr)
        rows: list[dict[str, Any]] = []
        for file in files:
            audio = decode(file, str(file))
            for note in sentences(audio.notes):
                self.stderr.write(f"{file}: {note}")
            found = tagger.predict([audio.samples], audio.sample_rate)[0]
            probabilities = {tag: round(float(p), 6) for tag, p in zip(tagger.vocabulary, found, strict=True)}
            rows.append({"file": str(file), "probabilities": probabilities})
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        least = dict(zip(tagger.vocabulary, tagger.thresholds or (), strict=False))
        for row in rows:
            self.stdout.write(str(row["file"]))
            ranked = sorted(row["probabilities"].items(), key=lambda item: -item[1])
            for tag, probability in ranked[: options["top"]]:
                mark = "*" if probability >= least.get(tag, 2) else " "
                self.stdout.write(f"{mark} {probability:5.3f}  {tag}")
