"""The places to which heads are published: the console, mails to researchers, and a file on another machine."""

import os
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from study.models import Study
from study.published_heads.heads import Head

CONSOLE, MAIL, FILE = "console", "mail", "file"
# Backends that deliver nothing to anybody.
_NO_MAIL = ("django.core.mail.backends.console.EmailBackend", "django.core.mail.backends.dummy.EmailBackend")


class NotDelivered(Exception):
    """A place took no head; the message says what to do, and names neither addresses nor paths: it is exported."""


def mail_is_sent() -> bool:
    """Return whether mails go to anybody on this installation."""
    return settings.EMAIL_BACKEND not in _NO_MAIL


def addresses_of(study: Study | None) -> list[str]:
    """Return the addresses of the study's owner and members; for the installation's chain, those of its operators."""
    if not mail_is_sent():
        return []
    people = get_user_model().objects.filter(is_active=True).exclude(email="")
    if study is None:
        people = people.filter(is_superuser=True)
    else:
        people = people.filter(Q(pk=study.owner_id) | Q(studies=study))
    return sorted(set(people.values_list("email", flat=True)))


def places_of(study: Study | None) -> list[str]:
    """Return the places to which the heads of a chain go on this installation."""
    console = [CONSOLE] if study is not None else []  # the installation's own chain has no page
    mail = [MAIL] if addresses_of(study) else []
    return [*console, *mail, *([FILE] if settings.HEADS_FILE else [])]


def deliver(place: str, study: Study | None, head: Head, *, file_was_there: bool = False) -> None:
    """Publish a head to one place.

    Args:
        file_was_there: heads were written to the file before. It is not made anew then: its folder is on another
            machine, which is not connected.

    Raises:
        NotDelivered: it could not be sent or written; the message says why.
    """
    try:
        if place == MAIL:
            _send(study, head)
        elif place == FILE:  # the console shows what the log holds
            _append(head, file_was_there)
    except NotDelivered:
        raise
    except Exception as error:  # a mail backend may raise anything
        raise NotDelivered(getattr(error, "strerror", None) or type(error).__name__) from error


def _send(study: Study | None, head: Head) -> None:
    title = " ".join(study.title.split()) if study is not None else _("the installation")
    command = "verify_export EXPORT.zip" if study is not None else "verify"
    text = _(
        "The log of “%(title)s” has %(number)d entries now. Its head, a digest of all of them, is\n\n"
        "%(number)d:%(head)s\n\n"
        "Please keep this mail: it proves later that nothing in the log up to here was changed or removed.\n"
        "To check, run\n\n"
        "python manage.py %(command)s --head %(number)d:%(head)s"
    ) % {"title": title, "number": head.number, "head": head.head, "command": command}
    subject = _("Head %(number)d of the log: %(title)s") % {"number": head.number, "title": title}
    EmailMessage(subject[:200], text + "\n", None, addresses_of(study)).send()


def _append(head: Head, file_was_there: bool) -> None:
    """Append one line to the file of heads, and wait until it is on the disk."""
    path = Path(str(settings.HEADS_FILE))
    if file_was_there and not path.exists():
        raise NotDelivered("The file is gone. Connect its folder again; to begin a new file, make an empty one.")
    line = head.line(timezone.now().isoformat(timespec="seconds")).encode()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # an earlier line was cut off: by a full disk, for example
            line = b"\n" + line
        if os.write(file, line) != len(line):
            raise NotDelivered("The file took no whole line. Make room on its disk.")
        os.fsync(file)
    finally:
        os.close(file)
