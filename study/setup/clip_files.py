"""The stored files of clips, and how they are deleted once no row needs them."""

from collections.abc import Iterable

from study.models import Clip, DeletedFile, Stimulus
from study.stored_files.deleting import delete_now_or_later
from study.survey_images.versions import delete_versions


def files_of(clip: Clip) -> list[str]:
    """Return the name of every stored file of a clip: its audio and its stimuli's images."""
    stored = [clip.audio, clip.survey_audio]
    for stimulus in clip.stimuli.all():
        stored += [stimulus.image, stimulus.preview]
    return [str(file.name) for file in stored if file]


def delete_files(names: Iterable[str]) -> None:
    """Delete stored files if their rows are gone, except those that a copied study or an undo still needs."""
    names = set(names)
    used: set[str] = set()
    for model, fields in ((Clip, ("audio", "survey_audio")), (Stimulus, ("image", "preview"))):
        for field in fields:
            used.update(model.objects.filter(**{f"{field}__in": names}).values_list(field, flat=True))
    used.update(DeletedFile.objects.filter(name__in=names).values_list("name", flat=True))
    delete_now_or_later(names - used)
    delete_versions(names - used)
