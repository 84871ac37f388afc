"""Studies to generate images for, and what is stored of them."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generation.models import GenerationRun
from generation.painting import SketchOptions
from generation.runs import execution, lifecycle
from study.models import Clip, Study

SMALL = SketchOptions(kind="sketch", size=64)


def add_clips(study: Study, count: int, tags=("classical", "classic", "piano", "piano solo", "slow")) -> None:
    """Add clips whose redefinition, with the default tags, changes something."""
    first = study.clips.count() + 1
    for number in range(first, first + count):
        name = default_storage.save(f"{number:02d}/clip{number}.wav", ContentFile(b"RIFF%d" % number))
        Clip.objects.create(
            study=study,
            number=number,
            name=f"clip{number}.wav",
            audio=name,
            audio_digest=f"{number:064x}",
            duration=1.0,
            sample_rate=16000,
            imported_tags=list(tags),
        )


def generate(study: Study) -> GenerationRun:
    """Start a run, do all its steps in this process, and return the run."""
    lifecycle.start_run(study)
    run = execution.run_pending(study)
    study.refresh_from_db()
    return run


def stored_files() -> set[str]:
    """Return the names of all stored files, relative to the media folder."""
    root = Path(default_storage.location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def owned_files(study: Study) -> set[str]:
    """Return the names of all files that rows of the study own."""
    names = set()
    for clip in study.clips.all():
        names |= {clip.audio.name, clip.survey_audio.name}
        for stimulus in clip.stimuli.all():
            names |= {stimulus.image.name, stimulus.preview.name}
    return names - {""}
