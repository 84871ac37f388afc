"""Read an uploaded table of tags in a bounded process. This runs in the child as well, so it knows no models."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from study.setup.tag_table import NamedClip, TagTable, open_table, read_tags
from study.tables.bounded_reading import read_bounded
from study.tables.notes import Notes
from study.tables.preview import Preview, preview_table


def read_tag_upload(
    path: Path, file: str, clips: Sequence[NamedClip], *, skip_unknown: bool = False, encoding: str | None = None
) -> TagTable:
    """Read the table of tags at `path`, which people call `file`, for `clips`.

    Raises:
        ImportRefused: lists every fault with file, row, value and what to do.
        TableRefused: reading it takes too much time or memory.
    """
    named = [[clip.pk, clip.name] for clip in clips]
    found = read_bounded(_tags_of, path, file, clips=named, skip_unknown=skip_unknown, encoding=encoding)
    return TagTable(
        tags={int(pk): tags for pk, tags in found.pop("tags").items()}, notes=Notes(**found.pop("notes")), **found
    )


def _tags_of(raw: bytes, file: str, *, clips: list[Any], skip_unknown: bool, encoding: str | None) -> dict[str, Any]:
    named = [NamedClip(*each) for each in clips]
    return asdict(read_tags(open_table(raw, file, encoding), named, skip_unknown=skip_unknown))


def preview_tag_upload(path: Path, file: str, *, encoding: str | None = None) -> Preview:
    """Preview the table of tags at `path`. Raises: as `read_tag_upload`."""
    return Preview.from_json(read_bounded(_preview_of, path, file, encoding=encoding))


def _preview_of(raw: bytes, file: str, *, encoding: str | None) -> dict[str, Any]:
    return asdict(preview_table(raw, lambda raw: open_table(raw, file, encoding)))
