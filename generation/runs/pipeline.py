"""From a clip to its pictures: one plain function a step. No database here, and nothing heavy until it is needed.

Models are built once a process and kept (`_tagger`, `_painter`). Errors of the rooms become
`StepFailed`, which concerns one clip, or `RunStopped`, which would concern every clip.
"""

import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from generation.errors import RunStopped, StepFailed
from generation.hardware import machine
from generation.listening.audio import AudioError, decode, survey_mp3, waveform_peaks
from generation.listening.voice import detect_voice
from generation.painting import PaintingError, build_painter, normalise
from generation.painting.base import Painter
from generation.painting.errors import PainterNotReady
from generation.painting.provenance import Provenance, library_versions
from generation.painting.seeds import ATTEMPTS, paint_from_sequence, seed_sequence
from generation.redefinition import RedefinitionError, RuleError, load_rules, prompts, redefine
from generation.redefinition.decisions import apply_decisions
from generation.settings_model import GenerationSettings
from generation.tagging import TaggingError, build_tagger
from generation.tagging.base import Tagger
from generation.writing import StopsTheBatch, WritingError, build_writer
from generation.writing.hosts import DEFAULT_HOSTS
from generation.writing.usage import Usage

OUTLINE_BARS = 60
# A clip without a single tag of its own has nothing to paint; fewer predicted tags than this say too little.
LEAST_PREDICTED = 3


@contextmanager
def _said_plainly(clip: str = "") -> Iterator[None]:
    """The rooms' errors as one of the two that a run knows."""
    where = f"{clip}: " if clip else ""
    try:
        yield
    except (PainterNotReady, StopsTheBatch, RuleError) as error:
        raise RunStopped(str(error)) from error
    except (WritingError, PaintingError, RedefinitionError, TaggingError, prompts.TagsDoNotFit) as error:
        raise StepFailed(f"{where}{error}") from error
    except AudioError as error:
        raise StepFailed(str(error)) from error


# Built once a process; the options' JSON is the key.


@lru_cache(maxsize=1)
def _tagger(options: str) -> Tagger:
    try:
        return build_tagger(GenerationSettings.model_validate_json(f'{{"tagger": {options}}}').tagger)
    except TaggingError as error:
        raise RunStopped(str(error)) from error


@lru_cache(maxsize=1)
def _painter(options: str) -> Painter:
    with _said_plainly():
        return build_painter(GenerationSettings.model_validate_json(f'{{"painter": {options}}}').painter)


def painter_of(settings: GenerationSettings) -> Painter:
    """The painter of the settings, kept for the next call."""
    return _painter(settings.painter.model_dump_json())


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return library_versions()


# Listening.


@dataclass(frozen=True)
class Heard:
    """What listening found, part by part as plain data, and the survey's MP3 where it was asked for."""

    record: dict[str, Any]
    mp3: bytes | None = None


def listen(path: Path, name: str, parts: set[str], settings: GenerationSettings) -> Heard:
    """Listens to a file: `parts` of "survey" (the level-matched MP3), "voice" and "tags"."""
    record: dict[str, Any] = {}
    mp3 = None
    with _said_plainly(name):
        audio = decode(path, name)
        if "survey" in parts:
            survey = survey_mp3(path)
            mp3 = survey.data
            record["survey"] = survey.record() | {"outline": waveform_peaks(audio.samples, OUTLINE_BARS)}
        if "voice" in parts:
            record["voice"] = detect_voice(audio.samples, audio.sample_rate, settings.voice).record()
        if "tags" in parts:
            tagger = _tagger(settings.tagger.model_dump_json())
            probabilities = tagger.predict([audio.samples], audio.sample_rate)[0]
            record["tags"] = {
                "probabilities": {
                    tag: round(float(probability), 5)
                    for tag, probability in zip(tagger.vocabulary, probabilities, strict=True)
                },
                "thresholds": dict(zip(tagger.vocabulary, tagger.thresholds or (), strict=False)),
                "tagger": dict(tagger.identity),
            }
    return Heard(record, mp3)


# Redefining.


@dataclass(frozen=True)
class Evidence:
    """What the detectors heard in a clip: the tagger's probabilities, the share of it with voice, and from which
    probability on each tag counts as heard (none for a tagger whose thresholds were never tuned)."""

    probabilities: Mapping[str, float]
    voice_share: float | None
    tag_thresholds: Mapping[str, float] = field(default_factory=dict)


def original_tags(
    name: str, imported: Sequence[str], evidence: Evidence, settings: GenerationSettings
) -> tuple[str, list[str]]:
    """Where the original tags come from ("people" or "predicted"), and the tags.

    A predicted tag counts from its own threshold on, or, for a tagger without thresholds, from the study's floor.

    Raises:
        StepFailed: the study wants people's tags and this clip has none.
    """
    if settings.tag_source == "people" and not imported:
        raise StepFailed(
            f"{name}: no tags were imported for this clip. Import some, or let the tagger speak for clips "
            "that have none (setting “tag source”)."
        )
    if imported and settings.tag_source != "predicted":
        return "people", list(imported)
    probabilities, least = evidence.probabilities, evidence.tag_thresholds
    ranked = sorted(probabilities, key=lambda tag: (-probabilities[tag], tag))
    heard = [tag for tag in ranked if probabilities[tag] >= least.get(tag, settings.tag_floor)]
    chosen = heard if len(heard) >= LEAST_PREDICTED else ranked[:LEAST_PREDICTED]
    return "predicted", chosen[: settings.tag_limit]


def redefine_clip(
    name: str,
    imported: Sequence[str],
    evidence: Evidence,
    decisions: Mapping[str, str],
    settings: GenerationSettings,
) -> dict[str, Any]:
    """Both tag sets of a clip, what changed and why, what is contested, and the prompts of tags."""
    with _said_plainly(name):
        rules = load_rules(settings.rules)
        source, original = original_tags(name, imported, evidence, settings)
        changed = redefine(
            original,
            rules,
            voice_share=evidence.voice_share,
            tagger_probabilities=evidence.probabilities,
            thresholds=settings.thresholds,
        )
    contested = changed.as_dict()["contested"]
    redefined = apply_decisions(changed.tags, contested, decisions)
    painter = painter_of(settings)
    with _said_plainly(name):
        fitted = prompts.fit_tag_sets(
            original,
            redefined,
            evidence.probabilities,
            rules=rules,
            limit=settings.tag_limit,
            count_tokens=painter.count_tokens,
            token_limit=painter.token_limit,
        )
    return {
        "source": source,
        "given": original,
        "corrected": redefined,
        "original": list(fitted.original),
        "redefined": list(fitted.redefined),
        "prompts": {"original": fitted.original_prompt, "redefined": fitted.redefined_prompt},
        "changes": changed.as_dict()["changes"],
        "contested": contested,
        "unknown": changed.unknown,
        "decisions": dict(decisions),
        "rules": dict(rules.identity),
        "unchanged": fitted.original_prompt == fitted.redefined_prompt,
    }


# Writing.


def write_sentences(
    tag_sets: Mapping[str, Sequence[str]],
    seed: int,
    settings: GenerationSettings,
    cache_folder: Path | None = None,
    *,
    usage: Usage | None = None,
    allowed_hosts: Collection[str] = DEFAULT_HOSTS,
) -> dict[str, dict[str, Any]]:
    """One sentence for each tag set, by the same writer with the same seed and limit.

    `usage` counts the calls of the study and holds its caps; `allowed_hosts`: where a service may be.
    """
    painter = painter_of(settings)
    with _said_plainly():  # not kept: the count is the study's own
        writer = build_writer(settings.writer, cache_folder=cache_folder, usage=usage, allowed_hosts=allowed_hosts)
    sentences = {}
    for name, tags in tag_sets.items():
        with _said_plainly():
            sentence = writer.write(tags, count_tokens=painter.count_tokens, token_limit=painter.token_limit, seed=seed)
        sentences[name] = {
            "text": sentence.text,
            "tokens": sentence.tokens,
            "writer": dict(writer.identity),
            "provenance": dict(sentence.provenance),
        }
    return sentences


# Painting.


@dataclass(frozen=True)
class Seeds:
    """Which seed of a clip's recorded sequence to begin with."""

    study_seed: int
    audio_digest: str
    number: int

    def following(self) -> tuple[int, ...]:
        """This seed and those to fall back to."""
        sequence = seed_sequence(self.study_seed, self.audio_digest, self.number + ATTEMPTS)
        return sequence[self.number :]


@dataclass(frozen=True)
class Picture:
    """One stimulus to be: its files, and how it was made."""

    files: tuple[tuple[str, bytes], tuple[str, bytes]]  # the image and its preview: (suffix, bytes)
    facts: dict[str, Any]  # the condition's key, size, digest, provenance


@dataclass(frozen=True)
class PaintedClip:
    """All pictures of a clip, and what its row keeps."""

    pictures: list[Picture]
    record: dict[str, Any] = field(default_factory=dict)


def painting_order(keys: Sequence[str], seed: int) -> list[str]:
    """The order in which a clip's pictures are painted: drawn from the seed, so that it is no condition's own."""
    return random.Random(seed).sample(sorted(keys), len(keys))


def paint_clip(
    prompts_by_key: Mapping[str, str],
    levels: Mapping[str, Mapping[str, str]],
    seeds: Seeds,
    sources: Mapping[str, Any],
    settings: GenerationSettings,
) -> PaintedClip:
    """All pictures of a clip in one call, from one seed, in one shape.

    `levels`: each condition's tag set and form. `sources`: what provenance says of the steps before.
    """
    painter = painter_of(settings)
    following = seeds.following()
    order = painting_order(list(prompts_by_key), following[0])
    texts = [prompts_by_key[key] for key in order]
    began = time.monotonic()
    with _said_plainly():
        painted = paint_from_sequence(painter, texts, following)
    size = settings.painter.size
    shared = {
        "audio_digest": seeds.audio_digest,
        "tag_source": sources["tag_source"],
        "original_tags": sources["original"],
        "redefined_tags": sources["redefined"],
        "rule_set": sources["rules"],
        "voice_detector": sources["voice"],
        "tagger": sources["tagger"],
        "started_at": sources["started_at"],
        "batch": texts,
        "batch_sizes": painted.batch_sizes,
        "painter_options": settings.painter.model_dump(mode="json"),
        "painter": painter.identity,
        "seed": painted.seed,
        "withheld": painted.withheld,
        "picture": {"size": f"{size} × {size}"} | {k: str(v) for k, v in normalise.PNG_SETTINGS.items()},
        "versions": _versions(),
        "machine": machine(),
        "painted_at": datetime.now(UTC),
    }
    pictures = []
    for key, text, image in zip(order, texts, painted.images, strict=True):
        whole, small = normalise.normalise(image, size), normalise.preview(image)
        digest = normalise.digest(whole)
        tag_set, form = levels[key]["tags"], levels[key]["form"]
        provenance = Provenance(
            **shared,
            tag_set=tag_set,
            prompt_form=form,
            prompt=text,
            prompt_tokens=painter.count_tokens(text),
            picture_digest=digest,
            writer=sources["sentences"][tag_set]["provenance"] if form == "sentence" else None,
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
        "seconds": round(time.monotonic() - began, 3),
    }
    return PaintedClip(pictures, record)
