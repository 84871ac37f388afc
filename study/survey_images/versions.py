"""What a study shows of its images, and the files of it: made ahead, kept in a folder, made again if they are missing.

When a study opens, its row records format, sizes and lengths (`survey_images`), which hold from then on. A study that
opened before there were such records shows the stored images as they are, to its last participant.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from study.digests import canonical_digest
from study.errors import StudyError
from study.models import Stimulus, Study
from study.stored_files.copies import delete_copies
from study.stored_files.unavailable import StorageUnavailable
from study.stored_files.whole import write_whole

logger = logging.getLogger(__name__)
# Widths on the page, in pixels; the full one, for enlarging, comes from the images.
PAGE_WIDTHS = (384, 512, 768)
# A width needs to save so much over the next one, or it is left out.
STEP = 1.15
DEFAULT_WIDTH = 512
FOLDER = "survey-images"
# What these functions read of a study, for queries that read no whole rows.
COLUMNS = ("status", "survey_images", "images_lossless")


class ImageUnreadable(StudyError):
    """A stored image is missing or damaged; the message names its clip and what to do."""


@dataclass(frozen=True)
class ShownAs:
    """How a study shows all its images.

    Attributes:
        width: of the full size, in pixels; `height` likewise.
        encoder_settings: of the WebP encoder.
        lengths: bytes of every file, by width in pixels; empty before the files were made.
    """

    width: int
    height: int
    encoder_settings: dict[str, Any]
    lengths: dict[int, int] = field(default_factory=dict)

    @property
    def lossless(self) -> bool:
        return bool(self.encoder_settings["lossless"])

    @property
    def widths(self) -> tuple[int, ...]:
        """All widths, ascending; the last is the full one. A smaller picture is not without loss."""
        smaller = () if self.lossless else (width for width in PAGE_WIDTHS if width * STEP <= self.width)
        return (*smaller, self.width)

    @property
    def page_widths(self) -> tuple[int, ...]:
        """The widths from which the browser chooses one for the page, ascending."""
        return tuple(width for width in self.widths if width <= PAGE_WIDTHS[-1]) or self.widths

    @property
    def default_width(self) -> int:
        """The width for a browser that cannot choose."""
        return max((width for width in self.page_widths if width <= DEFAULT_WIDTH), default=self.page_widths[0])

    def size(self, width: int) -> tuple[int, int]:
        """(width, height) in pixels of the images of one width."""
        return width, max(1, round(width * self.height / self.width))


def shown_as(study: Study) -> ShownAs | None:
    """Return how the study shows its images; None if it shows the stored files as they are.

    A draft's images may still change, so its sizes are looked up, in one query.
    """
    recorded = _recorded(study)
    if study.status != Study.Status.DRAFT:
        return recorded
    now = _planned(study)
    if (
        now
        and recorded
        and (now.width, now.height, now.lossless) == (recorded.width, recorded.height, recorded.lossless)
    ):
        return recorded
    return now


def read_image(study: Study, shown: ShownAs, name: str, width: int) -> bytes:
    """Return the stored image `name` in one of the study's widths; it is encoded only if its file is missing.

    In a draft the common length is known once the files have been made (`prepare_images`).

    Raises:
        FileNotFoundError: the stored image does not exist.
    """
    from study.survey_images.encoding import padded, padded_length

    content = _version(shown, name, width)
    needed, length = padded_length(content), shown.lengths.get(width, 0)
    if needed > length and study.status != Study.Status.DRAFT:  # made again by another version of the encoder
        _raise_length(study, width, needed)
    return padded(content, max(needed, length))


def published_as(study: Study) -> ShownAs | None:
    """How images are shown outside the survey: in its sizes, always with loss, also if it showed stored files.

    None: there are no images.
    """
    from study.survey_images.encoding import LOSSY

    shown = _recorded(study) or _planned(study)
    return shown and replace(shown, encoder_settings=LOSSY, lengths={})


def read_published(shown: ShownAs, name: str, width: int) -> bytes:
    """Return the stored image `name` in one width, without the filler that hides which image it is.

    Raises:
        FileNotFoundError: the stored image does not exist.
    """
    return _version(shown, name, width)


def is_prepared(study: Study) -> bool:
    """Whether the study's record is of its images and settings as they are now."""
    record = study.survey_images
    return bool(record) and record["lossless"] == study.images_lossless and record["images"] == _digest(_rows(study))


def prepare_images(study: Study, on_progress: Callable[[], None] = lambda: None) -> None:
    """Make the files of all images of a draft's included clips, and record their sizes and common lengths.

    Files that exist are not made again. `on_progress` is called after each image.

    Raises:
        ImageUnreadable: a stored image is missing or damaged. Nothing was recorded.
        StorageUnavailable: likewise.
    """
    from study.survey_images.encoding import encoder_name, padded_length

    rows, shown = _rows(study), _planned(study)
    if shown is None:
        return
    lengths = dict.fromkeys(shown.widths, 0)
    for clip, name in rows:
        try:
            for width in shown.widths:
                lengths[width] = max(lengths[width], padded_length(_version(shown, name, width)))
        except StorageUnavailable:  # no fault of the image
            raise
        except (OSError, SyntaxError, ValueError) as error:
            raise ImageUnreadable(
                _("An image of %(clip)s cannot be read (%(why)s). Generate or upload the images of this clip again.")
                % {"clip": clip, "why": type(error).__name__}
            ) from error
        on_progress()
    study.survey_images = {
        "format": "WebP",
        "encoder": encoder_name(),
        **shown.encoder_settings,
        "width": shown.width,
        "height": shown.height,
        "page_widths": list(shown.page_widths),
        "bytes": {str(width): length for width, length in lengths.items()},
        "images": _digest(rows),
    }
    Study.objects.filter(pk=study.pk, status=Study.Status.DRAFT).update(survey_images=study.survey_images)


def delete_versions(names: Iterable[str]) -> None:
    """Delete this machine's files and copies of stored files that were deleted."""
    names = list(names)
    delete_copies(names)
    for name in names:
        for file in _folder(name).glob(f"{PurePath(name).stem}-*.webp"):
            file.unlink(missing_ok=True)


def _images(study: Study) -> QuerySet[Stimulus]:
    return Stimulus.objects.filter(clip__study=study, clip__included=True).exclude(image="")


def _rows(study: Study) -> list[tuple[str, str]]:
    """(clip's name, stored image) of each image of the included clips."""
    return list(_images(study).order_by("clip__number", "pk").values_list("clip__name", "image"))


def _digest(rows: list[tuple[str, str]]) -> str:
    return canonical_digest(sorted(name for _clip, name in rows))


def _planned(study: Study) -> ShownAs | None:
    """How the study as it is now shows its images: in the size of the smallest, so that none is sharper.

    If the images have different shapes, all are shown in one square.
    """
    from study.survey_images.encoding import LOSSLESS, LOSSY

    rows = _images(study).order_by().values_list("width", "height").distinct()
    sizes = {(width, height) for width, height in rows if width and height}
    if not sizes:
        return None
    width, height = min(sizes)
    if any(width * other != height * own for own, other in sizes):
        width = height = min(max(size) for size in sizes)
    return ShownAs(width, height, LOSSLESS if study.images_lossless else LOSSY)


def _recorded(study: Study) -> ShownAs | None:
    record = study.survey_images
    if not record:
        return None
    encoder_settings = {name: record[name] for name in ("lossless", "quality", "method")}
    lengths = {int(width): length for width, length in record["bytes"].items()}
    return ShownAs(record["width"], record["height"], encoder_settings, lengths)


def _raise_length(study: Study, width: int, length: int) -> None:
    """Let all files of this width be longer from now on, because one is."""
    with transaction.atomic():
        row = Study.objects.select_for_update().get(pk=study.pk)
        lengths = row.survey_images["bytes"]
        lengths[str(width)] = max(length, lengths[str(width)])
        row.save(update_fields=["survey_images"])
    logger.warning("Images of %s were encoded anew and became longer: %d bytes at %d px", study.slug, length, width)


def _folder(name: str) -> Path:
    return Path(settings.DATA_DIR) / FOLDER / PurePath(name).stem[:2]


def _version(shown: ShownAs, name: str, width: int) -> bytes:
    """The stored image in one width without filler, from its file or else encoded now."""
    size = shown.size(width)
    how = "lossless" if shown.lossless else f"q{shown.encoder_settings['quality']}"
    path = _folder(name) / f"{PurePath(name).stem}-{size[0]}x{size[1]}-{how}.webp"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    if not _is_whole(content):  # not there, or cut short by a power failure
        content = _encoded(shown, name, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not through: one that a power cut has cut short is seen to be, and made again.
        write_whole(path, content, mode=settings.FILE_UPLOAD_PERMISSIONS, through=False)
    return content


def _is_whole(content: bytes) -> bool:
    return content[:4] == b"RIFF" and int.from_bytes(content[4:8], "little") == len(content) - 8


def _encoded(shown: ShownAs, name: str, size: tuple[int, int]) -> bytes:
    from PIL import Image

    from study.survey_images.encoding import encode

    with default_storage.open(name, "rb") as file, Image.open(file) as picture:
        return encode(picture, size, shown.encoder_settings)
