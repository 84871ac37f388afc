"""The pictures of the interface as a report shows them: small, of one language, a page's devices side by side."""

import base64
import io

from analysis.interface_pictures.stored import PAGE_NAMES, caption_of, named_pictures
from analysis.models import InterfacePicture
from analysis.report.context import InterfaceView, PictureView
from study.models import Study

# Pixels of the width in a report, and the greatest height for each of its width; longer pages are cut below.
_WIDTHS, _OWN_WIDTH, _MOST_HEIGHT = {"desktop": 1000, "phone": 420}, 1000, {"desktop": 1.1, "phone": 2.6}


def interface_views(study: Study, language: str) -> list[InterfaceView]:
    """The pages in the order of a visit, in this language, else in the study's first that has pictures; then own ones.

    Texts are in the current language.
    """
    rows = [row for _name, row in named_pictures(study)]
    there = [row.language for row in rows if not row.is_own]
    shown = language if language in there else next(iter(there), "")
    found = []
    for page, name in PAGE_NAMES.items():
        devices = [row for row in rows if (row.page, row.language) == (page, shown)]
        devices.sort(key=lambda row: row.device)  # desktop, phone
        if devices:
            found.append(InterfaceView(page.replace("_", "-"), str(name), [_view(row) for row in devices]))
    own = [row for row in rows if row.is_own]
    return found + [InterfaceView(f"own-{n}", caption_of(row), [_view(row)]) for n, row in enumerate(own, start=1)]


def _view(row: InterfacePicture) -> PictureView:
    from PIL import Image

    with row.image.open("rb") as file, Image.open(file) as stored:
        picture = stored.convert("RGB")
    most = int(picture.width * _MOST_HEIGHT.get(row.device, _MOST_HEIGHT["desktop"]))
    is_cut = picture.height > most
    picture = picture.crop((0, 0, picture.width, min(picture.height, most)))
    width = min(picture.width, _WIDTHS.get(row.device, _OWN_WIDTH))
    picture = picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    url = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    return PictureView(url, picture.width, picture.height, row.device == "phone", is_cut)
