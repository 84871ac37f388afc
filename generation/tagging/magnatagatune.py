"""The MagnaTagATune data set: annotation file, audio folders and standard split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from generation.tagging.store import AudioStore, Subset
from study.tables.errors import TableRefused, message_for_command
from study.tables.reading import read_bytes, read_table

EMPTY_CLIPS = frozenset({35644, 55753, 57881})
"""Clips with an MP3 file without sound in the published archive."""
_SPLITS = {"train": "0123456789ab", "valid": "c", "test": "def"}
"""The standard split, by folder: 18,706, 1,825 and 5,329 clips without the empty ones."""


_COLUMNS = ("clip_id", "mp3_path")
_GIVEN, _NOT_GIVEN = ("1", "1.0"), ("0", "0.0")


class AnnotationError(ValueError):
    """An annotation file is wrong; the message names file, row and value."""


@dataclass(frozen=True)
class Annotations:
    """`labels`: 0/1, uint8, shape (clips, tags); `paths`: the clip's MP3 within the data set's folder."""

    clip_ids: np.ndarray
    tags: tuple[str, ...]
    labels: np.ndarray
    paths: tuple[str, ...]

    def choose(self, tags: Sequence[str]) -> "Annotations":
        """The same clips with only these tags, in this order."""
        unknown = [tag for tag in tags if tag not in self.tags]
        if unknown:
            raise AnnotationError(f"no such tag in the annotations: {', '.join(unknown)}")
        columns = [self.tags.index(tag) for tag in tags]
        return Annotations(self.clip_ids, tuple(tags), self.labels[:, columns], self.paths)

    def top(self, count: int) -> tuple[str, ...]:
        """The most frequent tags that occur at all, most frequent first; ties in the order of the file."""
        frequency = self.labels.sum(axis=0, dtype=np.int64)
        order = np.argsort(-frequency, kind="stable")
        return tuple(self.tags[column] for column in order[:count] if frequency[column])

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of `train`, `valid` or `test`, in the file's order, the empty clips left out."""
        folders = _SPLITS[split]
        return np.array(
            [
                row
                for row, (clip, path) in enumerate(zip(self.clip_ids, self.paths, strict=True))
                if path[:1] in folders and int(clip) not in EMPTY_CLIPS
            ],
            dtype=np.int64,
        )


def read_annotations(path: str | Path) -> Annotations:
    """Read `annotations_final.csv` (or a redefined copy of the same layout; `.xz` and `.gz` too).

    Raises AnnotationError for a file that is no table, missing columns, a tag or a clip twice, a clip that is no
    number, or a label that is not 0 or 1.
    """
    path = Path(path)
    try:
        table = read_table(read_bytes(path), path.name, known=_COLUMNS).without_unnamed()
        rows = list(table.even_rows())
    except TableRefused as error:
        raise AnnotationError(message_for_command(error)) from error
    for column in _COLUMNS:
        if column not in table.header:
            raise AnnotationError(f"{path.name}: no column {column!r}; MagnaTagATune's annotations_final.csv has it.")
    twice = next((name for name in table.header if table.header.count(name) > 1), None)
    if twice is not None:
        raise AnnotationError(f"{path.name}: the column {twice!r} is there twice; keep one.")
    numbers = [number for number, _cells in rows]
    frame = pd.DataFrame([cells for _number, cells in rows], columns=table.header, dtype=str)
    clips, tags = frame["clip_id"], frame.drop(columns=list(_COLUMNS))
    no_number = ~clips.str.fullmatch(r"[0-9]{1,18}")
    if no_number.any():
        row = int(no_number.argmax())
        raise AnnotationError(
            f"{path.name}, row {numbers[row]}: the clip_id {clips[row]!r} is no number, as MagnaTagATune's are."
        )
    again = clips.astype("int64").duplicated()
    if again.any():
        row = int(again.argmax())
        raise AnnotationError(f"{path.name}, row {numbers[row]}: clip {clips[row]} is given twice.")
    given = tags.isin(_GIVEN)
    wrong = np.argwhere(~(given | tags.isin(_NOT_GIVEN)).to_numpy())
    if len(wrong):
        row, column = wrong[0]
        raise AnnotationError(
            f"{path.name}, row {numbers[row]}, column {tags.columns[column]!r}: "
            f"{tags.iloc[row, column] or 'an empty cell'} is neither 0 nor 1."
        )
    return Annotations(
        clips.astype("int64").to_numpy(),
        tuple(tags.columns),
        given.to_numpy(dtype=np.uint8),
        tuple(frame["mp3_path"]),
    )


Untagged = Literal["keep", "drop"]
"""What becomes of the clips that have none of the chosen tags; the published CLMR keeps them."""


@dataclass(frozen=True)
class SplitData:
    """The clips of one split that the store has: audio, labels (clips, tags), identifiers.

    `missing`: clips of the split without audio in the store. `untagged`: how many clips with audio have none of the
    tags; they are among `clips` only if they are kept.
    """

    clips: Subset
    labels: np.ndarray
    clip_ids: tuple[int, ...]
    missing: tuple[int, ...]
    untagged: int


def split_data(annotations: Annotations, store: AudioStore, split: str, untagged: Untagged = "keep") -> SplitData:
    """A split's audio and labels, with or without the clips that have none of the tags.

    Raises AnnotationError if the store has none of its clips.
    """
    place = {name: index for index, name in enumerate(store.names)}
    rows = annotations.rows(split)
    there = [int(row) for row in rows if str(annotations.clip_ids[row]) in place]
    missing = [int(annotations.clip_ids[row]) for row in rows if str(annotations.clip_ids[row]) not in place]
    tagged = [row for row in there if annotations.labels[row].any()]
    found = there if untagged == "keep" else tagged
    if not found:
        raise AnnotationError(
            f"the store has no clip of the {split} split; run `manage.py prepare_magnatagatune` on the data set."
            if not there
            else f"no clip of the {split} split has one of the {len(annotations.tags)} tags; keep the untagged ones."
        )
    indices = [place[str(annotations.clip_ids[row])] for row in found]
    return SplitData(
        store.subset(indices),
        annotations.labels[found],
        tuple(int(annotations.clip_ids[row]) for row in found),
        tuple(missing),
        len(there) - len(tagged),
    )
