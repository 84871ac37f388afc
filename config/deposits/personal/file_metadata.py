"""What image and sound files carry beside pixels and samples: places, authors, tags, comments.

Earsight's own images hold pixels alone; sounds are kept as they were uploaded. Pillow reads the images: call it where
uploads are read, in a worker or a command.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, UnidentifiedImageError

from config.deposits.personal.finding import Finding
from config.deposits.personal.identifiers import Identifier, masked
from config.deposits.personal.search import Search
from config.deposits.personal.sound_tags import sound_tags

_SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif")
# Of EXIF: people, and numbers of one camera or lens, by which other pictures of the same person are found.
_PERSONAL_EXIF = ("Artist", "XPAuthor", "CameraOwnerName", "HostComputer", "BodySerialNumber", "LensSerialNumber")
_PERSONAL_KEYS = ("author", "artist", "creator", "owner", "by-line", "person")
_EXACT = {"PNG": {}, "BMP": {}, "WEBP": {"lossless": True, "exact": True}}


def file_metadata_findings(path: Path, name: str, search: Search | None = None) -> list[Finding]:
    """What the file tells of a person beside its content; `name` is how a reader of the deposit knows the file.

    Empty of a file that is neither image nor sound, or cannot be read as one.
    """
    search = search or Search()
    is_sound = path.suffix.lower() in _SOUNDS
    tags = ((key, text, False) for key, text in sound_tags(path)) if is_sound else image_tags(path)
    found: dict[str, Finding] = {}
    for key, text, is_personal in tags:
        named = search.tags(text) or ([Identifier(key, text, text)] if is_personal else [])
        for one in named[:1]:
            found.setdefault(key, _finding(name, key, named, one))
    return list(found.values())


def _finding(name: str, key: str, named: list[Identifier], first: Identifier) -> Finding:
    kinds = dict.fromkeys(one.kind for one in named)
    return Finding(
        where=_("%(file)s, metadata %(key)s") % {"file": name, "key": key},
        what=_("The file carries this beside its content: %(kinds)s. Remove its metadata and upload it again.")
        % {"kinds": ", ".join(kind if kind == key else _(kind) for kind in kinds)},
        rows=len(named),
        example=masked(first.value, first.secret),
        blocks=True,
        accept_as=f"{name}:{key}",
    )


def without_metadata(image: bytes) -> bytes:
    """The image in its own format with nothing but pixels, colour profile and transparency; each pixel stays as it is.

    Its digest is another one: what names the stored image by its digest has to name both.

    Raises:
        ValueError: the format would change pixels (JPEG), or there is more than one picture.
    """
    with Image.open(io.BytesIO(image)) as picture:
        form = str(picture.format)
        if form not in _EXACT or getattr(picture, "n_frames", 1) > 1:
            raise ValueError(f"{form} would not keep its pixels; save the picture as PNG and upload it again.")
        plain = Image.frombytes(picture.mode, picture.size, picture.tobytes())
        if picture.mode == "P":
            plain.putpalette(picture.getpalette() or [])
        kept = {key: picture.info[key] for key in ("icc_profile", "transparency") if key in picture.info}
    out = io.BytesIO()
    plain.save(out, format=form, **kept, **_EXACT[form])
    return out.getvalue()


def image_tags(image: Path | IO[bytes]) -> Iterator[tuple[str, str, bool]]:
    """The name and the text of each tag, and whether it tells of a person whatever it says."""
    try:
        with Image.open(image) as picture:
            exif, info = picture.getexif(), dict(picture.info)
            if picture.format == "PNG":
                info |= picture.text  # type: ignore[attr-defined]  # a PNG may have texts behind its pixels
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return
    for block in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
        for number, value in block.items():
            tag = ExifTags.TAGS.get(number, str(number))
            if text := _text_of(value):
                yield tag, text, tag in _PERSONAL_EXIF
    if place := exif.get_ifd(ExifTags.IFD.GPSInfo):
        yield "GPS", ", ".join(map(str, place.values())), True
    for key, value in info.items():
        if key not in ("exif", "icc_profile") and (text := _text_of(value)):
            yield str(key), text, str(key).lower().startswith(_PERSONAL_KEYS) or "dc:creator" in text


def _text_of(value: object) -> str:
    """A tag's value as text; the tags of Windows are UTF-16."""
    if isinstance(value, bytes):
        coding = "utf-16-le" if value[1:2] == b"\0" else "utf-8"
        return value.decode(coding, "replace").strip("\0 ")
    return value.strip("\0 ") if isinstance(value, str) else ""
