"""Decode MagnaTagATune once into a memory-mapped store."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.management.progress import ProgressLine
from study.management.arguments import input_file, input_folder, output_folder, whole_number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Check MagnaTagATune's folder, decode its clips once into a compact memory-mapped store, and list bad "
        "files. Run it again after an interruption: it continues where it stopped. A file that was listed as bad and "
        "then deleted is left out."
    )
    examples = ("magnatagatune/ --skip-missing",)
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=input_folder, help="the data set: annotations_final.csv and folders 0 to f")
        parser.add_argument("--annotations", type=input_file, help="the annotation file, if it is elsewhere")
        parser.add_argument("--out", type=output_folder, help="the store (default: FOLDER/store; 33 GB for all clips)")
        parser.add_argument(
            "--skip-missing", action="store_true", help="leave out clips without a file (default: they are a fault)"
        )
        parser.add_argument(
            "--workers",
            type=whole_number(1, 1024),
            default=os.cpu_count() or 1,
            help="decoders at once (default: one a processor core)",
        )
        parser.add_argument(
            "--sample-rate", type=whole_number(8_000, 192_000), default=22_050, help="Hz (default 22,050, as CLMR)"
        )

    def handle(self, *args: Any, folder: Path, annotations: Path | None, out: Path | None, **options: Any) -> None:
        from generation.tagging.magnatagatune import EMPTY_CLIPS, AnnotationError, read_annotations
        from generation.tagging.store import NO_FILE, StoreError, build_store

        try:
            table = read_annotations(annotations or _annotation_file(folder))
            clips = [
                (str(clip), folder / path)
                for clip, path in zip(table.clip_ids, table.paths, strict=True)
                if int(clip) not in EMPTY_CLIPS
            ]
            empty = len(table.clip_ids) - len(clips)
            if not any(path.is_file() for _, path in clips[:1000]):
                raise CommandError(
                    f"{folder}: none of the clips is there (the first would be {clips[0][1]}); "
                    "unpack MagnaTagATune's MP3 archive so that its folders 0 to f are in it.",
                    returncode=2,
                )
            line = ProgressLine(self.stderr, "decoded")
            store = build_store(
                out or folder / "store",
                clips,
                options["sample_rate"],
                workers=options["workers"],
                on_clip=line,
            )
        except (AnnotationError, StoreError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        line.close()
        missing = [entry for entry in store.failed if entry.error == NO_FILE]
        bad = [entry for entry in store.failed if entry.error != NO_FILE]
        for entry in bad:
            self.stderr.write(f"clip {entry.name}: {entry.error}")
        for entry in store.entries:
            for note in entry.notes:
                self.stderr.write(f"clip {entry.name}: {note}")
        self.stdout.write(
            f"{len(store)} clips in the store, {len(bad)} could not be read, {len(missing)} without a file, "
            f"{len(store.deleted)} bad ones deleted, {empty} left out as empty in the published archive."
        )
        faults = []
        if bad:
            faults.append("Fix or delete the files listed above and run this again.")
        if missing and not options["skip_missing"]:
            faults.append(
                f"{len(missing)} clips have no file (the first: clip {missing[0].name}): unpack the whole archive, or "
                "run this with --skip-missing to leave them out."
            )
        if faults:
            raise CommandError(" ".join(faults), returncode=1)


def _annotation_file(folder: Path) -> Path:
    for name in ("annotations_final.csv", "annotations_final.csv.xz"):
        if (folder / name).is_file():
            return folder / name
    raise CommandError(f"{folder}: no annotations_final.csv in it; give its path with --annotations.", returncode=2)
