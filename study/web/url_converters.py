"""Parts of addresses: `<number:…>` and `<letter:…>`. Importing this module registers them (`StudyConfig.ready`).

Django's own `<int:…>` takes any number of digits: beyond 64 bits a database refuses the value, and beyond 4,300 digits
Python does. An address with such a number is no address of ours, as one with letters in its place.
"""

from django.urls import register_converter

NUMBER = "[0-9]{1,18}"  # fits 64 bits


class NumberConverter:
    """A number that fits 64 bits."""

    regex = NUMBER

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class LetterConverter:
    """A position's letter."""

    regex = "[A-F]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "number")
register_converter(LetterConverter, "letter")
