"""The rows of a study, its clips and images, and what the images were made from."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in.rows import ensure_storable, row_from
from config.bundles.whole import CLIPS, FILES, STUDY
from generation.errors import GenerationError
from generation.models import ClipStep, GenerationRun, ReviewDecision, StudyFile, StudyGeneration, TagDecision
from generation.redefinition import RuleError
from generation.redefinition.rules.rule_files import read_rule_upload
from generation.runs.image_versions import image_names, version_of
from generation.settings_model import GenerationSettings
from study.models import Clip, Condition, Stimulus, Study
from study.participants.questions import QuestionSetError, load_question_set
from study.tables.bounded_reading import read_bounded
from study.tables.errors import TableRefused

MOST_CONDITIONS = 6


def read_clips(bundle: Bundle) -> list[dict[str, Any]]:
    """Return the lines of the clips, whose shape is checked.

    Raises:
        Unreadable: a line is not what an export holds there.
    """
    found = []
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
        found.append(line)
    return found


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
    for part, text in (("questions_before", study.questions_before), ("questions_after", study.questions_after)):
        if text:
            try:
                load_question_set(text)
            except QuestionSetError as error:
                raise Unreadable(f"{STUDY}: {part}: {error}") from error
    created_at = study.created_at
    study.save()
    # The first save sets it to now.
    Study.objects.filter(pk=study.pk).update(created_at=created_at)
    study.created_at = created_at
    rows = [row_from(Condition, values, f"{STUDY}, condition", study=study) for values in data["conditions"]]
    return study, {row.number: row for row in Condition.objects.bulk_create(rows)}


def add_clips(
    study: Study, lines: list[dict[str, Any]], conditions: Mapping[int, Condition], names: Mapping[str, str]
) -> dict[int, Clip]:
    """Add the clips and their images; return the clips by number."""
    clips: dict[int, Clip] = {}
    for number, line in enumerate(lines, start=1):
        where, sounds = f"{CLIPS}, line {number}", line["sounds"]
        clip = row_from(Clip, line["fields"], where, study=study)
        clip.audio.name = names.get(sounds.get("audio", ""), "")
        clip.survey_audio.name = names.get(sounds.get("survey_audio", ""), "")
        created_at = clip.created_at
        clip.save()
        Clip.objects.filter(pk=clip.pk).update(created_at=created_at)
        stimuli = []
        for entry in line["stimuli"]:
            if entry["condition"] not in conditions:
                raise Unreadable(f"{where}: an image is of no condition of the study.")
            row = row_from(Stimulus, entry["fields"], where, clip=clip, condition=conditions[entry["condition"]])
            row.image.name = names.get(entry["image"], "")
            row.preview.name = names.get(entry["preview"], "")
            stimuli.append(row)
        Stimulus.objects.bulk_create(stimuli)
        clips[clip.number] = clip
    return clips


def add_generation(
    study: Study, bundle: Bundle, data: Mapping[str, Any], lines: list[dict[str, Any]], clips: Mapping[int, Clip]
) -> list[str]:
    """Add what the images were made from, as one run that has ended; return what did not come along, in sentences."""
    notes = _add_settings(study, data["generation"])
    for place, values in enumerate(data["files"], start=1):
        _add_file(study, bundle, f"{FILES}{place:02d}.txt", values)
    run = None
    if data["run"] is not None:
        run = row_from(GenerationRun, data["run"], STUDY, study=study, number=1)
        started_at = run.started_at
        run.save()
        GenerationRun.objects.filter(pk=run.pk).update(started_at=started_at)
    for line, clip in zip(lines, clips.values(), strict=True):
        where = f"{CLIPS}, clip {clip.number}"
        if line["steps"] and run is None:
            raise Unreadable(f"{where}: it has steps of a run, and {STUDY} has no run.")
        rows: list[Model] = [row_from(ClipStep, values, where, clip=clip, run=run) for values in line["steps"]]
        ClipStep.objects.bulk_create(rows)  # type: ignore[arg-type]
        TagDecision.objects.bulk_create(row_from(TagDecision, row, where, clip=clip) for row in line["tag_decisions"])
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
    row.text, at = text, row.at
    row.save()
    StudyFile.objects.filter(pk=row.pk).update(at=at)


def _check_rules(text: str, name: str) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.NamedTemporaryFile(prefix="earsight-rules-") as file:
        file.write(text.encode())
        file.flush()
        try:
            read_bounded(read_rule_upload, Path(file.name), name, errors=(RuleError,), seconds=5)
        except (RuleError, TableRefused, GenerationError) as error:
            raise Unreadable(str(error)) from error
