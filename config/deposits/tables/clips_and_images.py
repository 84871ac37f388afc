"""The tables of a deposit about clips and images: what people heard and saw, and how it came to be."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from analysis.tables.clips_left_out import clips_left_out_csv
from analysis.tables.paintings import paintings_csv
from config.deposits import paths
from config.deposits.description import Column
from config.deposits.media import image_path, sound_path
from config.deposits.tables import columns as described
from config.deposits.tables.table import Table, read_table
from study.models import Stimulus, Study
from study.tables.spreadsheet import csv_parts

NOTES = (("paintings.csv", "note"), ("clipsleftout.csv", "reason"))
"""Table and column of what researchers wrote in their own words."""
CLIP_REASONS = "clipsleftout.csv:reason"
CAN_BE_LEFT_OUT = ("clips.csv:tags", "stimuli.csv:prompt", *(f"{table}:{name}" for table, name in NOTES))


def write_making(study: Study, folder: Path, left_out: Collection[str]) -> Iterator[Table]:
    """Write each table below `folder` without the columns of these keys, and yield it then."""
    yield _written(
        folder,
        _kept(described.clip_columns(), "clips.csv", left_out),
        _clips(study),
        path=paths.CLIPS,
        title="Clips",
        description="One row for each clip that people heard.",
        key=("clip",),
    )
    yield _written(
        folder,
        _kept(described.stimulus_columns(study), "stimuli.csv", left_out),
        _stimuli(study),
        path=paths.STIMULI,
        title="Stimuli",
        description="One row for each image: of which clip, how it was made, and from which text.",
        key=("clip", "condition"),
    )
    yield _written(
        folder,
        described.painting_columns(),
        _cleared(paintings_csv(study), "paintings.csv", left_out),
        path=paths.PAINTINGS,
        title="Paintings",
        description="One row for each painting of a clip's images.",
        key=("clip", "painting"),
    )
    yield _written(
        folder,
        described.left_out_columns(),
        _cleared(clips_left_out_csv(study), "clipsleftout.csv", left_out),
        path=paths.CLIPS_LEFT_OUT,
        title="Clips left out",
        description="One row for each clip that was left out before opening.",
        key=("clip",),
    )


def _clips(study: Study) -> Iterator[dict[str, Any]]:
    for clip in study.clips.filter(included=True).order_by("number"):
        start, end = clip.excerpt or (None, None)
        yield {
            "clip": clip.name,
            "practice": int(clip.is_practice),
            "seconds": round(clip.duration, 3),
            "heard_from": "" if start is None else start / 1000,
            "heard_to": "" if end is None else end / 1000,
            "sha256": clip.audio_digest,
            "licence": clip.licence,
            "sound": sound_path(clip),
            "tags": ";".join(map(str, clip.imported_tags)),
        }


def _stimuli(study: Study) -> Iterator[dict[str, Any]]:
    stimuli = Stimulus.objects.filter(clip__study=study, clip__included=True).select_related("clip", "condition")
    for row in stimuli.order_by("clip__number", "condition__number").iterator():
        yield {
            "clip": row.clip.name,
            "condition": row.condition.key,
            "file": image_path(row),
            "sha256": row.image_digest,
            "width": row.width,
            "height": row.height,
            "painter": row.painter,
            "prompt": row.provenance.get("prompt", ""),
        }


def _cleared(table: bytes, name: str, left_out: Collection[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table that the analysis reads too, with empty cells in what is left out."""
    header, *rows = read_table(table)
    for row in rows:
        yield {column: "" if f"{name}:{column}" in left_out else cell for column, cell in zip(header, row, strict=True)}


def _kept(columns: tuple[Column, ...], table: str, left_out: Collection[str]) -> tuple[Column, ...]:
    out = {key for key in CAN_BE_LEFT_OUT if key in left_out}
    return tuple(column for column in columns if f"{table}:{column.name}" not in out)


def _written(
    folder: Path, columns: tuple[Column, ...], rows: Iterator[dict[str, Any]], *, path: str, **words: Any
) -> Table:
    names: Sequence[str] = [column.name for column in columns]
    with (folder / path).open("wb") as file:
        file.writelines(csv_parts(chain([names], ([row[name] for name in names] for row in rows))))
    return Table(path=path, name=paths.name_of(path), columns=columns, **words)
