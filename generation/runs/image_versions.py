"""The version of a clip's images, by which a decision in the review names what it judged."""

import hashlib
from collections.abc import Iterable

from study.models import Clip, Stimulus


def version_of(image_names: Iterable[str]) -> str:
    """Return the version of a clip's images: a digest of their files' names.

    A stored file never changes and its name is random, so other images have another version. Names alone do not tell
    which image is of which condition, and are sorted here.
    """
    names = sorted(filter(None, image_names))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:24] if names else ""


def image_names(clip: Clip) -> list[str]:
    """Return the names of the files of the clip's images."""
    ready = Stimulus.objects.filter(clip=clip, state=Stimulus.State.READY)
    return list(ready.order_by().values_list("image", flat=True))
