"""Import uploaded audio files as clips.

Each file is imported whole or refused with a reason, whatever becomes of the others.
"""

import hashlib
import math
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.audio_files.checking import AudioChecker
from study.audio_files.errors import AudioError
from study.audio_files.judge import ACCEPTED_SUFFIXES, AudioFacts
from study.errors import StudyError
from study.models import Clip, Study
from study.models.log import record
from study.setup.draft_lock import lock_draft
from study.stored_files.deleting import delete_now_or_later
from study.untrusted_files.uploads import on_disk

CONTENT_TYPE = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
MAXIMUM_BYTES = 400 * 1024 * 1024
ACCEPTED_TEXT = gettext_lazy("WAV, FLAC, OGG or MP3, from one second to an hour, up to 400 MB each")


class ClipRefused(StudyError):
    """A file that is no usable clip; the message names the file and what to do."""


@dataclass(frozen=True)
class ImportedFile:
    """The result of one uploaded file: its clip, or the problem."""

    name: str
    clip: Clip | None = None
    problem: str = ""


def clip_name(uploaded_name: str) -> str:
    """Return a file's name without folders, in NFC (macOS sends decomposed Hangul)."""
    return unicodedata.normalize("NFC", uploaded_name.replace("\\", "/").rpartition("/")[2]).strip()


def _inspect(checker: AudioChecker, path: Path, name: str) -> AudioFacts:
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        raise ClipRefused(
            _("%(file)s has %(size)d MB; the limit for a clip is %(limit)d MB. Cut it, or save it as FLAC or MP3.")
            % {"file": name, "size": math.ceil(size / 2**20), "limit": MAXIMUM_BYTES // 2**20}
        )
    try:
        return checker.inspect(path, name)
    except AudioError as error:
        raise ClipRefused(str(error)) from error


def import_clip(study: Study, upload: UploadedFile, *, actor: Any = None) -> Clip:
    """Add one uploaded file to a draft as its next clip.

    Raises:
        ClipRefused: the file is no usable clip, or the study has it already.
        NotAllowedNow: the study is no draft.
        TooManyAtOnce: too many files are being checked already.
    """
    with AudioChecker() as checker:
        return _import_clip(study, upload, checker, actor, lambda _result: None)


def _import_clip(
    study: Study, upload: UploadedFile, checker: AudioChecker, actor: Any, imported: Callable[[ImportedFile], None]
) -> Clip:
    name = clip_name(upload.name or "")
    suffix = Path(name).suffix.lower()
    if suffix not in ACCEPTED_SUFFIXES:
        raise ClipRefused(
            _("%(file)s: only WAV, FLAC, OGG and MP3 files are taken. Convert it, or leave it out.")
            % {"file": name or _("The file")}
        )
    if len(name) > 255:
        raise ClipRefused(
            _("%(file)s…: the name has %(n)d characters; the limit is 255. Rename it.")
            % {"file": name[:60], "n": len(name)}
        )
    _refuse_second_name(study, name)
    with on_disk(upload) as path, path.open("rb") as content:
        facts = _inspect(checker, path, name)
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        _refuse_same_content(study, name, digest)
        clip = Clip(
            study=study,
            name=name,
            audio_digest=digest,
            duration=facts.duration,
            sample_rate=facts.sample_rate,
            channels=facts.channels,
            audio_notes=list(facts.notes),
        )
        # Before the transaction, which holds SQLite's one lock for writing: the storage may be slow, or far away.
        clip.audio.save(f"clip.{facts.format.lower()}", File(content), save=False)
    try:
        with transaction.atomic():
            # The lock gives two uploads at once two numbers, and refuses the second of two equal files.
            lock_draft(study.pk)
            _refuse_second_name(study, name)
            _refuse_same_content(study, name, digest)
            clip.number = (study.clips.aggregate(last=Max("number"))["last"] or 0) + 1
            clip.save()
            record(study, "clip added", actor=actor, clip=name, digest=digest)
            imported(ImportedFile(name, clip))
    except BaseException:
        delete_now_or_later([str(clip.audio.name)])
        raise
    return clip


def import_clips(
    study: Study,
    uploads: Iterable[UploadedFile],
    *,
    actor: Any = None,
    report: Callable[[int, str], None] = lambda done, name: None,
    imported: Callable[[ImportedFile], None] = lambda result: None,
) -> list[ImportedFile]:
    """Import each file on its own; a refused file does not stop the others.

    Args:
        report: is told how many files are done, and the name of the next; what it raises stops the import.
        imported: gets each result, of a clip at the end of the transaction that stores it.

    Raises:
        NotAllowedNow: the study is no draft.
        TooManyAtOnce: too many files are being checked already; nothing was imported.
    """
    results = []
    with AudioChecker() as checker:
        for number, upload in enumerate(uploads):
            name = clip_name(upload.name or "")
            report(number, name)
            try:
                results.append(ImportedFile(name, clip=_import_clip(study, upload, checker, actor, imported)))
            except ClipRefused as error:
                results.append(ImportedFile(name, problem=str(error)))
                imported(results[-1])
    return results


def _refuse_second_name(study: Study, name: str) -> None:
    if study.clips.filter(name__iexact=name).exists():
        raise ClipRefused(
            _("%(file)s: the study has a clip of this name. Rename the file, or delete the clip first.")
            % {"file": name}
        )


def _refuse_same_content(study: Study, name: str, digest: str) -> None:
    same = study.clips.filter(audio_digest=digest).first()
    if same is not None:
        raise ClipRefused(
            _("%(file)s has the same content as %(other)s, which is in the study already. Leave one out.")
            % {"file": name, "other": same.name}
        )
