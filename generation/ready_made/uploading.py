"""Ready-made stimuli: pictures made elsewhere become a study's stimuli, all of an upload or none."""

from collections.abc import Iterable, Sequence
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
from generation.ready_made.reading import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    ReadyMadeError,
    Upload,
    read_files,
    read_named_files,
    read_zip,
)
from generation.runs import lifecycle, orphan_files
from generation.runs.conditions import UNCHANGED
from generation.settings_model import settings_of
from study.models import Clip, Condition, Stimulus, Study
from study.models.studies import record

UPLOADED = "uploaded"


class UploadRefused(GenerationError):
    """An upload cannot be used; `faults` holds each fault with file, row, value and mend."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join([*self.faults, _("Nothing was imported.")]))


def clips_without_images(study: Study) -> list[Clip]:
    """The clips of the study that have not all their images, in their order."""
    wanted = study.conditions.count()
    clips = study.clips.filter(included=True).prefetch_related("stimuli")
    return [
        clip
        for clip in clips
        if sum(stimulus.state == Stimulus.State.READY for stimulus in clip.stimuli.all()) < wanted
    ]


def read_upload(study: Study, files: Sequence[UploadedFile]) -> Upload:
    """The upload's pictures: of one zip, of files with a manifest, or of files named clip__condition.

    Raises:
        UploadRefused: with all faults.
    """
    known = {
        "clips": [normalize("NFC", name) for name in study.clips.values_list("name", flat=True)],
        "conditions": list(study.conditions.values_list("key", flat=True)),
    }
    try:
        if len(files) == 1 and _is_zip(files[0]):
            return read_zip(_stream(files[0]), **known)
        named = _by_name(files)
        manifest = next((name for name in named if name.casefold() == MANIFEST), None)
        if manifest is None:
            return read_named_files(named, **known)
        table = named.pop(manifest).read(MAX_MANIFEST_BYTES + 1)
        if len(table) > MAX_MANIFEST_BYTES:
            raise ReadyMadeError([f"{manifest}: larger than {MAX_MANIFEST_BYTES >> 20} MiB; split it."])
        return read_files(table, named, **known)
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
        if name in named:
            faults.append(f"{name}: is there twice; leave one out.")
        if _is_zip(file):
            faults.append(f"{name}: upload a zip alone, with all its pictures in it.")
        named[name] = _stream(file)
    if faults:
        raise ReadyMadeError(faults)
    return named


def take_upload(study: Study, files: Sequence[UploadedFile], *, actor: Any = None) -> int:
    """Makes the uploaded pictures the stimuli of their clips; returns of how many clips.

    All have one size and format and carry nothing beside their pixels; the names of the files are kept nowhere.

    Raises:
        UploadRefused: something is wrong with a file, a row or a name. Nothing was imported.
        NotPossibleNow: the study is no draft, or a run is going.
    """
    _check_state(study)
    upload = read_upload(study, files)
    size = settings_of(study).painter.size
    clips = {normalize("NFC", clip.name): clip for clip in study.clips.all()}
    conditions = {condition.key: condition for condition in study.conditions.all()}
    token = orphan_files.upload_token()
    made: list[Stimulus] = []
    try:
        for item in upload.items:
            made.append(_stimulus(clips[item.clip], conditions[item.condition], upload.data(item), size, token))
        with transaction.atomic():
            _check_state(lifecycle.lock_draft(study))
            _replace(study, made)
            names = {stimulus.clip.number for stimulus in made}
            record(study, "images uploaded", actor=actor, clips=sorted(names), images=len(made))
    except BaseException:
        orphan_files.give_up(token)
        orphan_files.sweep()
        raise
    orphan_files.sweep()
    return len({stimulus.clip_id for stimulus in made})


def _check_state(study: Study) -> None:
    if not study.settings_can_change:
        raise NotPossibleNow(_("The study has opened: its images stay as participants see them."))
    painting = ClipStep.objects.filter(clip__study=study, state=ClipStep.State.RUNNING)
    if lifecycle.active_run(study) or painting.exists():
        raise NotPossibleNow(_("Generation is running. Wait for it, or cancel it, and upload again."))


def _stimulus(clip: Clip, condition: Condition, data: bytes, size: int, token: str) -> Stimulus:
    """A stimulus to be: its picture in the shape that all have, stored under names that say nothing."""
    picture = normalise.open_picture(data)
    whole, small = normalise.normalise(picture, size), normalise.preview(picture)
    image, preview = orphan_files.write(
        [(normalise.SUFFIX.lstrip("."), whole), (normalise.PREVIEW_SUFFIX.lstrip("."), small)], token
    )
    digest, now = normalise.digest(whole), timezone.now()
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
            # Of the file as uploaded: whoever has it can show that it is this one. Its name is not kept.
            "file_digest": normalise.digest(data),
            "picture_digest": digest,
        },
    )


def _replace(study: Study, made: list[Stimulus]) -> None:
    """Puts the new stimuli in the place of the old. Call it in the transaction that looked at the study."""
    clip_ids = {stimulus.clip_id for stimulus in made}
    old = Stimulus.objects.filter(clip__study=study, clip_id__in=clip_ids)
    orphan_files.abandon(name for pair in old.values_list("image", "preview") for name in pair)
    old.delete()
    names = [name for row in made for name in (row.image.name, row.preview.name) if name]
    if orphan_files.claim(names) != len(names):  # it took longer than a forgotten upload is waited for
        raise NotPossibleNow(_("The upload took too long. Upload fewer clips at a time."))
    Stimulus.objects.bulk_create(made, batch_size=200)
    # Left out because both tag sets said the same: what was uploaded was not made from them.
    Clip.objects.filter(pk__in=clip_ids, exclusion_reason=UNCHANGED).update(included=True, exclusion_reason="")
