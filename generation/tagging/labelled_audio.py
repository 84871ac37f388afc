"""The data of a training or an evaluation: a store of audio, a file of annotations, the split, and their digests."""

import contextlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generation.tagging.magnatagatune import (
    AnnotationError,
    Annotations,
    SplitData,
    Untagged,
    read_annotations,
    split_data,
)
from generation.tagging.store import AudioStore
from study.digests import canonical_digest, file_digest

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class LabelledAudio:
    """A store with the labels of the `top` most frequent tags of an annotation file, by the standard split."""

    store_folder: Path
    annotations: Path
    top: int = 50
    untagged: Untagged = "keep"

    @cached_property
    def store(self) -> AudioStore:
        """The decoded audio. Raises StoreError."""
        return AudioStore(self.store_folder)

    @cached_property
    def _table(self) -> Annotations:
        table = read_annotations(self.annotations)
        return table.choose(table.top(self.top))

    @cached_property
    def _splits(self) -> dict[str, SplitData]:
        return {}

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that are learned or scored. Raises AnnotationError."""
        return self._table.tags

    def split(self, name: str) -> SplitData:
        """The clips of "train", "valid" or "test" with their labels. Raises AnnotationError."""
        if name not in self._splits:
            self._splits[name] = split_data(self._table, self.store, name, self.untagged)
        return self._splits[name]

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digests of the annotation file, of the store's audio, and of the split with its tags."""
        split = {name: [str(clip) for clip in data.clip_ids] for name, data in self._present().items()}
        return {
            "annotations": file_digest(self.annotations),
            "store": self.store.digest(),
            "split": canonical_digest([list(self.tags), split]),
        }

    def _present(self) -> dict[str, SplitData]:
        """The splits of which the store has clips: to evaluate, one is enough."""
        present = {}
        for name in SPLITS:
            with contextlib.suppress(AnnotationError):
                present[name] = self.split(name)
        return present

    def record(self) -> dict[str, Any]:
        """What was trained or scored on, for the results: digests, the product's version, and the counts of clips."""
        return {
            **{f"{name}_sha256": digest for name, digest in self.digests.items()},
            "version": version("earsight"),
            "untagged": self.untagged,
            "clips": {name: _counts(split) for name, split in self._present().items()},
        }

    def describe_untagged(self) -> str:
        """One sentence about the clips that have none of the tags."""
        counts = [_counts(split) for split in self._present().values()]
        tagged, untagged = (sum(count[kind] for count in counts) for kind in ("tagged", "untagged"))
        return (
            f"{tagged + untagged:,} clips with audio; {tagged:,} of them have one of the {len(self.tags)} tags, and "
            f"the other {untagged:,} are {'kept' if self.untagged == 'keep' else 'dropped'} (--untagged)."
        )


def _counts(split: SplitData) -> dict[str, int]:
    tagged = int(split.labels.any(axis=1).sum())
    return {"used": len(split.clips), "tagged": tagged, "untagged": split.untagged, "missing": len(split.missing)}
