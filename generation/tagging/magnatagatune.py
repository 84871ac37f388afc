"""The MagnaTagATune data set: annotation file, audio folders and standard split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from generation.tagging.store import AudioStore, Subset

EMPTY_CLIPS = frozenset({35644, 55753, 57881})
"""Clips with an MP3 file without sound in the published archive."""
_SPLITS = {"train": "0123456789ab", "valid": "c", "test": "def"}
"""The standard split, by folder: 18,706, 1,825 and 5,329 clips without the empty ones."""


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

    Raises AnnotationError for missing columns, a clip twice, or a label that is not 0 or 1.
    """
    path = Path(path)
    try:
        table = pd.read_csv(path, sep="\t", encoding="utf-8-sig", dtype={"mp3_path": str})
    except (OSError, ValueError) as error:
        raise AnnotationError(f"{path.name}: cannot be read ({error}).") from error
    for column in ("clip_id", "mp3_path"):
        if column not in table:
            raise AnnotationError(f"{path.name}: no column {column!r}; MagnaTagATune's annotations_final.csv has it.")
    twice = table["clip_id"].duplicated()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        raise AnnotationError(f"{path.name}, row {row + 2}: clip {table['clip_id'].iloc[row]} is given twice.")
    tags = [column for column in table.columns if column not in ("clip_id", "mp3_path")]
    labels = table[tags].to_numpy()
    wrong = np.argwhere((labels != 0) & (labels != 1))
    if len(wrong):
        row, column = wrong[0]
        raise AnnotationError(
            f"{path.name}, row {row + 2}, column {tags[column]!r}: {table[tags[column]].iloc[row]} is neither 0 nor 1."
        )
    return Annotations(
        table["clip_id"].to_numpy(),
        tuple(tags),
        labels.astype(np.uint8),
        tuple(table["mp3_path"].fillna("").astype(str)),
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
