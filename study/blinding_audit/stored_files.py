"""Compare the stored image files of each clip without their pixels: one that differs could reveal its condition."""

from collections import defaultdict
from collections.abc import Iterator

from django.core.files.storage import default_storage

from study.blinding_audit.image_metadata import image_metadata
from study.models import Stimulus, Study


def differing_files(study: Study) -> Iterator[str]:
    """Yield each part of the files that differs between images of a clip, with the number of such clips."""
    rows = Stimulus.objects.filter(clip__study=study, clip__included=True).exclude(image="").order_by("pk")
    by_clip: dict[int, list[dict[str, tuple[str, ...]]]] = defaultdict(list)
    for clip, name in rows.values_list("clip_id", "image"):
        with default_storage.open(name, "rb") as file:
            found: dict[str, list[str]] = defaultdict(list)
            for part, value in image_metadata(file.read()):
                found[part].append(value)
        by_clip[clip].append({part: tuple(values) for part, values in found.items()})
    clips: dict[str, int] = defaultdict(int)
    for images in by_clip.values():
        for part in sorted({part for image in images for part in image}):
            clips[part] += len({image.get(part) for image in images}) > 1
    for part, number in sorted(clips.items()):
        if number:
            yield f"image file, {part}: differs between the images of {number} of {len(by_clip)} clips"
