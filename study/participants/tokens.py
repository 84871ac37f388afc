"""Tokens: made by the system's generator, kept only as hashes, never written to a log."""

import hashlib
import secrets

from django.core import signing

_SALT = "earsight.enrolment"


def new_token() -> str:
    """128 bits, 22 characters."""
    return secrets.token_urlsafe(16)


def token_hash(token: str) -> str:
    """What is stored. Tokens are random, so a plain hash needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def offer_token() -> str:
    """A token that a welcome page hands out in its form, signed, so that it can be no other than ours.

    The form sends it back and it becomes the person's token: pressing the button twice makes one person.
    """
    return signing.dumps(new_token(), salt=_SALT)


def accept_token(offered: str) -> str | None:
    """The token of a form, or None where it was not ours or is older than a day."""
    try:
        return signing.loads(offered, salt=_SALT, max_age=86_400)
    except signing.BadSignature:
        return None
