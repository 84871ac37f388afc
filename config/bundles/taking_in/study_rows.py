"""The rows of a study, its clips and images, and what the images were made from."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in.clip_format import check_clip, check_condition, check_step
from config.bundles.taking_in.rows import ensure_storable, insert, row_from
from config.bundles.taking_in.settings_format import begin_as_draft, check_settings
from config.bundles.whole import CLIPS, FILES, STUDY
from generation.errors import GenerationError
from generation.models import ClipStep, GenerationRun, ReviewDecision, StudyFile, StudyGeneration, TagDecision
from generation.redefinition import RuleError
from generation.redefinition.rules.rule_files import read_rule_upload
from generation.runs.image_versions import image_names, version_of
from generation.settings_model import GenerationSettings
from study.models import Clip, Condition, Stimulus, Study
from study.tables.bounded_reading import read_bounded
from study.tables.errors import TableRefused

MOST_CONDITIONS = 6


@dataclass(frozen=True)
class ClipLines:
    """The lines of the clips, read and checked anew each time: all of them may be more than memory holds."""

    bundle: Bundle

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return _clip_lines(self.bundle)


def _clip_lines(bundle: Bundle) -> Iterator[dict[str, Any]]:
    """Yield the lines, whose shape is checked.

    Raises:
        Unreadable: a line is not what an export holds there.
    """
    for number, line in enumerate(bundle.json_lines(CLIPS), start=1):
        where = f"{CLIPS}, line {number}"
        ensure_storable(line, where)
        shape = {"fields": dict, "sounds": dict, "stimuli": list, "steps": list, "tag_decisions": list}
        shape |= {"review_decisions": list}
        if line.keys() != shape.keys() or not all(isinstance(line[name], kind) for name, kind in shape.items()):
            raise Unreadable(f"{where}: not what an export holds there.")
        for stimulus in line["stimuli"]:
            if (
                not isinstance(stimulus, dict)
                or stimulus.keys() != {"condition", "fields", "image", "preview"}
                or not isinstance(stimulus["fields"], dict)
            ):
                raise Unreadable(f"{where}: an image of it is not what an export holds there.")
        if not line["sounds"].keys() <= {"audio", "survey_audio"}:
            raise Unreadable(f"{where}: its sounds are not what an export holds there.")
        yield line


def read_study(bundle: Bundle) -> dict[str, Any]:
    """Return what `whole/study.json` holds, with its shape checked."""
    data = bundle.json(STUDY)
    ensure_storable(data, STUDY)
    names = {"fields", "conditions", "median_minutes", "visit_times", "generation", "run", "files"}
    if data.keys() != names or not all(isinstance(data[name], list) for name in ("conditions", "files")):
        raise Unreadable(f"{STUDY} is not what an export holds there.")
    minutes = data["median_minutes"]
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float)):
        raise Unreadable(f"{STUDY}: median_minutes is no number.")
    if data["visit_times"] is not None and not _are_times(data["visit_times"]):
        raise Unreadable(f"{STUDY}: visit_times are not what an export holds there.")
    if not 2 <= len(data["conditions"]) <= MOST_CONDITIONS:
        raise Unreadable(f"{STUDY}: a study has two to six conditions.")
    return data


def _are_times(found: Any) -> bool:
    if not isinstance(found, dict) or found.keys() != {"people", "lower", "median", "upper"}:
        return False
    numbers = [found[name] for name in ("people", "lower", "median", "upper")]
    if type(numbers[0]) is not int or any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        return False
    return numbers[0] >= 1 and 0 <= numbers[1] <= numbers[2] <= numbers[3]


def add_study(data: Mapping[str, Any], **given: Any) -> tuple[Study, dict[int, Condition]]:
    """Add the study and its conditions, which are returned by number."""
    study = row_from(Study, data["fields"], STUDY, **given)
    if study.status == Study.Status.DRAFT:
        begin_as_draft(study)
    check_settings(study)
    insert(study)
    rows = [row_from(Condition, values, f"{STUDY}, condition", study=study) for values in data["conditions"]]
    for row in rows:
        check_condition(row, f"{STUDY}, condition {row.number}")
    return study, {row.number: row for row in Condition.objects.bulk_create(rows)}


def add_clips(
    study: Study, lines: Iterable[dict[str, Any]], conditions: Mapping[int, Condition], names: Mapping[str, str]
) -> dict[int, int]:
    """Add the clips and their images; return the ids of the clips by number."""
    clips: dict[int, int] = {}
    for number, line in enumerate(lines, start=1):
        where, sounds = f"{CLIPS}, line {number}", line["sounds"]
        clip = row_from(Clip, line["fields"], where, study=study)
        check_clip(clip, where)
        clip.audio.name = names.get(sounds.get("audio", ""), "")
        clip.survey_audio.name = names.get(sounds.get("survey_audio", ""), "")
        insert(clip)
        stimuli = []
        for entry in line["stimuli"]:
            if entry["condition"] not in conditions:
                raise Unreadable(f"{where}: an image is of no condition of the study.")
            row = row_from(Stimulus, entry["fields"], where, clip=clip, condition=conditions[entry["condition"]])
            row.image.name = names.get(entry["image"], "")
            row.preview.name = names.get(entry["preview"], "")
            stimuli.append(row)
        Stimulus.objects.bulk_create(stimuli)
        clips[clip.number] = clip.pk
    return clips


def add_generation(
    study: Study, bundle: Bundle, data: Mapping[str, Any], lines: Iterable[dict[str, Any]], clips: Mapping[int, int]
) -> list[str]:
    """Add what the images were made from, as one run that has ended; return what did not come along, in sentences."""
    notes = _add_settings(study, data["generation"])
    for place, values in enumerate(data["files"], start=1):
        _add_file(study, bundle, f"{FILES}{place:02d}.txt", values)
    run = None
    if data["run"] is not None:
        run = row_from(GenerationRun, data["run"], STUDY, study=study, number=1)
        insert(run)
    for line, clip_id in zip(lines, clips.values(), strict=True):
        clip = Clip.objects.only("number", "study").get(pk=clip_id)
        where = f"{CLIPS}, clip {clip.number}"
        if line["steps"] and run is None:
            raise Unreadable(f"{where}: it has steps of a run, and {STUDY} has no run.")
        steps = [row_from(ClipStep, values, where, clip=clip, run=run) for values in line["steps"]]
        for step in steps:
            check_step(step, where)
        ClipStep.objects.bulk_create(steps)
        for values in line["tag_decisions"]:
            insert(row_from(TagDecision, values, where, clip=clip))
        version = version_of(image_names(clip))
        decisions = []
        for values in line["review_decisions"]:
            is_current = isinstance(values, dict) and values.pop("of_these_images", None) is True
            decision = row_from(ReviewDecision, values, where, clip=clip)
            if is_current:
                decision.version = version
            decisions.append(decision)
        ReviewDecision.objects.bulk_create(decisions)
    return notes


def _add_settings(study: Study, settings: Any) -> list[str]:
    """Add a draft's settings if all that they name is built in.

    Others may send this installation's key to a server of a stranger's choice, or load a stranger's files.
    """
    if settings is None:
        return []
    try:
        chosen = GenerationSettings.model_validate(settings)
    except ValueError:
        return [_("The generation settings are of another version and did not come along; choose them again.")]
    taggers = [one for one in (chosen.tagger, chosen.redefined_tagger) if one is not None]
    kinds = {chosen.writer.kind, chosen.painter.kind, *(one.kind for one in taggers)}
    is_path = "/" in chosen.rules or "\\" in chosen.rules
    if kinds - {"template", "sketch", "musicnn", "imported"} or is_path:
        return [
            _(
                "The generation settings name a service, a model or a file of the other installation. They did not "
                "come along; choose them again before you generate."
            )
        ]
    StudyGeneration.objects.create(study=study, settings=settings)
    return []


def _add_file(study: Study, bundle: Bundle, name: str, values: Any) -> None:
    if name not in bundle.members:
        raise Unreadable(f"{name} is missing.")
    text = bundle.text(name)
    row = row_from(StudyFile, values, STUDY, study=study)
    if hashlib.sha256(text.encode()).hexdigest() != row.digest:
        raise Unreadable(f"{name} is not the file that {STUDY} states.")
    ensure_storable(text, name)
    if row.kind == StudyFile.Kind.RULES:
        _check_rules(text, name)
    row.text = text
    insert(row)


def _check_rules(text: str, name: str) -> None:
    with tempfile.NamedTemporaryFile(prefix="earsight-rules-") as file:
        file.write(text.encode())
        file.flush()
        try:
            read_bounded(read_rule_upload, Path(file.name), name, errors=(RuleError,), seconds=5)
        except (RuleError, TableRefused, GenerationError) as error:
            raise Unreadable(str(error)) from error
