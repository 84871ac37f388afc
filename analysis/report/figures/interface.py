"""What participants saw, as figures: a page's pictures side by side."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from analysis.report.context import InterfaceView, PictureView
from analysis.report.figures.figure import Figure
from analysis.report.figures.svg import GRID, WIDTH, document, element

_PHONE, _GAP = 190.0, 16.0


def interface_figure(view: InterfaceView) -> Figure:
    """A figure of one page."""
    title = view.name
    both, own = len(view.pictures) > 1, view.key.startswith("own-")
    caption = _("A picture that the researchers added.") if own else _("A page as participants saw it.")
    if both:
        caption = _("A page as participants saw it, on a desktop and on a phone.")
    if any(picture.is_cut for picture in view.pictures):
        caption += " " + _("What is longer is cut below.")
    return Figure(f"interface-{view.key}", title, _drawing(view.pictures, title, caption), caption)


def _drawing(pictures: Sequence[PictureView], title: str, description: str) -> str:
    phones = sum(picture.is_phone for picture in pictures)
    others = len(pictures) - phones
    left = WIDTH - 2 - phones * _PHONE - _GAP * (len(pictures) - 1)
    body, x, height = [], 1.0, 0.0
    for picture in pictures:
        width = _PHONE if picture.is_phone else left / others
        tall = width * picture.height / picture.width
        body.append(element("image", x=x, y=1.0, width=width, height=tall, href=picture.url))
        body.append(element("rect", x=x, y=1.0, width=width, height=tall, rx=2.0, fill="none", stroke=GRID))
        x += width + _GAP
        height = max(height, tall)
    return document(height + 2, title, description, body)
