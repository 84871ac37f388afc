"""Tokens that identify participants: hashed for storing, signed for the form; never written to a log."""

import hashlib

from django.core import signing

from study.opaque_tokens import new_token

_SALT = "earsight.enrolment"


def token_hash(token: str) -> str:
    """The hash that is stored. Tokens are random, so it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def reporter_digest(token: str) -> str:
    """By which a participant's problem reports are found with their token, and without it by nobody."""
    return hashlib.sha256(f"reporter:{token}".encode()).hexdigest()


def offer_token() -> str:
    """A signed token for the welcome page's form, so that only tokens made here are accepted.

    The form sends it back as the participant's token, so pressing the button twice enrols one participant.
    """
    return signing.dumps(new_token(), salt=_SALT)


def accept_token(offered: str) -> str | None:
    """The token of a form, or None if its signature is wrong or older than a day."""
    try:
        return signing.loads(offered, salt=_SALT, max_age=86_400)
    except signing.BadSignature:
        return None
