"""Studies to generate images for, and what is stored of them."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generation.models import ClipStep, GenerationRun
from generation.painting import SketchOptions
from generation.runs import execution, lifecycle
from study.models import Clip, Stimulus, Study

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


def add_painted_rows(study: Study, count: int, *, contested: bool = True) -> None:
    """Add clips with images as a run leaves them, in rows alone: no file is stored. Every third asks about a tag."""
    first = study.clips.count() + 1
    numbers = range(first, first + count)
    Clip.objects.bulk_create(
        Clip(
            study=study,
            number=number,
            name=f"clip{number}.wav",
            audio=f"{number}.wav",
            audio_digest=f"{number:064x}",
            duration=29.0,
            sample_rate=16000,
            imported_tags=["piano", "vocal"],
        )
        for number in numbers
    )
    clips = list(study.clips.filter(number__gte=first))
    run = study.generation_runs.last() or GenerationRun.objects.create(study=study, number=1, state="done")
    results = {"listen": HEARD, "redefine": REDEFINED, "write": {"sentences": {}}, "paint": {"seed_number": 0}}
    ClipStep.objects.bulk_create(
        ClipStep(
            clip=clip,
            kind=kind,
            run=run,
            position=place,
            state="done",
            result=result if kind != "redefine" or (contested and clip.number % 3 == 0) else result | {"contested": []},
        )
        for clip in clips
        for place, (kind, result) in enumerate(results.items(), start=1)
    )
    conditions = list(study.conditions.all())
    Stimulus.objects.bulk_create(
        Stimulus(
            clip=clip,
            condition=condition,
            state=Stimulus.State.READY,
            image=f"{clip.number}/{condition.number}.png",
            preview=f"{clip.number}/{condition.number}.webp",
            image_digest=f"{clip.number}-{condition.number}",
            painter="sketch",
            provenance={"prompt": "piano, vocal", "writer": None, "versions": {"numpy": "2.0"} | HEARD["voice"]},
        )
        for clip in clips
        for condition in conditions
    )


# As long as the results of a clip of half a minute are.
HEARD = {
    "voice": {
        "share": 0.3,
        "peak": 0.9,
        "peak_time": 12.0,
        "curve": [0.1, 0.9] * 150,
        "segments": [[0.5, 4.2], [11.0, 15.5]],
    },
    "tags": {"probabilities": {f"tag {n}": n / 60 for n in range(50)} | {"vocal": 0.1}, "tagger": {"name": "fake"}},
}
REDEFINED = {
    "source": "people",
    "given": ["piano", "vocal"],
    "corrected": ["piano", "vocal"],
    "original": ["piano", "vocal"],
    "redefined": ["piano", "vocal"],
    "prompts": {"original": "piano, vocal", "redefined": "piano, vocal"},
    "changes": [],
    "contested": [
        {
            "rule": "seed: voice: vocal",
            "kept": ["vocal"],
            "removed": [],
            "people": ["vocal"],
            "why": "people heard a voice, the detectors found none; what people said stands",
            "evidence": {"tagger_heard": 0.1, "tagger_denied": 0.2},
        }
    ],
    "decisions": {},
    "rules": {"rules": "curated", "rules_sha256": "0" * 64},
    "unchanged": False,
}


def doubt(clip: Clip) -> None:
    """Leave the clip as a run does that heard it and asks about one of its tags."""
    run = clip.study.generation_runs.get()
    for place, (kind, result) in enumerate({"listen": HEARD, "redefine": REDEFINED}.items(), start=1):
        ClipStep.objects.create(clip=clip, kind=kind, run=run, position=place, state="done", result=result)
