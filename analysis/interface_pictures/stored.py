"""The pictures of a study's interface that are stored: listed, added, replaced, removed, and given to others."""

import io
import logging
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.signals import post_delete
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.models import InterfacePicture, picture_path
from study.errors import NotAllowedNow, StudyError
from study.models import Study
from study.models.log import record
from study.untrusted_files.bounded_process import BoundedProcess, ProcessEnded
from study.untrusted_files.uploads import on_disk
from study.zip_entries import zip_entry

logger = logging.getLogger(__name__)

TAKEN, ADDED, REMOVED = "interface pictures taken", "interface picture added", "interface picture removed"
MOST_OWN = 40
STRAY_AFTER = timedelta(days=1)
PAGE_NAMES: Mapping[str, Any] = {
    "consent": gettext_lazy("Consent"),
    "questions_before": gettext_lazy("Questions before the trials"),
    "sound": gettext_lazy("Sound check"),
    "instructions": gettext_lazy("Instructions"),
    "trial": gettext_lazy("A trial"),
    "questions_after": gettext_lazy("Questions after the trials"),
    "thanks": gettext_lazy("The last page"),
}
DEVICE_NAMES: Mapping[str, Any] = {"desktop": gettext_lazy("on a desktop"), "phone": gettext_lazy("on a phone")}


def caption_of(picture: InterfacePicture) -> str:
    """What the picture shows, in the current language; of the researcher's own their words."""
    if picture.is_own:
        return picture.caption
    names = {
        "page": PAGE_NAMES.get(picture.page, picture.page),
        "device": DEVICE_NAMES.get(picture.device, picture.device),
        "language": translation.get_language_info(picture.language)["name_translated"],
    }
    return _("%(page)s, %(device)s (%(language)s)") % names


def named_pictures(study: Study) -> list[tuple[str, InterfacePicture]]:
    """The pictures in the order of a visit with a file name each, the researcher's own last."""
    rows = list(study.interface_pictures.all())
    pages = list(PAGE_NAMES)
    taken = [row for row in rows if not row.is_own]
    taken.sort(key=lambda row: (row.language, pages.index(row.page) if row.page in pages else 99, row.device))
    names = [(f"{row.page}-{row.device}-{row.language}.png", row) for row in taken]
    own = [row for row in rows if row.is_own]
    return names + [(f"own-{number}.png", row) for number, row in enumerate(own, start=1)]


def interface_pictures(study: Study) -> Iterator[tuple[str, bytes, str]]:
    """Yield file name, PNG and caption of each picture.

    They show what participants see and nothing that was answered, so they may be given out under the seal too.
    """
    for name, row in named_pictures(study):
        with row.image.open("rb") as file:
            yield name, file.read(), caption_of(row)


def pictures_zip(study: Study) -> bytes:
    """All pictures, with their captions in a text file; the same pictures give the same bytes."""
    out, captions = io.BytesIO(), []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content, caption in interface_pictures(study):
            archive.writestr(zip_entry(name, compression=archive.compression), content)
            captions.append(f"{name}: {caption}\n")
        archive.writestr(zip_entry("captions.txt", compression=archive.compression), "".join(captions))
    return out.getvalue()


class NewPictures:
    """Files that are stored before the rows that name them, and deleted again unless `keep` has made these rows."""

    def __init__(self) -> None:
        self._names: list[tuple[str, Mapping[str, Any]]] = []

    def __enter__(self) -> "NewPictures":
        return self

    def __exit__(self, *_error: object) -> None:
        for name, _facts in self._names:
            _delete(name)

    def add(self, content: bytes, **facts: Any) -> None:
        """Store a PNG; `facts` are columns of its row."""
        name = default_storage.save(picture_path(InterfacePicture(), ""), ContentFile(content))
        self._names.append((name, facts))

    def keep(self, study: Study) -> int:
        """Make the rows, in the caller's transaction, and return how many. Nothing may fail after it."""
        rows = [InterfacePicture(study=study, image=name, **facts) for name, facts in self._names]
        InterfacePicture.objects.bulk_create(rows)
        names, self._names = self._names, []
        return len(names)


def replace_taken(study: Study, new: NewPictures, *, actor: Any = None) -> int:
    """Put new pictures in the place of those taken before, in the caller's transaction; return how many they are."""
    study.interface_pictures.exclude(page="").delete()
    number = new.keep(study)
    record(study, TAKEN, actor=actor, pictures=number)
    return number


def add_own(study: Study, upload: UploadedFile, caption: str, *, actor: Any = None) -> None:
    """Store a picture that the researcher brought; it is read in a bounded process and stored as PNG.

    Raises:
        StudyError: it is no picture that can be read, or there are too many.
    """
    from analysis.interface_pictures import checking

    if study.interface_pictures.filter(page="").count() >= MOST_OWN:
        raise NotAllowedNow(_("A study has at most %(n)s pictures of your own. Remove one first.") % {"n": MOST_OWN})
    module = checking.__name__
    with on_disk(upload) as path, BoundedProcess(module, memory=checking.MEMORY, seconds=checking.SECONDS) as process:
        try:
            found, files = process.ask({"path": str(path)})
        except ProcessEnded:
            found, files = {"fault": _("This picture is too large to read. Make it smaller.")}, []
    if found.get("fault"):
        raise StudyError(found["fault"])
    with NewPictures() as new, transaction.atomic():
        new.add(bytes(files[0]), caption=" ".join(caption.split())[:300])
        record(study, ADDED, actor=actor)
        new.keep(study)


@transaction.atomic
def remove(study: Study, pictures: Sequence[InterfacePicture], *, actor: Any = None) -> None:
    """Remove pictures with their files."""
    for picture in pictures:
        picture.delete()
        record(study, REMOVED, actor=actor, picture=str(picture))


def connect() -> None:
    """Delete the stored file whenever its row is deleted, also with its study."""
    post_delete.connect(_delete_of_row, sender=InterfacePicture, dispatch_uid="analysis.interface-picture")


def _delete_of_row(sender: Any, instance: InterfacePicture, **_more: Any) -> None:
    name = str(instance.image)
    transaction.on_commit(lambda: _delete(name))


def _delete(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError:
        logger.warning("%s could not be deleted; it is tried again.", name, exc_info=True)


def erase_strays() -> None:
    """Delete files that a killed process has left without a row."""
    with suppress(OSError):  # none was ever stored, or the storage is away
        names = [f"interface/{name}" for name in default_storage.listdir("interface")[1]]
        known = set(InterfacePicture.objects.values_list("image", flat=True))
        for name in names:
            if name not in known and default_storage.get_modified_time(name) < timezone.now() - STRAY_AFTER:
                _delete(name)
