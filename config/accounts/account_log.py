"""Write sign-ins and changes of accounts to the installation's chain: by whom, never from where.

An unknown name typed at sign-in is not stored: people type passwords there.
"""

from datetime import timedelta
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save
from django.utils import timezone
from django.utils.translation import gettext as _

from config.accounts.mails import tell
from study.models import LogEntry
from study.models.log import record


def connect() -> None:
    """Connect the receivers; called once, when Django has loaded the models."""
    account = get_user_model()
    user_logged_in.connect(_signed_in, dispatch_uid="log signed in")
    user_logged_out.connect(_signed_out, dispatch_uid="log signed out")
    user_locked_out.connect(_locked, dispatch_uid="log locked")
    post_save.connect(_saved, sender=account, dispatch_uid="log account saved")
    post_delete.connect(_deleted, sender=account, dispatch_uid="log account deleted")


def _signed_in(user: Any, **_rest: Any) -> None:
    record(None, "signed in", actor=user)


def _signed_out(user: Any, **_rest: Any) -> None:
    if user is not None:
        record(None, "signed out", actor=user)


def _locked(username: str | None, **_rest: Any) -> None:
    """Record it once for each time that a sign-in is locked, however often somebody goes on trying."""
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        return
    since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    locked = LogEntry.objects.filter(study=None, action="sign-in locked", at__gte=since)
    if not locked.filter(data__account=user.get_username()).exists():
        record(None, "sign-in locked", account=user.get_username())


def _saved(instance: Any, created: bool, raw: bool, **_rest: Any) -> None:
    if raw:  # rows of a backup that is loaded
        return
    if created:
        record(None, "account made", account=instance.get_username(), operator=instance.is_superuser)
    elif instance._password is not None:  # Django's mark of a password set since the account was last saved
        record(None, "password changed", account=instance.get_username())
        tell(instance, _("A new password was set for the account %(name)s."))


def _deleted(instance: Any, **_rest: Any) -> None:
    record(None, "account deleted", account=instance.get_username())
