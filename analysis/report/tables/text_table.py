"""A table as rows of text with a header."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A printed table.

    Attributes:
        left: the columns, beside the first, that are aligned to the left.
        groups: headings above the header, each with the number of columns that it spans.
    """

    key: str
    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    left: tuple[int, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()


def ci_heading() -> str:
    """The heading of a column of intervals."""
    # xgettext:no-python-format
    return _("95 % interval")


def new_clips_heading() -> str:
    """The heading of a column of intervals for new clips."""
    # xgettext:no-python-format
    return _("95 % for new clips")
