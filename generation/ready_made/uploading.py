"""Make uploaded pictures the stimuli of a study: all pictures of an upload, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
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
from generation.ready_made.decoding import Decoder, StimulusFiles
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.reading import Upload, read_files, read_named_files, read_zip
from generation.ready_made.sources import MAX_MANIFEST_BYTES, is_manifest, is_system_file
from generation.runs import lifecycle, orphan_files
from generation.settings_model import settings_of
from study.models import Clip, Condition, Stimulus, Study
from study.models.log import record
from study.setup.clip_selection import UNCHANGED

UPLOADED = "uploaded"


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


def read_upload(study: Study, files: Sequence[UploadedFile], *, encoding: str | None = None) -> Upload:
    """Read an upload and check its names: one zip, files with a manifest, or files named clip__condition.

    `encoding`: the manifest's, if a person named it.

    Raises:
        UploadRefused: with all faults.
    """
    expected = {
        "clips": [normalize("NFC", name) for name in study.clips.values_list("name", flat=True)],
        "conditions": list(study.conditions.values_list("key", flat=True)),
    }
    try:
        if len(files) == 1 and _is_zip(files[0]):
            return read_zip(_stream(files[0]), encoding=encoding, **expected)
        named = _by_name(files)
        manifest = next(filter(is_manifest, named), None)
        if manifest is None:
            return read_named_files(named, **expected)
        table = named.pop(manifest).read(MAX_MANIFEST_BYTES + 1)
        if len(table) > MAX_MANIFEST_BYTES:
            raise ReadyMadeError(
                [_("%(file)s: larger than %(n)d MiB; split it.") % {"file": manifest, "n": MAX_MANIFEST_BYTES >> 20}]
            )
        return read_files(table, named, encoding=encoding, **expected)
    except ReadyMadeError as error:
        raise UploadRefused(error.faults) from error


def _stream(file: UploadedFile) -> BinaryIO:
    return file.file  # type: ignore[return-value]


def _is_zip(file: UploadedFile) -> bool:
    return (file.name or "").casefold().endswith(".zip") or is_zipfile(_stream(file))


def _by_name(files: Sequence[UploadedFile]) -> dict[str, BinaryIO]:
    named: dict[str, BinaryIO] = {}
    faults = []
    if not files:
        faults.append(_("No file was chosen. Choose pictures, or a zip with a manifest.csv."))
    for file in files:
        name = normalize("NFC", file.name or "")
        if is_system_file(name):
            continue
        if name in named:
            faults.append(_("%(file)s: is there twice; leave one out.") % {"file": name})
        if _is_zip(file):
            faults.append(_("%(file)s: upload a zip alone, with all its pictures in it.") % {"file": name})
        named[name] = _stream(file)
    if faults:
        raise ReadyMadeError(faults)
    return named


def take_upload(
    study: Study, files: Sequence[UploadedFile], *, encoding: str | None = None, actor: Any = None
) -> Taken:
    """Make the uploaded pictures the stimuli of their clips.

    All stimuli have one size and format and no metadata; the names of the files are not kept.

    Raises:
        UploadRefused: something is wrong with a file, a row or a name. Nothing was imported.
        NotPossibleNow: the study is no draft, or a run is running.
    """
    _check_state(study)
    upload = read_upload(study, files, encoding=encoding)
    size = settings_of(study).painter.size
    token = orphan_files.upload_token()
    try:
        stimuli, notes = _store_pictures(study, upload, size, token)
        with transaction.atomic():
            _check_state(lifecycle.lock_draft(study))
            _replace_stimuli(study, stimuli)
            numbers = {stimulus.clip.number for stimulus in stimuli}
            record(study, "images uploaded", actor=actor, clips=sorted(numbers), images=len(stimuli))
    except BaseException:
        orphan_files.release_token(token)
        orphan_files.delete_orphans()
        raise
    orphan_files.delete_orphans()
    return Taken(len({stimulus.clip_id for stimulus in stimuli}), (*upload.notes, *notes))


def _check_state(study: Study) -> None:
    if not study.settings_can_change:
        raise NotPossibleNow(_("The study has opened: its images can no longer change."))
    running = ClipStep.objects.filter(clip__study=study, state=ClipStep.State.RUNNING)
    if lifecycle.active_run(study) or running.exists():
        raise NotPossibleNow(_("Generation is running. Wait for it, or cancel it, and upload again."))


def _store_pictures(study: Study, upload: Upload, size: int, token: str) -> tuple[list[Stimulus], list[str]]:
    """Decode and store every picture; return the unsaved stimuli, and what was changed in the pictures.

    Raises:
        UploadRefused: with the faults of all pictures.
    """
    clips = {normalize("NFC", clip.name): clip for clip in study.clips.all()}
    conditions = {condition.key: condition for condition in study.conditions.all()}
    stimuli: list[Stimulus] = []
    faults: list[str] = []
    with Decoder(size) as decoder:
        for item in upload.items:  # one at a time: a thousand pictures need not fit into memory
            try:
                data = upload.data(item)
                files = decoder.decode(data, item.file)
            except PictureError as error:
                faults.append(str(error))
            else:
                if not faults:
                    stimuli.append(
                        _store_picture(clips[item.clip], conditions[item.condition], data, files, size, token)
                    )
        if faults:
            raise UploadRefused(faults)
        return stimuli, list(decoder.notes())


def _store_picture(
    clip: Clip, condition: Condition, data: bytes, files: StimulusFiles, size: int, token: str
) -> Stimulus:
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
            "file_digest": normalise.digest(data),
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
