"""The child process that reads uploads of pictures: first the zip and the manifest, then each picture."""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from generation.painting import normalise
from generation.painting.errors import PictureError
from generation.painting.picture_files import TOO_MUCH_MEMORY, open_picture
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.reading import read_files, read_named_files, read_zip
from generation.ready_made.sources import MAX_MANIFEST_BYTES, read_file, read_member
from study.tables.errors import EncodingUnclear
from study.untrusted_files.bounded_process import Answer, serve

MODULE = __name__
# A picture of MAX_PIXELS takes half of the memory and a tenth of the processor time.
MEMORY = 2 * 2**30
SECONDS = 30


def main() -> None:
    """Be the child."""
    from PIL import AvifImagePlugin, Image

    Image.init()  # libraries are loaded before the limits hold
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread takes address space
    serve(_answer)


def _answer(question: dict[str, Any], _data: bytes) -> Answer:
    return _read_picture(**question) if "size" in question else (_read_names(**question), [])


def _read_names(
    path: str | None,
    names: list[str],
    manifest: tuple[str, str] | None,
    clips: list[str],
    conditions: list[str],
    encoding: str | None,
) -> dict[str, Any]:
    """Return the pictures that a zip at `path` holds, or `names` with a manifest (name, path) or without one."""
    try:
        if path is not None:
            upload = read_zip(Path(path), clips=clips, conditions=conditions, encoding=encoding)
        elif manifest is None:
            upload = read_named_files(names, clips=clips, conditions=conditions)
        else:
            name, place = manifest
            table = read_file(Path(place), name, MAX_MANIFEST_BYTES)
            upload = read_files(table, names, clips=clips, conditions=conditions, encoding=encoding)
    except PictureError as error:
        return {"faults": [_in_words(error)], "needs_encoding": False}
    except ReadyMadeError as error:
        return {"faults": error.faults, "needs_encoding": isinstance(error.__cause__, EncodingUnclear)}
    items = [[item.clip, item.condition, item.file, upload.source.member(item.file)] for item in upload.items]
    return {"items": items, "notes": upload.notes}


def _read_picture(path: str, member: int | None, name: str, size: int) -> Answer:
    """Normalise a picture to `size` pixels: the full picture and its preview, or the fault."""
    try:
        if member is None:
            data = read_file(Path(path), name)
        else:
            archive, infos = _opened(path)
            data = read_member(archive, infos[member], name)
        picture = open_picture(data, name=name)
        files = [normalise.normalise(picture.image, size), normalise.preview(picture.image, size)]
    except PictureError as error:
        return {"fault": _in_words(error, name)}, []
    except MemoryError:
        return {"fault": _(TOO_MUCH_MEMORY) % {"file": name}}, []
    return {"remarks": picture.remarks, "digest": normalise.digest(data)}, files


@functools.lru_cache(maxsize=1)
def _opened(path: str) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    archive = zipfile.ZipFile(path)
    return archive, archive.infolist()


def _in_words(error: PictureError, name: str = "") -> str:
    return _(error.text) % ({"file": name} | error.values)
