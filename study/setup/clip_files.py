"""The stored files of clips, and how they are deleted once no row needs them."""

from typing import Any

from study.models import Clip, Stimulus
from study.survey_images.versions import delete_versions


def files_of(clip: Clip) -> list[Any]:
    """Return every stored file of a clip as (storage, name): its audio and its stimuli's images."""
    stored = [clip.audio, clip.survey_audio]
    for stimulus in clip.stimuli.all():
        stored += [stimulus.image, stimulus.preview]
    return [(file.storage, file.name) for file in stored if file]


def delete_files(files: list[Any]) -> None:
    """Delete stored files if their rows are gone, except those that a copied study still uses."""
    names = {name for _storage, name in files}
    used: set[str] = set()
    for model, fields in ((Clip, ("audio", "survey_audio")), (Stimulus, ("image", "preview"))):
        for field in fields:
            used.update(model.objects.filter(**{f"{field}__in": names}).values_list(field, flat=True))
    for storage, name in files:
        if name not in used:
            storage.delete(name)
    delete_versions(names - used)
