"""The four steps of a clip: what each needs, whether it was done from the same already, and what is saved.

Every step has inputs, plain data whose digest is kept with its result: the same digest again means that
there is nothing to do. A step's inputs hold what the step before it made, not what that was made of, so that a
changed setting goes only as far as it changes something.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType
from typing import Any

from django.conf import settings as django_settings
from django.utils import timezone

from generation.models import ClipStep
from generation.painting.options import DiffusersOptions
from generation.redefinition import load_rules
from generation.runs import orphan_files, spending
from generation.runs.conditions import is_ready_made, painted_conditions
from generation.settings_model import GenerationSettings, read_settings
from generation.writing.options import OpenAIOptions
from study.models import Clip, Stimulus
from study.setup.clip_selection import UNCHANGED

Kind, State = ClipStep.Kind, ClipStep.State

# Raised where a step's meaning changes with the code, so that results of older code are made again.
VERSIONS = {Kind.LISTEN: 1, Kind.REDEFINE: 1, Kind.WRITE: 2, Kind.PAINT: 1}


@dataclass(frozen=True)
class Inputs:
    """What a step works on, as plain data."""

    values: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the values' canonical JSON."""
        return digest_of(self.values)


@dataclass(frozen=True)
class Outcome:
    """What a step made: its result as plain data, and the files it stored (not owned by a row yet)."""

    result: dict[str, Any]
    files: list[str] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)


def digest_of(values: Any) -> str:
    """SHA-256 of the canonical JSON of plain data."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def pipeline() -> ModuleType:
    """The module of plain functions that does the steps; a setting, so that others can stand in its place."""
    return import_module(getattr(django_settings, "GENERATION_PIPELINE", "generation.runs.pipeline"))


def queue_of(kind: str, settings: GenerationSettings) -> str:
    """Where a step belongs: painting with a model wants a GPU, a sentence by a service wants to wait."""
    if kind == Kind.PAINT and isinstance(settings.painter, DiffusersOptions):
        return "gpu"
    if kind == Kind.WRITE and isinstance(settings.writer, OpenAIOptions):
        return "api"
    return "cpu"


@dataclass(frozen=True)
class Bench:
    """What lies ready for a step: its clip, the settings, the conditions, and what the steps before made."""

    step: ClipStep
    clip: Clip
    settings: GenerationSettings
    conditions: Mapping[str, Mapping[str, str]]
    results: Mapping[str, dict[str, Any]]  # by kind of step


def bench_of(step: ClipStep) -> Bench:
    """The bench of one step, from the database."""
    earlier = ClipStep.objects.filter(clip_id=step.clip_id, position__lt=step.position)
    return Bench(
        step,
        step.clip,
        read_settings(step.run.settings),
        painted_conditions(step.clip.study),
        {kind: result or {} for kind, result in earlier.values_list("kind", "result")},
    )


# What a step needs.


def inputs_of(bench: Bench) -> Inputs:
    """The inputs of a step as they are now."""
    kind = Kind(bench.step.kind)
    return Inputs({"version": VERSIONS[kind]} | _INPUTS[kind](bench))


def is_current(step: ClipStep, inputs: Inputs) -> bool:
    """Whether the step's result was made of these very inputs."""
    return step.result is not None and step.input_digest == inputs.digest


def _listen_inputs(bench: Bench) -> dict[str, Any]:
    parts: dict[str, Any] = {"survey": {}}
    if bench.conditions and not is_ready_made(bench.clip):
        parts["voice"] = bench.settings.voice.model_dump(mode="json")
        parts["tags"] = bench.settings.tagger.model_dump(mode="json")
    return {"audio": bench.clip.audio_digest, "parts": parts}


def _redefine_inputs(bench: Bench) -> dict[str, Any]:
    heard, settings, clip = bench.results[Kind.LISTEN], bench.settings, bench.clip
    return {
        "imported": clip.imported_tags,
        "source": settings.tag_source,
        "limit": settings.tag_limit,
        "floor": settings.tag_floor,
        "rules": load_rules(settings.rules).identity,
        "thresholds": settings.thresholds.model_dump(mode="json"),
        "voice_share": heard["voice"]["share"],
        "probabilities": heard["tags"]["probabilities"],
        "tag_thresholds": heard["tags"].get("thresholds", {}),
        "decisions": {decision.tag: decision.choice for decision in clip.tag_decisions.all()},
        "painter": _counting(settings),
        "keep_unchanged": clip.study.include_unchanged_clips,
    }


def _write_inputs(bench: Bench) -> dict[str, Any]:
    redefined = bench.results[Kind.REDEFINE]
    return {
        "original": redefined["original"],
        "redefined": redefined["redefined"],
        "writer": bench.settings.writer.model_dump(mode="json"),
        "painter": _counting(bench.settings),
        "seed": bench.clip.study.seed,
    }


def _paint_inputs(bench: Bench) -> dict[str, Any]:
    redefined, written = bench.results[Kind.REDEFINE], bench.results[Kind.WRITE]
    prompts = {
        key: redefined["prompts"][levels["tags"]]
        if levels["form"] == "tags"
        else written["sentences"][levels["tags"]]["text"]
        for key, levels in bench.conditions.items()
    }
    return {
        "prompts": prompts,
        "painter": bench.settings.painter.model_dump(mode="json"),
        "study_seed": bench.clip.study.seed,
        "audio": bench.clip.audio_digest,
        "seed_number": bench.step.seed_number,
    }


def _counting(settings: GenerationSettings) -> dict[str, Any]:
    """Those of the painter's options that decide how tokens are counted."""
    chosen = settings.painter.model_dump(mode="json")
    return {key: chosen[key] for key in ("kind", "model", "revision") if key in chosen}


_INPUTS = {
    Kind.LISTEN: _listen_inputs,
    Kind.REDEFINE: _redefine_inputs,
    Kind.WRITE: _write_inputs,
    Kind.PAINT: _paint_inputs,
}


# Doing it.


def do(bench: Bench, inputs: Inputs, lease_token: str) -> Outcome:
    """Does the step's work: calls the plain function, stores its files under the lease's token."""
    return _DO[Kind(bench.step.kind)](bench, inputs.values, lease_token)


@contextmanager
def _local_audio(clip: Clip) -> Any:
    """The clip's audio as a file on this machine."""
    try:
        yield Path(clip.audio.path)
    except NotImplementedError:  # a storage elsewhere
        with (
            NamedTemporaryFile(suffix=Path(clip.audio.name or "").suffix) as copy,
            clip.audio.open("rb") as audio,
        ):
            for chunk in audio.chunks():
                copy.write(chunk)
            copy.flush()
            yield Path(copy.name)


def _listen(bench: Bench, values: dict[str, Any], lease_token: str) -> Outcome:
    # A part (the survey's MP3, voice, tags) whose own inputs are the same as last time is taken over.
    before = bench.step.result or {}
    digests = {part: digest_of([values["audio"], given]) for part, given in values["parts"].items()}
    kept = {part for part, digest in digests.items() if before.get("digests", {}).get(part) == digest}
    if not bench.clip.survey_audio:
        kept.discard("survey")
    with _local_audio(bench.clip) as path:
        heard = pipeline().listen(path, bench.clip.name, set(digests) - kept, bench.settings)
    result = {part: before[part] for part in kept} | heard.record | {"digests": digests}
    files = [] if heard.mp3 is None else orphan_files.write([("mp3", heard.mp3)], lease_token)
    return Outcome(result, files)


def _redefine(bench: Bench, values: dict[str, Any], lease_token: str) -> Outcome:
    heard = pipeline().Evidence(values["probabilities"], values["voice_share"], values["tag_thresholds"])
    record = pipeline().redefine_clip(bench.clip.name, values["imported"], heard, values["decisions"], bench.settings)
    return Outcome(record)


def _write(bench: Bench, values: dict[str, Any], lease_token: str) -> Outcome:
    tag_sets = {"redefined": values["redefined"], "original": values["original"]}
    sentences = pipeline().write_sentences(
        tag_sets,
        values["seed"],
        bench.settings,
        spending.answers_folder(),
        usage=spending.StudyUsage(bench.step.run, lease_token),
        allowed_hosts=django_settings.WRITER_HOSTS,
    )
    return Outcome({"sentences": sentences})


def _paint(bench: Bench, values: dict[str, Any], lease_token: str) -> Outcome:
    seeds = pipeline().Seeds(values["study_seed"], values["audio"], values["seed_number"])
    painted = pipeline().paint_clip(values["prompts"], bench.conditions, seeds, _sources(bench), bench.settings)
    names = orphan_files.write((file for picture in painted.pictures for file in picture.files), lease_token)
    pictures = [
        picture.facts | {"image": image, "preview": preview}
        for picture, image, preview in zip(painted.pictures, names[::2], names[1::2], strict=True)
    ]
    return Outcome(painted.record, names, pictures)


def _sources(bench: Bench) -> dict[str, Any]:
    """What a stimulus's provenance says of the steps before painting."""
    heard, redefined = bench.results[Kind.LISTEN], bench.results[Kind.REDEFINE]
    return {
        "voice": {key: value for key, value in heard["voice"].items() if key not in ("curve", "segments")},
        "tagger": heard["tags"]["tagger"],
        "tag_source": redefined["source"],
        "rules": redefined["rules"],
        "original": redefined["original"],
        "redefined": redefined["redefined"],
        "sentences": bench.results[Kind.WRITE]["sentences"],
        "started_at": bench.step.run.started_at,
    }


_DO = {Kind.LISTEN: _listen, Kind.REDEFINE: _redefine, Kind.WRITE: _write, Kind.PAINT: _paint}


# Saving it. Called in the transaction that ends the step.


def save(bench: Bench, outcome: Outcome) -> bool:
    """Gives the outcome to the rows it belongs to; says whether stored files were replaced."""
    replaced: list[str] = []
    if bench.step.kind == Kind.LISTEN:
        replaced = _save_survey_audio(bench, outcome)
    elif bench.step.kind == Kind.REDEFINE:
        _leave_out_if_unchanged(bench, outcome)
    elif bench.step.kind == Kind.PAINT:
        replaced = _save_stimuli(bench, outcome)
    orphan_files.abandon(replaced)
    orphan_files.claim(outcome.files)
    return bool(replaced)


def _save_survey_audio(bench: Bench, outcome: Outcome) -> list[str]:
    survey = outcome.result["survey"]
    fields = {"survey_duration": survey["duration"], "outline": survey["outline"]}
    replaced: list[str] = []
    if outcome.files:
        fields["survey_audio"] = outcome.files[0]
        replaced = list(
            Clip.objects.filter(pk=bench.clip.pk).exclude(survey_audio="").values_list("survey_audio", flat=True)
        )
    Clip.objects.filter(pk=bench.clip.pk).update(**fields)
    return replaced


def _leave_out_if_unchanged(bench: Bench, outcome: Outcome) -> None:
    clips = Clip.objects.filter(pk=bench.clip.pk)
    if outcome.result["unchanged"] and not bench.clip.study.include_unchanged_clips:
        clips.filter(included=True).update(included=False, exclusion_reason=UNCHANGED)
    else:
        clips.filter(exclusion_reason=UNCHANGED).update(included=True, exclusion_reason="")


def _save_stimuli(bench: Bench, outcome: Outcome) -> list[str]:
    conditions = {condition.key: condition for condition in bench.clip.study.conditions.all()}
    existing = {stimulus.condition_id: stimulus for stimulus in Stimulus.objects.filter(clip=bench.clip)}
    replaced: list[str] = []
    fresh: list[Stimulus] = []
    for picture in outcome.pictures:
        condition = conditions[picture["key"]]
        stimulus = existing.get(condition.pk) or Stimulus(clip=bench.clip, condition=condition)
        replaced += [name for name in (stimulus.image.name, stimulus.preview.name) if name]
        stimulus.image.name, stimulus.preview.name = picture["image"], picture["preview"]
        stimulus.image_digest = picture["digest"]
        stimulus.width, stimulus.height = picture["width"], picture["height"]
        stimulus.painter, stimulus.provenance = picture["painter"], picture["provenance"]
        stimulus.state, stimulus.error = Stimulus.State.READY, ""
        stimulus.painted_at = timezone.now()
        if stimulus.pk is None:
            fresh.append(stimulus)
        else:
            stimulus.save()
    Stimulus.objects.bulk_create(fresh)
    return replaced


# What comes next.


def is_wanted(bench: Bench, kind: str, redefined: Mapping[str, Any] | None) -> bool:
    """Whether a clip needs the step `kind`; `redefined` is the redefinition's result where it is known."""
    if kind == Kind.LISTEN:
        return True
    if not bench.conditions or is_ready_made(bench.clip):
        return False
    return kind == Kind.REDEFINE or redefined is None or _says_something(bench, redefined)


def _says_something(bench: Bench, redefined: Mapping[str, Any]) -> bool:
    return bench.clip.study.include_unchanged_clips or not redefined.get("unchanged", False)


def ready_next(bench: Bench) -> bool:
    """Readies the step after this one, or marks what follows as not needed; says whether there is a next one.

    Call it in the ending transaction.
    """
    step = bench.step
    if step.position == len(ClipStep.ORDER):
        return False
    following = ClipStep.objects.filter(clip_id=step.clip_id, position__gt=step.position)
    following = following.exclude(state=State.RUNNING)
    # What is wanted changes only where something new is known: that images were uploaded, that nothing changed.
    if step.kind == Kind.LISTEN:
        wanted = is_wanted(bench, Kind.REDEFINE, None)
    else:
        wanted = step.kind != Kind.REDEFINE or _says_something(bench, step.result)
    if not wanted:
        following.update(state=State.SKIPPED, error="")
        return False
    waiting = following.filter(position=step.position + 1)
    waiting.update(state=State.WAITING, queued_at=None, attempts=0, interruptions=0, error="")
    if step.position + 1 < len(ClipStep.ORDER):
        following.filter(position__gt=step.position + 1).exclude(state=State.LATER).update(state=State.LATER, error="")
    return True
