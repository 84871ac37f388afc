"""What is kept of failed sign-ins: how many for which account, and nothing that was typed.

People type their password where the name belongs, so that the name of no account is kept as a keyed digest only.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def name_to_count(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The account's name, or a digest of what is no account's name. For django-axes, which counts and logs it."""
    name = (credentials or request.POST).get("username")
    if not name or _is_account(name):
        return name
    return f"unknown {salted_hmac('earsight.unknown-name', name, algorithm='sha256').hexdigest()[:16]}"


def _is_account(name: str) -> bool:
    # PostgreSQL refuses a text with NUL, and no account has one.
    return "\0" not in name and get_user_model().objects.filter(username=name).exists()


def forget_what_was_sent(sender: Any, instance: Any, **_more: Any) -> None:
    """Empty the fields of forms in which django-axes would store what was typed. For `pre_save` of its attempts."""
    instance.get_data = instance.post_data = instance.http_accept = ""
