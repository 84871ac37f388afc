"""Write what an export needs to be taken in by another installation."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.db.models.fields.files import FieldFile

from analysis.models import Analysis
from analysis.study_results.power_answers import UNANSWERED
from config.bundles.whole import (
    ANALYSIS,
    ANALYSIS_FIELDS,
    CLIPS,
    CLOSED,
    DRAFT,
    FILES,
    FORMAT,
    INTERFACE,
    INTERFACE_FILES,
    LEFT_OUT,
    PEOPLE,
    PREVIEWS,
    SOUNDS,
    STUDY,
    VERSION,
)
from config.bundles.whole.carried import carried
from config.bundles.whole.people import people_lines
from generation.models import ClipStep, ReviewDecision, StudyGeneration
from generation.runs.copying import decisions_of_images
from generation.runs.image_versions import image_names, version_of
from study.models import Clip, Stimulus, Study
from study.participants.fair_pay import measured
from study.participants.monitoring import count_people

Content = bytes | Iterator[bytes]


def whole_files(
    study: Study, analysis: Analysis | None, *, images: bool, sounds: bool
) -> Iterator[tuple[str, Content]]:
    """Yield the name and the content of each file; nothing of a study whose conditions are hidden.

    Args:
        images: whether the bundle has the images; without them it cannot be taken in, and has nothing of this.
        sounds: whether the sounds of the clips come along.
    """
    if study.is_blinded or not images:
        return
    is_draft = study.status == Study.Status.DRAFT
    yield FORMAT, _json({"version": VERSION, "state": DRAFT if is_draft else CLOSED, "sounds": sounds})
    clips: list[dict[str, Any]] = []
    for clip in study.clips.order_by("number"):
        line = _clip(clip)
        for name, file in _stored_files(clip, line, is_draft=is_draft, sounds=sounds):
            with file.open("rb") as opened:
                yield name, opened.read()
        clips.append(line)
    yield CLIPS, b"".join(map(_line, clips))
    files = study.files.order_by("pk").values_list("pk", flat=True)
    for place, pk in enumerate(files, start=1):  # one by one: each may hold 20 MB
        yield f"{FILES}{place:02d}.txt", study.files.get(pk=pk).text.encode()
    yield STUDY, _json(_study(study))
    yield from _interface(study)
    if is_draft:
        return
    yield PEOPLE, map(_line, people_lines(study))
    if analysis is not None and analysis.result is not None:
        columns = {name: getattr(analysis, name) for name in ANALYSIS_FIELDS}
        # The order of keys is part of it.
        yield ANALYSIS, (json.dumps(columns, ensure_ascii=False) + "\n").encode()


def image_name(clip: Clip, stimulus: Stimulus, *, is_draft: bool = False) -> str:
    """Return the name of an image in the bundle: those of clips that are left out are no part of the results."""
    folder = "images/" if clip.included and not is_draft else LEFT_OUT
    return f"{folder}{clip.number:03d}-{stimulus.condition.key}.{_suffix(stimulus.image)}"


def _suffix(file: FieldFile) -> str:
    return str(file.name).rpartition(".")[2]


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _line(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _study(study: Study) -> dict[str, Any]:
    plan = {name: value for name, value in study.plan.items() if name != "brought_in"}
    if (plan.get("power") or {}).get("state") in UNANSWERED:  # no other server is to compute it
        del plan["power"]
    run = study.generation_runs.last()
    # Those of the images are the run's; nothing more is made in a closed study.
    chosen = StudyGeneration.objects.filter(study=study, study__status=Study.Status.DRAFT).first()
    return {
        "fields": carried(study) | {"plan": plan},
        "conditions": [carried(row) for row in study.conditions.order_by("number")],
        # Of the times of single people only the hours come along.
        "median_minutes": count_people(study).median_minutes,
        "visit_times": None if (times := measured(study)[0]) is None else asdict(times),
        "generation": None if chosen is None else chosen.settings,
        "run": None if run is None else carried(run) | ({"state": run.State.CANCELLED} if run.is_running else {}),
        "files": [carried(file) for file in study.files.order_by("pk").defer("text")],
    }


def _interface(study: Study) -> Iterator[tuple[str, bytes]]:
    """Yield the pictures of the interface and their list, in the order in which they were stored."""
    entries = []
    for place, row in enumerate(study.interface_pictures.order_by("pk"), start=1):
        name = f"{INTERFACE_FILES}{place:03d}.png"
        with row.image.open("rb") as file:
            yield name, file.read()
        entries.append({"file": name, "fields": carried(row)})
    if entries:
        yield INTERFACE, _json({"pictures": entries})


def _clip(clip: Clip) -> dict[str, Any]:
    version = version_of(image_names(clip))
    steps = ClipStep.objects.filter(clip=clip, state__in=ClipStep.COMPLETE)
    decisions = decisions_of_images(ReviewDecision.objects.filter(clip=clip))
    return {
        "fields": carried(clip),
        "sounds": {},
        "stimuli": [
            {"condition": row.condition.number, "fields": carried(row), "image": "", "preview": ""}
            for row in clip.stimuli.select_related("condition").order_by("condition__number")
        ],
        "steps": [carried(step) for step in steps.order_by("position")],
        "tag_decisions": [carried(row) for row in clip.tag_decisions.order_by("tag")],
        # Stored images get new names, and with them another version.
        "review_decisions": [carried(row) | {"of_these_images": row.version == version} for row in decisions],
    }


def _stored_files(clip: Clip, line: dict[str, Any], *, is_draft: bool, sounds: bool) -> Iterator[tuple[str, FieldFile]]:
    """Yield the files of a clip that the bundle does not have yet, and enter the names of all into its line."""
    if sounds:
        for name, file, end in (("audio", clip.audio, ""), ("survey_audio", clip.survey_audio, "-survey")):
            if file:
                line["sounds"][name] = f"{SOUNDS}{clip.number:03d}{end}.{_suffix(file)}"
                yield line["sounds"][name], file
    entries = {entry["condition"]: entry for entry in line["stimuli"]}
    for stimulus in clip.stimuli.select_related("condition").order_by("condition__number"):
        entry = entries[stimulus.condition.number]
        if stimulus.image:
            entry["image"] = image_name(clip, stimulus, is_draft=is_draft)
            if entry["image"].startswith(LEFT_OUT):
                yield entry["image"], stimulus.image
        if stimulus.preview:
            entry["preview"] = f"{PREVIEWS}{clip.number:03d}-{stimulus.condition.key}.{_suffix(stimulus.preview)}"
            yield entry["preview"], stimulus.preview
