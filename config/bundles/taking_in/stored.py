"""The stored files of a study that is taken in: checked, and written before the rows that own them.

Their names are recorded first, so that files of a process that was killed are found and deleted.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in.errors import BundleRefused
from config.bundles.whole import CLIPS
from generation.painting.errors import PictureError
from generation.ready_made.upload_reader import UploadedPicture, UploadReader
from generation.runs import orphan_files
from study.audio_files.checking import AudioChecker
from study.audio_files.errors import AudioError
from study.setup.clip_import import MAXIMUM_BYTES

_PICTURES = ("png", "jpg", "jpeg", "webp")
_SOUNDS = ("wav", "flac", "ogg", "mp3")
_CHECKED_AT = 64  # pixels; the picture is only decoded


@dataclass
class StoredFiles:
    """The names in the storage by those in the bundle, under a token until rows own them."""

    token: str = field(default_factory=orphan_files.upload_token)
    names: dict[str, str] = field(default_factory=dict)

    def drop(self) -> None:
        """Delete what was written."""
        orphan_files.release_token(self.token)
        while orphan_files.delete_orphans() >= 500:
            pass


def store_files(
    bundle: Bundle, path: Path, clips: Iterable[dict[str, Any]], stored: StoredFiles, report: Callable[[str], None]
) -> None:
    """Check every picture and sound that the clips name, and write it to the storage.

    Args:
        path: of the bundle, which a process with limits reads the pictures from.

    Raises:
        BundleRefused: a file is no picture or no sound that is taken.
        Unreadable: a clip names a file that is not there.
    """
    pictures, sounds = _present(bundle, _pictures(clips)), _present(bundle, _sounds(clips))
    check_pictures(bundle, path, list(pictures))
    with AudioChecker() as checker:
        for name, digest in sounds.items():
            report(name)
            _check_sound(bundle, checker, name, digest)
            _store(bundle, name, stored)
    for name, digest in pictures.items():
        report(name)
        _store(bundle, name, stored, digest)


def _present(bundle: Bundle, named: Iterable[tuple[str, str]]) -> dict[str, str]:
    found = {}
    for name, digest in named:
        if name not in bundle.members:
            raise Unreadable(f"{CLIPS}: {name} is missing in the bundle.")
        found[name] = digest
    return found


def _store(bundle: Bundle, name: str, stored: StoredFiles, digest: str = "") -> None:
    content = b"".join(bundle.pieces(name))
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise Unreadable(f"{name} is not the image that {CLIPS} states.")
    stored.names[name] = orphan_files.write([(_suffix(name), content)], stored.token)[0]
    if len(stored.names) % 50 == 0:
        orphan_files.keep(stored.token)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _pictures(clips: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each picture's name, and its digest if it has one."""
    for clip in clips:
        for stimulus in clip["stimuli"]:
            for name, digest in (
                (stimulus["image"], str(stimulus["fields"].get("image_digest") or "")),
                (stimulus["preview"], ""),
            ):
                if name:
                    _ensure_suffix(name, _PICTURES)
                    yield name, digest


def _sounds(clips: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for clip in clips:
        for kind, name in clip["sounds"].items():
            _ensure_suffix(name, _SOUNDS)
            yield name, str(clip["fields"].get("audio_digest") or "") if kind == "audio" else ""


def _ensure_suffix(name: Any, suffixes: tuple[str, ...]) -> None:
    if not isinstance(name, str) or _suffix(name) not in suffixes:
        raise Unreadable(f"{CLIPS}: {str(name)[:80]} is no file of a kind that is taken.")


def check_pictures(bundle: Bundle, path: Path, names: list[str]) -> None:
    """Have every picture decoded by a process with limits."""
    places = {info.filename: place for place, info in enumerate(bundle.archive.infolist())}
    pictures = [UploadedPicture("", "", name, path, places[name]) for name in names]
    with UploadReader([], []) as reader:
        for _picture, result in reader.decode(pictures, _CHECKED_AT):
            if isinstance(result, PictureError):
                raise BundleRefused(
                    _("A picture in this export cannot be used, so nothing of it was taken in."), [str(result)]
                )


def _check_sound(bundle: Bundle, checker: AudioChecker, name: str, digest: str) -> None:
    if bundle.members[name].file_size > MAXIMUM_BYTES:
        raise Unreadable(f"{name} is larger than any clip.")
    computed = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix="earsight-sound-", suffix=f".{_suffix(name)}") as file:
        for piece in bundle.pieces(name):
            computed.update(piece)
            file.write(piece)
        file.flush()
        try:
            checker.inspect(Path(file.name), name)
        except AudioError as error:
            raise BundleRefused(
                _("A sound in this export cannot be used, so nothing of it was taken in."), [str(error)]
            ) from error
    if digest and computed.hexdigest() != digest:
        raise Unreadable(f"{name} is not the sound that {CLIPS} states.")
