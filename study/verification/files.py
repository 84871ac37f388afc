"""Read every stored file of a study once: it is there, and what its row says of its content is true."""

import hashlib
from collections.abc import Iterator

from django.core.files.storage import default_storage

from study.models import Clip, Stimulus, Study
from study.verification.findings import Findings

_PART = 1 << 20  # bytes


def check_files(study: Study, found: Findings) -> None:
    """Compare clips and images with the digests in their rows; survey sounds and previews have none, and are read.

    Raises:
        StorageUnavailable: the files are on another machine that does not answer.
    """
    read, lost, changed = 0, [], []
    for what, name, digest in _files(study):
        stored = _digest(name)
        read += stored is not None
        if stored is None:
            lost.append(f"{what}: the file {name} is missing. Restore it from a backup.")
        elif digest and stored != digest:
            changed.append(f"{what}: the file {name} is not the one that was stored. Restore it from a backup.")
    found.add_faults(lost)
    found.add_faults(changed)
    found.checked.append(f"{read} stored files, each read whole; clips and images by their digests")


def _files(study: Study) -> Iterator[tuple[str, str, str]]:
    """Yield what each stored file is, its name, and its digest, if its row has one."""
    for clip in Clip.objects.filter(study=study).order_by("number"):
        yield f"clip {clip.name}", str(clip.audio.name), clip.audio_digest
        if clip.survey_audio:
            yield f"sound of {clip.name}", str(clip.survey_audio.name), ""
    # By an opaque number: while the study is sealed, this must not tell conditions apart.
    for row in Stimulus.objects.filter(clip__study=study).exclude(image="").select_related("clip").order_by("image"):
        yield f"an image of {row.clip.name}", str(row.image.name), row.image_digest
        if row.preview:
            yield f"a preview of {row.clip.name}", str(row.preview.name), ""


def _digest(name: str) -> str | None:
    """The SHA-256 (hex) of a stored file; None if it is missing, or empty."""
    digest, size = hashlib.sha256(), 0
    try:
        with default_storage.open(name, "rb") as file:
            while part := file.read(_PART):
                digest.update(part)
                size += len(part)
    except FileNotFoundError:
        return None
    return digest.hexdigest() if size else None
