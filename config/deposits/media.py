"""Images and sounds of a deposit, as they are stored; sounds only of clips whose researchers allow it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File as StoredFile

from analysis.tables.preferences import image_file_name
from config.deposits import paths
from config.deposits.description import Role
from study.models import Clip, Stimulus, Study


@dataclass(frozen=True)
class Medium:
    """An image or a sound that is in the deposit; `licence` is that of a sound."""

    path: str
    role: Role
    title: str
    description: str
    licence: str = ""


def image_path(stimulus: Stimulus) -> str:
    """Where a stimulus's image is in the deposit; empty if it has none."""
    if not stimulus.image:
        return ""
    name = image_file_name(stimulus.clip.number, stimulus.condition.key, str(stimulus.image.name))
    return f"{paths.IMAGES}/{name.rpartition('/')[2]}"


def sound_path(clip: Clip) -> str:
    """Where the clip's sound is in the deposit; empty if it is not there."""
    may = clip.sound_may_be_published and clip.licence and clip.audio
    return f"{paths.SOUNDS}/{clip.number:03d}.{str(clip.audio.name).rpartition('.')[2]}" if may else ""


def copy_media(study: Study, folder: Path) -> Iterator[Medium]:
    """Copy each image and sound below `folder`, and yield it then."""
    for clip in study.clips.filter(included=True).order_by("number").prefetch_related("stimuli__condition"):
        for stimulus in sorted(clip.stimuli.all(), key=lambda row: row.condition.number):
            if path := image_path(stimulus):
                _copy(stimulus.image, folder / path)
                words = f"The image of {clip.name} under {stimulus.condition.key}."
                yield Medium(path, Role.IMAGE, f"Image {Path(path).stem}", words)
        if path := sound_path(clip):
            _copy(clip.audio, folder / path)
            yield Medium(path, Role.SOUND, f"Sound of {clip.name}", "The file as it was uploaded.", clip.licence)


def _copy(source: StoredFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stored, target.open("wb") as file:
        file.writelines(stored.chunks())
