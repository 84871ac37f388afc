"""Paint all images of a clip in one call from one seed, each with its preview and its provenance."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from generation.hardware import machine
from generation.models import ClipStep
from generation.painting import normalise
from generation.painting.base import prove
from generation.painting.provenance import Provenance, library_versions
from generation.painting.seeds import ATTEMPTS, paint_from_sequence, seed_sequence
from generation.runs import orphan_files
from generation.runs.steps import loaded_models
from generation.runs.steps.context import StepContext, StepOutcome
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings
from study.models import Stimulus

VERSION = 1
PROBE = "00/probe"  # a name that no file has


def collect_inputs(context: StepContext) -> dict[str, Any]:
    """Collect each condition's prompt, the painter's options and files, and what the seed is drawn from."""
    redefined, written = context.results[ClipStep.Kind.REDEFINE], context.results[ClipStep.Kind.WRITE]
    prompts = {
        key: redefined["prompts"][levels["tags"]]
        if levels["form"] == "tags"
        else written["sentences"][levels["tags"]]["text"]
        for key, levels in context.conditions.items()
    }
    return {
        "prompts": prompts,
        "painter": context.painter_content,
        "study_seed": context.clip.study.seed,
        "audio": context.clip.audio_digest,
        "seed_number": context.step.seed_number,
    }


def run(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Paint the clip's images and store them under the lease's token."""
    if context.step.waits:  # the storage was away: ask before painting again, which may take minutes
        default_storage.exists(PROBE)
    seeds = Seeds(inputs["study_seed"], inputs["audio"], inputs["seed_number"])
    painted = paint_clip(inputs["prompts"], context.conditions, seeds, _earlier_results(context), context.settings)
    names = orphan_files.write((file for picture in painted.pictures for file in picture.files), lease_token)
    pictures = [
        picture.facts | {"image": image, "preview": preview}
        for picture, image, preview in zip(painted.pictures, names[::2], names[1::2], strict=True)
    ]
    return StepOutcome(painted.record, names, pictures)


def _earlier_results(context: StepContext) -> dict[str, Any]:
    """Return what a stimulus's provenance holds of the steps before painting."""
    heard, redefined = context.results[ClipStep.Kind.LISTEN], context.results[ClipStep.Kind.REDEFINE]
    return {
        "sound": heard.get("sound", []),  # results from before have none
        "voice_detector": {key: value for key, value in heard["voice"].items() if key not in ("curve", "segments")},
        "tagger": heard["tags"]["tagger"],
        "redefined_tagger": heard["redefined_tags"]["tagger"] if context.settings.redefined_tagger else None,
        "tag_source": redefined["source"],
        "rule_set": redefined["rules"],
        "rules_for": redefined.get("rules_for", "redefined"),
        "prompt_words": redefined.get("prompt_words", "redefined"),
        "original_tags": redefined["original"],
        "redefined_tags": redefined["redefined"],
        "translated_tags": redefined.get("translated", {}),
        "sentences": context.results[ClipStep.Kind.WRITE]["sentences"],
        "started_at": context.step.run.started_at,
    }


@dataclass(frozen=True)
class Seeds:
    """A place in a clip's recorded sequence of seeds; `number` counts from 0."""

    study_seed: int
    audio_digest: str
    number: int

    def from_here(self) -> tuple[int, ...]:
        """Return this seed and the ones to try if the painter withholds an image."""
        sequence = seed_sequence(self.study_seed, self.audio_digest, self.number + ATTEMPTS)
        return sequence[self.number :]


@dataclass(frozen=True)
class Picture:
    """A stimulus before it is stored: its image and preview as (suffix, bytes), and the fields of its row."""

    files: tuple[tuple[str, bytes], tuple[str, bytes]]
    facts: dict[str, Any]


@dataclass(frozen=True)
class PaintedClip:
    """All pictures of a clip, and the result of its step."""

    pictures: list[Picture]
    record: dict[str, Any]


@lru_cache(maxsize=1)
def _library_versions() -> dict[str, str]:
    return library_versions()


def painting_order(keys: Sequence[str], seed: int) -> list[str]:
    """Draw the order in which a clip's conditions are painted, so that no condition always has the same place."""
    return random.Random(seed).sample(sorted(keys), len(keys))


def paint_clip(
    prompts_by_key: Mapping[str, str],
    levels: Mapping[str, Mapping[str, str]],
    seeds: Seeds,
    earlier_results: Mapping[str, Any],
    settings: GenerationSettings,
) -> PaintedClip:
    """Paint all pictures of a clip in one call, from one seed, in one shape.

    `levels`: each condition's tag set and form. `earlier_results`: what provenance holds of the steps before.
    """
    painter = loaded_models.painter_of(settings)
    following = seeds.from_here()
    order = painting_order(list(prompts_by_key), following[0])
    texts = [prompts_by_key[key] for key in order]
    began = time.monotonic()
    with as_generation_error():
        proof = prove(painter, texts)
        painted = paint_from_sequence(painter, texts, following)
    size = settings.painter.size
    shared = {
        **{key: value for key, value in earlier_results.items() if key != "sentences"},
        "audio_digest": seeds.audio_digest,
        "batch": texts,
        "batch_sizes": painted.batch_sizes,
        "painter_options": settings.painter.model_dump(mode="json"),
        "painter": painter.identity,
        "painter_proof": proof,
        "seed": painted.seed,
        "withheld": painted.withheld,
        "picture": {"size": f"{size} × {size}"} | {k: str(v) for k, v in normalise.PNG_SETTINGS.items()},
        "versions": _library_versions(),
        "machine": machine(),
        "painted_at": datetime.now(UTC),
    }
    pictures = []
    for key, text, image in zip(order, texts, painted.images, strict=True):
        whole, small = normalise.normalise(image, size), normalise.preview(image, size)
        digest = normalise.digest(whole)
        tag_set, form = levels[key]["tags"], levels[key]["form"]
        provenance = Provenance(
            **shared,
            tag_set=tag_set,
            prompt_form=form,
            prompt=text,
            prompt_tokens=painter.count_tokens(text),
            picture_digest=digest,
            writer=earlier_results["sentences"][tag_set]["provenance"] if form == "sentence" else None,
        )
        facts = {
            "key": key,
            "painter": settings.painter.kind,
            "digest": digest,
            "width": size,
            "height": size,
            "provenance": provenance.model_dump(mode="json"),
        }
        files = ((normalise.SUFFIX.lstrip("."), whole), (normalise.PREVIEW_SUFFIX.lstrip("."), small))
        pictures.append(Picture(files, facts))
    record = {
        "seed": painted.seed,
        "seed_number": seeds.number + len(painted.withheld),
        "withheld": list(painted.withheld),
        "order": order,
        "proof": proof,
        "seconds": round(time.monotonic() - began, 3),
    }
    return PaintedClip(pictures, record)


def save(context: StepContext, outcome: StepOutcome) -> list[str]:
    """Save the clip's stimuli; return the names of the replaced files."""
    conditions = {condition.key: condition for condition in context.clip.study.conditions.all()}
    existing = {stimulus.condition_id: stimulus for stimulus in Stimulus.objects.filter(clip=context.clip)}
    replaced: list[str] = []
    fresh: list[Stimulus] = []
    for picture in outcome.pictures:
        condition = conditions[picture["key"]]
        stimulus = existing.get(condition.pk) or Stimulus(clip=context.clip, condition=condition)
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
