"""Files and rows that agree: nothing on disk without an owner, however a worker ends."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from generation.models import ClipStep, LooseFile
from study.models import Clip, Stimulus

# A worker that lost its lease may still be writing; a name is forgotten only when that cannot be any more.
FORGET_AFTER = timedelta(hours=1)
# What begins the token of files that no step writes: those of an upload, held until it can only have failed.
UPLOAD = "upload-"


def opaque_name(suffix: str) -> str:
    """A stored name that tells nothing of content, clip or condition."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.{suffix}"


def write(contents: Iterable[tuple[str, bytes]], lease_token: str) -> list[str]:
    """Stores files, (suffix, bytes) each, under opaque names that are written down first."""
    contents = list(contents)
    names = [opaque_name(suffix) for suffix, _ in contents]
    LooseFile.objects.bulk_create(LooseFile(name=name, lease_token=lease_token) for name in names)
    for name, (_, data) in zip(names, contents, strict=True):
        default_storage.save(name, ContentFile(data))
    return names


def upload_token() -> str:
    """A token for the files of one upload."""
    return UPLOAD + secrets.token_hex(12)


def claim(names: Iterable[str]) -> int:
    """Strikes files off: a row of the same transaction owns them now. Returns how many there were to strike."""
    names, struck = list(names), 0
    for first in range(0, len(names), 500):
        struck += LooseFile.objects.filter(name__in=names[first : first + 500]).delete()[0]
    return struck


def give_up(token: str) -> None:
    """Hands the files written under a token to the sweep, now."""
    LooseFile.objects.filter(lease_token=token).update(lease_token="")


def abandon(names: Iterable[str]) -> None:
    """Says that nobody owns these files any more; `sweep` after the commit removes them."""
    LooseFile.objects.bulk_create((LooseFile(name=name) for name in names if name), ignore_conflicts=True)


def sweep() -> int:
    """Removes the files that nobody will own; returns how many names it looked at."""
    held = ClipStep.objects.filter(
        lease_token=OuterRef("lease_token"), state=ClipStep.State.RUNNING, leased_until__gt=Now()
    )
    arriving = Q(lease_token__startswith=UPLOAD, created_at__gte=Now() - FORGET_AFTER)
    loose = LooseFile.objects.exclude(arriving).exclude(Exists(held))
    stale = list(loose.values_list("name", flat=True)[:500])
    for name in set(stale) - _owned(stale):
        default_storage.delete(name)
    LooseFile.objects.filter(name__in=stale, lease_token="").delete()
    LooseFile.objects.filter(name__in=stale, created_at__lt=Now() - FORGET_AFTER).delete()
    return len(stale)


def _owned(names: list[str]) -> set[str]:
    """Those that a row still owns: a study and its copy have their files in common until one is made again."""
    owned: set[str] = set()
    if names:
        for model, fields in ((Stimulus, ("image", "preview")), (Clip, ("audio", "survey_audio"))):
            for name in fields:
                owned.update(model.objects.filter(**{f"{name}__in": names}).values_list(name, flat=True))
    return owned
