"""Rules for new passwords, beside Django's: what many people make of the same few words is refused at any length."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Words that say where the password is used; docs/operations.md lists them. The site's own name is added.
CONTEXT_WORDS = ("earsight", "admin", "console", "research", "study", "survey", "music", "image", "password", "welcome")
# Signs that the rest of a password must have at least, once words of the context and repetitions are taken out.
_LEAST_REST = 8
# What is longer is judged by its beginning.
_LONGEST = 200
_AS_LETTERS = str.maketrans("013457@$!|", "oleastasil")


class DecoratedPasswordValidator:
    """Refuse a common password with signs around it, one word again and again, and words of this site.

    Attackers try `Password2026!!` and `qwertyqwerty` before anything else. Django's list alone has 190 entries of
    twelve signs and more; with its 19,640 as the core of longer ones, what people make of them is refused as well.
    """

    def __init__(self) -> None:
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        plain = password[:_LONGEST].lower()
        for text in (plain, plain.translate(_AS_LETTERS)):
            core = _unrepeated(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text))
            rest = _unrepeated(_without_context(text))
            if core in self._common or len(rest) < _LEAST_REST:
                raise ValidationError(
                    _("This password is a common one with signs around it. Take words that do not belong together."),
                    code="password_decorated",
                )

    def get_help_text(self) -> str:
        return _("It cannot be a common password with signs around it, or words of this site.")


def _without_context(text: str) -> str:
    """The letters and digits that are left without the words of this site, and without digits at the end."""
    names = (name for name in (urlsplit(settings.BASE_URL).hostname or "").split(".") if len(name) > 3)
    words = "|".join(re.escape(word) for word in (*names, *CONTEXT_WORDS))
    return re.sub(rf"({words})s?|[\W_]|\d+$", "", text)


def _unrepeated(text: str) -> str:
    """A text without its repetitions: "abc" of "abcabc", also if the last one is cut off ("abcabcab")."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return text[:length]
    return text
