"""Read uploads of pictures in a bounded process, and say what was changed in the pictures."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from generation.painting.colours import BROKEN_EXIF, BROKEN_PROFILE, NO_PROFILE
from generation.painting.errors import PictureError
from generation.painting.picture_files import FURTHER_PICTURES, TOO_MUCH_MEMORY, TOO_MUCH_TIME
from generation.ready_made import upload_process
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.sources import is_manifest, is_system_file, normalised
from study.tables.errors import EncodingUnclear
from study.untrusted_files.bounded_process import BoundedProcess, ProcessEnded

_NAMED = 5
# Pictures decoded ahead for each process: a few keep it busy, and more would fill the memory.
_AHEAD = 2


@dataclass(frozen=True)
class UploadedPicture:
    """A picture of an upload: its clip, its condition, its name, and its file, or its member's number in a zip."""

    clip: str
    condition: str
    name: str
    path: Path
    member: int | None = None


@dataclass(frozen=True)
class StimulusFiles:
    """A picture in the size and format that all stimuli have, its preview, and the digest of the file it came in.

    `remarks`: the kinds of changes that were needed to read it.
    """

    whole: bytes
    preview: bytes
    file_digest: str
    remarks: tuple[str, ...] = ()


def _process() -> dict[str, Any]:
    limits = {"memory": upload_process.MEMORY, "seconds": upload_process.SECONDS}
    return {"module": upload_process.MODULE} | limits


class UploadReader(BoundedProcess):
    """Reads an upload: its names, then its pictures one after the other. Use it with `with`.

    `clips`, `conditions`: the names that the pictures may have. `encoding`: the manifest's, if a person named it.
    """

    def __init__(self, clips: Sequence[str], conditions: Sequence[str], encoding: str | None = None) -> None:
        self._expected = {"clips": list(clips), "conditions": list(conditions), "encoding": encoding}
        super().__init__(**_process())
        self._remarks: dict[str, list[str]] = {}
        self.notes: tuple[str, ...] = ()
        """What was changed while the manifest was read, in sentences."""

    def pictures_of_zip(self, path: Path) -> list[UploadedPicture]:
        """Return the pictures of a zip with a manifest.

        Raises:
            ReadyMadeError: with all faults.
        """
        rows = self._ask_names(path=str(path), names=[], manifest=None)
        return [UploadedPicture(clip, condition, name, path, member) for clip, condition, name, member in rows]

    def pictures_of_files(self, files: Mapping[str, Path]) -> list[UploadedPicture]:
        """Return the pictures among files, by the manifest among them or by their names.

        Raises:
            ReadyMadeError: with all faults.
        """
        places = {normalised(name): path for name, path in files.items() if not is_system_file(name)}
        manifest = next(filter(is_manifest, places), None)
        names = [name for name in files if normalised(name) != manifest]
        rows = self._ask_names(path=None, names=names, manifest=manifest and (manifest, str(places[manifest])))
        return [UploadedPicture(clip, condition, name, places[name]) for clip, condition, name, _member in rows]

    def _ask_names(self, **question: Any) -> list[tuple[str, str, str, int | None]]:
        try:
            answer, _blobs = self.ask(question | self._expected)
        except ProcessEnded:
            raise ReadyMadeError(
                [_("The upload takes too much memory or time to read: split it into smaller ones.")]
            ) from None
        if "faults" in answer:
            cause = EncodingUnclear(answer["faults"][0], ()) if answer["needs_encoding"] else None
            raise ReadyMadeError(answer["faults"]) from cause
        self.notes = tuple(answer["notes"])
        return answer["items"]

    def decode(
        self, pictures: Iterable[UploadedPicture], size: int, processes: int = 1
    ) -> Generator[tuple[UploadedPicture, StimulusFiles | PictureError], None, None]:
        """Decode each picture's file and normalise it to `size` pixels; yield them in their order.

        A PictureError says with the picture's name why it cannot be used and what to do.

        Args:
            processes: how many pictures are decoded at once, each by a process with limits of its own.
        """
        pictures = iter(pictures)
        language = translation.get_language() or "en"
        with ExitStack() as stack:
            idle: deque[BoundedProcess] = deque([self])
            for _number in range(1, processes):
                idle.append(process := BoundedProcess(**_process()))
                stack.callback(process.close)
            pool = ThreadPoolExecutor(processes, initializer=translation.activate, initargs=(language,))
            stack.callback(pool.shutdown, cancel_futures=True)
            begun: deque[tuple[UploadedPicture, Future[StimulusFiles | PictureError]]] = deque()
            while True:
                for picture in itertools.islice(pictures, _AHEAD * processes - len(begun)):
                    begun.append((picture, pool.submit(_decode, idle, picture, size)))
                if not begun:
                    return
                picture, result = begun.popleft()
                files = result.result()
                for remark in files.remarks if isinstance(files, StimulusFiles) else ():
                    self._remarks.setdefault(remark, []).append(picture.name)
                yield picture, files

    def remarks(self) -> Iterator[str]:
        """Yield a sentence for each kind of change in the pictures, with the files' names."""
        texts = {
            BROKEN_EXIF: _("The EXIF block cannot be read and was left out: %(files)s."),
            FURTHER_PICTURES: _("The file holds further pictures; the first was taken: %(files)s."),
            BROKEN_PROFILE: _("The colour profile cannot be used and was left out: %(files)s."),
            NO_PROFILE: _("CMYK without a colour profile; the colours may differ from print: %(files)s."),
        }
        for remark, text in texts.items():
            names = self._remarks.get(remark, [])
            if names:
                more = ", …" if len(names) > _NAMED else ""
                yield text % {"files": ", ".join(names[:_NAMED]) + more}


def _decode(idle: deque[BoundedProcess], picture: UploadedPicture, size: int) -> StimulusFiles | PictureError:
    """Decode a picture by one of the idle processes; there are as many as threads that ask."""
    name = picture.name
    question = {"path": str(picture.path), "member": picture.member, "name": name, "size": size}
    process = idle.popleft()
    try:
        answer, files = process.ask(question)
    except ProcessEnded as error:
        reason = TOO_MUCH_TIME if error.reason == "time" else TOO_MUCH_MEMORY
        return PictureError(_(reason), file=name)
    finally:
        idle.append(process)
    if "fault" in answer:
        return PictureError("%(fault)s", fault=answer["fault"])
    whole, preview = files
    return StimulusFiles(whole, preview, answer["digest"], tuple(answer["remarks"]))
