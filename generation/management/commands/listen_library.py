"""Listen to a whole folder of music: voice, tags and representations."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.management.progress import duration
from generation.management.taggers import add_tagger_arguments, tagger_from, tagger_options
from study.management.arguments import input_folder, output_file, output_folder
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Listen to every audio file under FOLDER, in resumable chunks. Without --queue it works here; with it, "
        "Celery's workers share the chunks (they must see the same folders). Run it again to continue."
    )
    examples = ("my-clips/ --out heard/ --voice-csv voice.csv", "my-clips/ --out heard/ --status")
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=input_folder, help="the music; folders in it are searched too")
        parser.add_argument("--out", type=output_folder, required=True, help="folder for the results")
        parser.add_argument("--queue", action="store_true", help="give the chunks to Celery's workers")
        parser.add_argument("--status", action="store_true", help="print the progress of the pass, and exit")
        parser.add_argument("--voice-csv", type=output_file, help="write the voice evidence of what is done there")
        add_tagger_arguments(parser)

    def handle(self, *args: Any, folder: Path, out: Path, **options: Any) -> None:
        from generation.library import passes

        if not options["status"]:
            self._listen(folder, out, options)
        elif not (out / "plan.json").is_file():
            raise CommandError(f"{out}: holds no pass yet; run this without --status first", returncode=2)
        self._show(passes.progress_of(out))
        for row in passes.read_rows(out):
            if "error" in row:
                self.stderr.write(row["error"])
        for number in passes.abandoned_chunks(out):
            self.stderr.write(
                f"chunk {number}: {passes.MAX_TRIES} workers ended during it, so it is skipped; their logs may say "
                "why. Without --queue it is tried again."
            )
        if options["voice_csv"]:
            passes.write_voice_csv(out, options["voice_csv"])

    def _listen(self, folder: Path, out: Path, options: dict[str, Any]) -> None:
        from generation.library import passes
        from study.audio_files.judge import ACCEPTED_SUFFIXES

        files = passes.find_audio(folder)
        if not files:
            raise CommandError(f"{folder}: no audio in it (looked for {', '.join(ACCEPTED_SUFFIXES)})", returncode=2)
        paths = {
            name: options[name].resolve() for name in ("checkpoint", "head", "tags", "thresholds") if options[name]
        }
        chosen = tagger_options(options | paths)  # workers have other working directories
        tagger = None if options["queue"] else tagger_from(options, self.stderr)
        try:
            passes.plan_pass(out.resolve(), folder.resolve(), files, passes.tagger_content(chosen))
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if tagger is None:
            from generation.library.tasks import queue_pass

            self.stdout.write(f"queued {queue_pass(out.resolve(), chosen)} chunks")
            return
        for number in passes.chunks_left(out):
            passes.listen_to_chunk(out.resolve(), number, tagger)
            self._show(passes.progress_of(out))

    def _show(self, progress: Any) -> None:
        left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
        self.stdout.write(
            f"{progress.clips_done:,} of {progress.clips:,} clips, "
            f"{progress.chunks_done} of {progress.chunks} chunks{left}"
        )
