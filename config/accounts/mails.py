"""Mails to accounts, sent by a thread of their own: no request waits for the mail server, or tells by its time."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.mail import send_mail
from django.db import connections, transaction
from django.utils.translation import gettext as _

from study.published_heads.places import mail_is_sent

logger = logging.getLogger(__name__)
_mailer = ThreadPoolExecutor(1, thread_name_prefix="mails-to-accounts")


def later(work: Callable[[], None]) -> None:
    """Do it in a thread of its own, one after the other, once the answer is on its way."""

    def do() -> None:
        try:
            work()
        except Exception:
            logger.exception("A mail to an account could not be sent.")
        finally:
            connections.close_all()

    _mailer.submit(do)


def tell(user: Any, text: str, *, address: str = "") -> None:
    """Mail what was done to an account after the commit: who did it may be somebody else.

    Args:
        text: with %(name)s for the account.
        address: where to, if not to the account's address.
    """
    to = address or user.email
    if not (to and mail_is_sent()):
        return
    body = "\n\n".join(
        [
            text % {"name": user.get_username()},
            _("If that was not you, change your password now and tell whoever runs the server."),
        ]
    )
    subject = _("Your account: Earsight")

    def send() -> None:
        send_mail(subject, f"{body}\n", None, [to])

    transaction.on_commit(lambda: later(send))
