"""Make uploaded pictures the stimuli of a study: all pictures of an upload, or none."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize
from zipfile import is_zipfile

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from generation.errors import GenerationError, NotPossibleNow
from generation.models import ClipStep
from generation.painting import normalise
from generation.painting.errors import PictureError
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.sources import is_system_file
from generation.ready_made.upload_reader import StimulusFiles, UploadedPicture, UploadReader
from generation.runs import lifecycle, orphan_files
from generation.settings_model import settings_of
from study.models import Clip, Condition, Stimulus, Study
from study.models.log import record
from study.setup.clip_selection import UNCHANGED
from study.untrusted_files.uploads import on_disk

UPLOADED = "uploaded"
# Pictures that a worker decodes at once. More would help on more cores, and take 2 GiB of memory each at worst.
PROCESSES = min(2, os.cpu_count() or 1)
# The files of an upload that goes on are kept by a sign of life at least so often.
_KEPT_EVERY = orphan_files.FORGET_AFTER.total_seconds() / 6


class UploadRefused(GenerationError):
    """An upload cannot be used; `faults` holds each fault with file, row, value and remedy."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join([*self.faults, _("Nothing was imported.")]))


def clips_without_images(study: Study) -> list[Clip]:
    """Return the included clips without all of their images, in order."""
    wanted = study.conditions.count()
    clips = study.clips.filter(included=True).prefetch_related("stimuli")
    return [
        clip
        for clip in clips
        if sum(stimulus.state == Stimulus.State.READY for stimulus in clip.stimuli.all()) < wanted
    ]


@dataclass(frozen=True)
class Taken:
    """What an upload brought: the number of clips, and what was changed in the manifest and the pictures."""

    clips: int
    notes: tuple[str, ...]


@contextlib.contextmanager
def _on_disk(files: Sequence[UploadedFile]) -> Iterator[dict[str, Path]]:
    """Yield the path of each file by its name, in NFC.

    Raises:
        ReadyMadeError: no file, one name twice, or a zip among others.
    """
    faults = [] if files else [_("No file was chosen. Choose pictures, or a zip with a manifest.csv.")]
    named: dict[str, Path] = {}
    with contextlib.ExitStack() as stack:
        for file in files:
            name = normalize("NFC", file.name or "")
            if is_system_file(name):
                continue
            if name in named:
                faults.append(_("%(file)s: is there twice; leave one out.") % {"file": name})
            named[name] = stack.enter_context(on_disk(file))
            if len(files) > 1 and _is_zip(name, named[name]):
                faults.append(_("%(file)s: upload a zip alone, with all its pictures in it.") % {"file": name})
        if faults:
            raise ReadyMadeError(faults)
        yield named


def _is_zip(name: str, path: Path) -> bool:
    return name.casefold().endswith(".zip") or is_zipfile(path)


def _pictures(reader: UploadReader, named: dict[str, Path]) -> list[UploadedPicture]:
    """Return the pictures of one zip, of files with a manifest, or of files named clip__condition.

    Raises:
        ReadyMadeError: with all faults.
    """
    if len(named) == 1:
        [(name, path)] = named.items()
        if _is_zip(name, path):
            return reader.pictures_of_zip(path)
    return reader.pictures_of_files(named)


def take_upload(
    study: Study,
    files: Sequence[UploadedFile],
    *,
    encoding: str | None = None,
    seconds: float | None = None,
    processes: int = PROCESSES,
    actor: Any = None,
    report: Callable[[int, int, str], None] = lambda done, total, name: None,
    taken: Callable[[Taken], None] = lambda taken: None,
) -> Taken:
    """Make the uploaded pictures the stimuli of their clips.

    All stimuli have one size and format and no metadata; the names of the files are not kept. The study may change
    while the pictures are read: what they are for is looked at again when they are stored.

    Args:
        encoding: the manifest's, if a person named it.
        seconds: how long the pictures may take; None: as long as they need.
        processes: how many pictures are decoded at once.
        report: is told how many pictures of how many are read, and the next one's name; what it raises ends the upload.
        taken: is called at the end of the transaction that stores the stimuli.

    Raises:
        UploadRefused: something is wrong with a file, a row or a name. Nothing was imported.
        NotPossibleNow: the study is no draft, or a run is running.
        TooManyAtOnce: too many files are being read already.
    """
    check_state(study)
    clips = [normalize("NFC", name) for name in study.clips.values_list("name", flat=True)]
    conditions = list(study.conditions.values_list("key", flat=True))
    size = settings_of(study).painter.size
    token = orphan_files.upload_token()
    try:
        with UploadReader(clips, conditions, encoding) as reader:
            with _on_disk(files) as named:
                pictures = _pictures(reader, named)
                reading = _Reading(token, len(pictures), seconds, report)
                with contextlib.closing(reader.decode(pictures, size, processes)) as decoded:
                    stimuli = _store_pictures(study, decoded, size, reading)
            notes = (*reader.notes, *reader.remarks())
        result = Taken(len({stimulus.clip_id for stimulus in stimuli}), notes)
        with transaction.atomic():
            locked = lifecycle.lock_draft(study)
            check_state(locked)
            _check_same(locked, stimuli, size)
            _replace_stimuli(study, stimuli)
            numbers = {stimulus.clip.number for stimulus in stimuli}
            record(study, "images uploaded", actor=actor, clips=sorted(numbers), images=len(stimuli))
            taken(result)
    except BaseException as error:
        orphan_files.release_token(token)
        orphan_files.delete_orphans()
        if isinstance(error, ReadyMadeError):
            raise UploadRefused(error.faults) from error
        raise
    orphan_files.delete_orphans()
    return result


def check_state(study: Study) -> None:
    """Refuse an upload if the study's images cannot change now.

    Raises:
        NotPossibleNow
    """
    if not study.settings_can_change:
        raise NotPossibleNow(_("The study has opened: its images can no longer change."))
    running = ClipStep.objects.filter(clip__study=study, state=ClipStep.State.RUNNING)
    if lifecycle.active_run(study) or running.exists():
        raise NotPossibleNow(_("Generation is running. Wait for it, or cancel it, and upload again."))


def _check_same(study: Study, stimuli: list[Stimulus], size: int) -> None:
    """Refuse pictures of clips, conditions or a size that the study no longer has. The study is locked."""
    clips = set(study.clips.values_list("pk", flat=True))
    conditions = set(study.conditions.values_list("pk", flat=True))
    for stimulus in stimuli:
        if stimulus.clip_id not in clips:
            gone = stimulus.clip.name
        elif stimulus.condition_id not in conditions:
            gone = stimulus.condition.key
        else:
            continue
        raise NotPossibleNow(
            _("%(name)s was deleted while its pictures were read. Nothing was imported; upload again without them.")
            % {"name": gone}
        )
    if settings_of(study).painter.size != size:
        raise NotPossibleNow(
            _("The size of images was changed while the pictures were read. Nothing was imported; upload again.")
        )


@dataclass
class _Reading:
    """The pictures of an upload while they are read: `token` holds their files, `report` is told how many are done."""

    token: str
    total: int
    seconds: float | None
    report: Callable[[int, int, str], None]

    def __post_init__(self) -> None:
        self._began = self._kept = time.monotonic()

    def check(self, done: int, name: str, faults: list[str]) -> None:
        """Report `done` pictures, and keep the files of those that are stored.

        Raises:
            ReadyMadeError: the time is over.
        """
        now = time.monotonic()
        if self.seconds is not None and now - self._began > self.seconds:
            raise ReadyMadeError([*faults, _too_slow(done, self.total, self.seconds)])
        if now - self._kept > _KEPT_EVERY:
            self._kept = now
            orphan_files.keep(self.token)
        self.report(done, self.total, name)


def _store_pictures(
    study: Study,
    decoded: Iterable[tuple[UploadedPicture, StimulusFiles | PictureError]],
    size: int,
    reading: _Reading,
) -> list[Stimulus]:
    """Store every picture as it is decoded; return the unsaved stimuli.

    Raises:
        ReadyMadeError: with the faults of all pictures.
    """
    clips = {normalize("NFC", clip.name): clip for clip in study.clips.all()}
    conditions = {condition.key: condition for condition in study.conditions.all()}
    stimuli: list[Stimulus] = []
    faults: list[str] = []
    for number, (picture, files) in enumerate(decoded):  # few at a time: a thousand pictures need not fit into memory
        reading.check(number, picture.name, faults)
        if isinstance(files, PictureError):
            faults.append(str(files))
        elif not faults:
            row = _store_picture(clips[picture.clip], conditions[picture.condition], files, size, reading.token)
            stimuli.append(row)
    if faults:
        raise ReadyMadeError(faults)
    return stimuli


def _too_slow(done: int, total: int, seconds: float) -> str:
    return _(
        "Only %(done)d of %(total)d pictures could be read in %(minutes)d minutes. Save them smaller, upload fewer "
        "clips at a time, or use the command import_images on the server."
    ) % {"done": done, "total": total, "minutes": round(seconds / 60)}


def _store_picture(clip: Clip, condition: Condition, files: StimulusFiles, size: int, token: str) -> Stimulus:
    """Store the files of a picture under opaque names; return its unsaved stimulus."""
    image, preview = orphan_files.write(
        [(normalise.SUFFIX.lstrip("."), files.whole), (normalise.PREVIEW_SUFFIX.lstrip("."), files.preview)], token
    )
    digest, now = normalise.digest(files.whole), timezone.now()
    return Stimulus(
        clip=clip,
        condition=condition,
        state=Stimulus.State.READY,
        image=image,
        preview=preview,
        image_digest=digest,
        width=size,
        height=size,
        painter=UPLOADED,
        painted_at=now,
        provenance={
            "painter": UPLOADED,
            "uploaded_at": now.isoformat(timespec="seconds"),
            # Digest of the uploaded file, so that its owner can prove that it is the same one. Its name is not kept.
            "file_digest": files.file_digest,
            "picture_digest": digest,
        },
    )


def _replace_stimuli(study: Study, stimuli: list[Stimulus]) -> None:
    """Replace the old stimuli of the clips. Call it in the transaction that checked the study's state."""
    clip_ids = {stimulus.clip_id for stimulus in stimuli}
    old = Stimulus.objects.filter(clip__study=study, clip_id__in=clip_ids)
    orphan_files.mark_orphaned(name for pair in old.values_list("image", "preview") for name in pair)
    old.delete()
    names = [name for row in stimuli for name in (row.image.name, row.preview.name) if name]
    if orphan_files.mark_owned(names) != len(names):  # slower than FORGET_AFTER: some may have been deleted
        raise NotPossibleNow(_("The upload took too long. Upload fewer clips at a time."))
    Stimulus.objects.bulk_create(stimuli, batch_size=200)
    # Uploaded images are not made from tags, so that clips left out for their equal tag sets are back.
    Clip.objects.filter(pk__in=clip_ids, exclusion_reason=UNCHANGED).update(included=True, exclusion_reason="")
