"""Phone numbers in a text: what is written like one, and is one by the numbering plan of a country."""

import re
from collections.abc import Iterator

# An international number; a national one with its zero; a mobile number without signs between; North America's groups.
_WRITTEN = re.compile(
    r"(?<![\w.@/=-])(?:(?P<world>(?:\+|00)\(?[1-9][\d ().-]{6,18}\d)"
    r"|(?P<home>\(?0\d{1,4}\)?[ .)-]{1,2}\d{2,4}[ .-]?\d{3,4}(?:[ .-]\d{2,4})?)"
    r"|(?P<mobile>01[016789]\d{7,8}|07\d{9}|0[4567]\d{8})"
    r"|(?P<america>\(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[ .-]\d{4}))(?![\w-]|\.\d)"
)
_COUNTRIES = {
    "home": ("KR", "JP", "GB", "DE", "FR", "AU", "IT"),
    "mobile": ("KR", "GB", "FR", "AU"),
    "america": ("US",),
}


def phone_numbers(text: str) -> Iterator[str]:
    """The phone numbers in the text, as they are written there."""
    for match in _WRITTEN.finditer(text):
        form = match.lastgroup or ""
        if _is_valid(match.group(), form):
            yield match.group()


def _is_valid(written: str, form: str) -> bool:
    import phonenumbers  # its tables of countries are read when they are first needed

    number = "+" + written[2:] if written.startswith("00") else written
    for country in _COUNTRIES.get(form, (None,)):
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, country)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
