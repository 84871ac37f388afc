"""The stored files of clips, and how they are deleted once no row needs them."""

from collections.abc import Collection, Iterable

from study.models import Clip, DeletedFile, Stimulus, Study
from study.stored_files.deleting import delete_now_or_later
from study.survey_images.versions import delete_versions


def files_of(clip: Clip) -> list[str]:
    """Return the name of every stored file of a clip: its audio and its stimuli's images."""
    stored = [clip.audio, clip.survey_audio]
    for stimulus in clip.stimuli.all():
        stored += [stimulus.image, stimulus.preview]
    return [str(file.name) for file in stored if file]


def files_of_study(study: Study) -> list[str]:
    """Return the name of every stored file of a study's clips."""
    return [file for clip in study.clips.prefetch_related("stimuli") for file in files_of(clip)]


def still_owned(names: Collection[str]) -> set[str]:
    """Return the names that a row still owns: a study and its copy share files until one of them makes them again.

    What was deleted within a day owns its files, too: it may come back.
    """
    owned: set[str] = set()
    for model, fields in ((Clip, ("audio", "survey_audio")), (Stimulus, ("image", "preview"))):
        for field in fields:
            owned.update(model.objects.filter(**{f"{field}__in": names}).values_list(field, flat=True))
    owned.update(DeletedFile.objects.filter(name__in=names).values_list("name", flat=True))
    return owned


def delete_files(names: Iterable[str]) -> None:
    """Delete stored files if their rows are gone, except those that a copied study or an undo still needs."""
    names = set(names)
    unowned = names - still_owned(names)
    delete_now_or_later(unowned)
    delete_versions(unowned)
