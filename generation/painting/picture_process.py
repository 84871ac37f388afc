"""The child process that decodes pictures which others made: a picture's file in, the two files of a stimulus out."""

from __future__ import annotations

from typing import Any

from generation.painting.errors import PictureError
from generation.painting.normalise import normalise, preview
from generation.painting.picture_files import TOO_MUCH_MEMORY, open_picture
from study.bounded_process import Answer, serve

MODULE = __name__
# A picture of MAX_PIXELS takes half of the memory and a tenth of the processor time.
MEMORY = 2 * 2**30
SECONDS = 30


def main() -> None:
    from PIL import AvifImagePlugin, Image

    Image.init()  # libraries are loaded before the limits hold
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread takes address space
    serve(answer)


def answer(question: dict[str, Any], data: bytes) -> Answer:
    """Normalise a picture to `size` pixels: the full picture and its preview, or the fault that `name` has,
    to be translated by the parent.
    """
    name, size = question["name"], question["size"]
    try:
        picture = open_picture(data, name=name)
        return {"remarks": picture.remarks}, [normalise(picture.image, size), preview(picture.image)]
    except PictureError as error:
        return {"fault": error.text, "values": error.values}, []
    except MemoryError:
        return {"fault": TOO_MUCH_MEMORY, "values": {"file": name}}, []
