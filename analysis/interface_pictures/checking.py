"""The bounded process that reads a researcher's own picture: it comes back as PNG, without what else was in it."""

import io
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from study.untrusted_files.bounded_process import Answer, serve

MEMORY = 2 * 2**30
SECONDS = 30
MOST_BYTES, MOST_PIXELS, LONGEST_SIDE = 15_000_000, 40_000_000, 4000
_FORMATS = ("PNG", "JPEG", "WEBP")


def main() -> None:
    """Be the child."""
    from PIL import Image

    Image.init()  # libraries are loaded before the limits hold
    serve(_answer)


def _answer(question: dict[str, Any], _data: bytes) -> Answer:
    from PIL import Image, ImageOps

    try:
        with Path(question["path"]).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return {
                "fault": _("This picture has more than %(n)s MB. Make it smaller.") % {"n": MOST_BYTES // 10**6}
            }, []
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return {"fault": _("This picture has more than 40 million pixels. Make it smaller.")}, []
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except MemoryError:
        return {"fault": _("This picture is too large to read. Make it smaller.")}, []
    except Exception:  # whatever a broken file does to the libraries that read it
        return {"fault": _("This is no PNG, JPEG or WebP picture that can be read. Save it again as PNG.")}, []
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    upright.save(out, "PNG", optimize=True)
    return {}, [out.getvalue()]
