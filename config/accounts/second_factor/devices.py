"""What an account has as its second factor, each change of it, and the checks of codes.

django-otp keeps the key of the app, takes each code once, allows for a phone's clock that is half a minute off, and
makes wrong codes wait longer each time. Of recovery codes a digest is stored alone.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from config.accounts.mails import tell
from config.accounts.sessions import end_sign_ins
from study.ballots.receipts import normal_receipt
from study.errors import StudyError
from study.models.log import record

RECOVERY_CODES = 10
_NAME = "second factor"


# A shorter wait after a wrong code is over before anybody has typed the next.
_WAIT_WORTH_SAYING = timedelta(seconds=5)


class WrongCode(StudyError):
    """The code is not taken; the message says what to do. `was_looked_at`: it did not come within the time to wait."""

    def __init__(self, message: str, *, was_looked_at: bool = True) -> None:
        super().__init__(message)
        self.was_looked_at = was_looked_at


@dataclass(frozen=True)
class SecondFactor:
    """The second factor of an account: since when it has it, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


def new_key() -> str:
    """A random key for an app, 160 bits as hex."""
    return random_hex(20)


def app_of(user: Any, key: str) -> TOTPDevice:
    """The app with this key as it would belong to the user, not stored: for its address and its code."""
    return TOTPDevice(user=user, name=_NAME, key=key)


def is_on(user: Any) -> bool:
    """Whether the account has a second factor."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def names_without() -> list[str]:
    """Return the names of active accounts without a second factor."""
    apps = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    accounts = get_user_model().objects.filter(~Exists(apps), is_active=True).order_by("username")
    return list(accounts.values_list("username", flat=True))


def second_factor_of(user: Any) -> SecondFactor | None:
    """The account's second factor; None if it has none."""
    app = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if app is None:
        return None
    return SecondFactor(app.created_at, StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def switch_on(user: Any, key: str, code: str, *, but: str | None) -> list[str]:
    """Make the app with this key the second factor, instead of an earlier one, and end all other sign-ins.

    Args:
        code: what the app shows now. It cannot be used again.
        but: the session key of the sign-in that stays.

    Returns:
        New recovery codes; those of before are of no use any more.

    Raises:
        WrongCode: nothing is changed.
    """
    _lock(user)
    TOTPDevice.objects.filter(user=user).delete()
    app = app_of(user, key)
    app.save()
    if not app.verify_token(_digits(code)):
        raise WrongCode(
            _("The app shows another code by now, or the clock of the phone is wrong. Type the code that it shows now.")
        )
    codes = _renew(user)
    end_sign_ins(user, but=but)
    record(None, "second factor switched on", actor=user, account=user.get_username())
    tell(user, _("A second factor was set up for the account %(name)s. Its sign-ins elsewhere have ended."))
    return codes


@transaction.atomic
def renew_recovery_codes(user: Any) -> list[str]:
    """Return new recovery codes of an account with a second factor; those of before are of no use any more."""
    _lock(user)
    codes = _renew(user)
    record(None, "recovery codes made", actor=user, account=user.get_username())
    tell(user, _("New recovery codes were made for the account %(name)s. The earlier ones work no more."))
    return codes


@transaction.atomic
def switch_off(user: Any) -> None:
    """Remove the second factor by the user's own wish: the password alone signs in then."""
    _lock(user)
    if _remove(user):
        record(None, "second factor switched off", actor=user, account=user.get_username())
        tell(user, _("The second factor of the account %(name)s was switched off."))


@transaction.atomic
def remove(user: Any) -> bool:
    """Remove the second factor for somebody who has lost phone and codes, and end their sign-ins.

    Returns:
        False if there was none.
    """
    _lock(user)
    removed = _remove(user)
    if removed:
        end_sign_ins(user)
        record(None, "second factor removed", account=user.get_username())
        tell(user, _("Whoever runs the server has removed the second factor of the account %(name)s."))
    return removed


def use_code(user: Any, code: str) -> None:
    """Use up the code that the app shows.

    Raises:
        WrongCode: it is not right, was used before, or too many wrong ones came just now. The next one waits longer.
    """
    app = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    is_looked_at = app is None or app.verify_is_allowed()[0]
    if app is None or verify_token(user, app.persistent_id, _digits(code)) is None:
        raise _wrong(app, was_looked_at=is_looked_at)


def use_recovery_code(user: Any, code: str) -> None:
    """Use up a recovery code.

    Raises:
        WrongCode: as `use_code`.
    """
    box = StaticDevice.objects.filter(user=user).first()
    is_looked_at = box is None or box.verify_is_allowed()[0]
    with transaction.atomic():
        is_right = box is not None and verify_token(user, box.persistent_id, _digest(code)) is not None
        if is_right:
            record(None, "recovery code used", actor=user, account=user.get_username())
            tell(user, _("Somebody signed in to the account %(name)s with one of its recovery codes."))
    if not is_right:  # out of the transaction, which counts it
        raise _wrong(box, was_looked_at=is_looked_at)


def end_waiting(user: Any) -> None:
    """Let the next code be looked at at once: who has set a new password need not wait for wrong codes of others."""
    for kind in (TOTPDevice, StaticDevice):
        kind.objects.filter(user=user).update(throttling_failure_count=0, throttling_failure_timestamp=None)


def _wrong(box: Any, *, was_looked_at: bool) -> WrongCode:
    """The error of a code that was not taken, with the time until which no other one is looked at."""
    if box is not None:
        box.refresh_from_db()
        allowed, why = box.verify_is_allowed()
        if not allowed and why["locked_until"] - timezone.now() > _WAIT_WORTH_SAYING:
            until = date_format(timezone.localtime(why["locked_until"]), "H:i:s")
            return WrongCode(
                _("This code was not taken. After so many wrong ones, wait until %(time)s.") % {"time": until},
                was_looked_at=was_looked_at,
            )
    return WrongCode(
        _("This code was not taken. Each works once only; type the next one."), was_looked_at=was_looked_at
    )


def _lock(user: Any) -> None:
    get_user_model().objects.select_for_update().get(pk=user.pk)


def _remove(user: Any) -> bool:
    StaticDevice.objects.filter(user=user).delete()
    return TOTPDevice.objects.filter(user=user).delete()[0] > 0


def _renew(user: Any) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    box = StaticDevice.objects.create(user=user, name=_NAME)
    # 120 random bits each, so that a plain digest is enough; 24 letters in groups of four.
    codes = [normal_receipt(base64.b32encode(secrets.token_bytes(15)).decode()) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=box, token=_digest(code)) for code in codes)
    return codes


def _digest(code: str) -> str:
    """What is stored of a recovery code: 96 bits of its SHA-256, as long as django-otp's column."""
    found = hashlib.sha256(normal_receipt(code).encode()).digest()
    return base64.urlsafe_b64encode(found[:12]).decode()


def _digits(code: str) -> str:
    return "".join(sign for sign in code if sign.isdecimal())
