"""Send the mails that are due. A worker that is killed, or a mail server that is away, loses none.

What is left to do follows from the rows: a call that is repeated sends nothing twice. Whoever sends a mail claims its
row first. If it is killed before it could note that the mail is gone, the next one sends it again after `AGAIN_AFTER`,
under the same name (`Message-ID`), by which mail programs know it for the same.
"""

import logging
from datetime import timedelta
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.utils import timezone, translation

from study.background_work.clocks import pull_back
from study.models import NoticeMail
from study.notices.choices import recipients
from study.notices.finding import note_what_is_found
from study.notices.texts import choices_url, subject_and_text
from study.published_heads.places import mail_is_sent

logger = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=10)
# News of yesterday is none.
GIVEN_UP_AFTER = timedelta(days=1)


def tell_what_is_due() -> int:
    """Note what is new and send the mails that are due; return how many went out. Nothing without a mail server."""
    if not mail_is_sent():
        return 0
    note_what_is_found()
    pull_back(NoticeMail.objects.filter(sent_at=None), "tried_at")
    due = _unsent().select_related("notice__study", "user").order_by("pk")
    return sum(_send(mail) for mail in due)


def _unsent() -> QuerySet[NoticeMail]:
    now = timezone.now()
    is_free = Q(tried_at=None) | Q(tried_at__lt=now - AGAIN_AFTER)
    return NoticeMail.objects.filter(is_free, sent_at=None, notice__found_at__gt=now - GIVEN_UP_AFTER)


def _send(mail: NoticeMail) -> bool:
    """Send one mail, unless another process is just doing so, or it is wanted no more."""
    if not _unsent().filter(pk=mail.pk).update(tried_at=timezone.now()):
        return False
    study = mail.notice.study
    wanted = {one.user.pk: one for one in recipients(study, mail.notice.kind)}
    if mail.user_id not in wanted:  # they have left the study, or switched it off meanwhile
        mail.delete()
        return False
    try:
        with translation.override(wanted[mail.user_id].language):
            _message(mail, wanted[mail.user_id].user).send()
    except Exception:  # a mail backend may raise anything
        logger.warning("A mail about the study %s could not be sent; it is tried again.", study.pk, exc_info=True)
        return False
    NoticeMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())
    return True


def _message(mail: NoticeMail, user: Any) -> EmailMessage:
    subject, text = subject_and_text(mail.notice)
    host = make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost")
    headers = {
        "Message-ID": f"<{mail.name}@{host.rpartition('@')[2]}",
        "List-Unsubscribe": f"<{choices_url(mail.notice.study)}>",
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject, text, None, [user.email], headers=headers)
