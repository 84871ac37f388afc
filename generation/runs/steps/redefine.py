"""Redefine a clip's tags: both tag sets, what changed and why, what is contested, and the prompts made of tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generation.errors import StepFailed
from generation.models import ClipStep
from generation.redefinition import load_rules, prompts, redefine
from generation.redefinition.decisions import apply_decisions
from generation.runs.steps import loaded_models
from generation.runs.steps.context import StepContext, StepOutcome
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings, sentence_language
from generation.writing.content import foreign_tags, translate_tags, translations_digest
from study.models import Clip
from study.setup.clip_selection import UNCHANGED

VERSION = 1
# Predicted tags: at least so many are kept, however improbable; fewer make no picture of the music.
MIN_PREDICTED = 3


@dataclass(frozen=True)
class DetectorEvidence:
    """The detectors' findings in a clip.

    `probabilities`: the tagger's, by tag. `voice_share`: the share of the clip with voice. `tag_thresholds`: the
    probability from which a tag counts as heard, empty for a tagger without tuned thresholds.
    """

    probabilities: Mapping[str, float]
    voice_share: float | None
    tag_thresholds: Mapping[str, float] = field(default_factory=dict)


def collect_inputs(context: StepContext) -> dict[str, Any]:
    """Collect the imported tags, what the detectors found, the researcher's decisions, the rules and the limits."""
    heard, settings, clip = context.results[ClipStep.Kind.LISTEN], context.settings, context.clip
    language = sentence_language(settings)
    # Only where it matters, so that another list leaves other studies' results as they are.
    is_translated = language != "en" or bool(foreign_tags(clip.imported_tags, "en"))
    return ({"translations": translations_digest(), "language": language} if is_translated else {}) | {
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
        "painter": context.token_counting_options,
        "keep_unchanged": clip.study.include_unchanged_clips,
    }


def run(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Redefine the clip's tags; no file is stored."""
    evidence = DetectorEvidence(inputs["probabilities"], inputs["voice_share"], inputs["tag_thresholds"])
    return StepOutcome(
        redefine_clip(context.clip.name, inputs["imported"], evidence, inputs["decisions"], context.settings)
    )


def original_tags(
    name: str, imported: Sequence[str], evidence: DetectorEvidence, settings: GenerationSettings
) -> tuple[str, list[str]]:
    """Return the source of the original tags ("people" or "predicted"), and the tags.

    A predicted tag counts from its own threshold on, or, for a tagger without thresholds, from the study's floor.

    Raises:
        StepFailed: the study wants people's tags and this clip has none.
    """
    if settings.tag_source == "people" and not imported:
        raise StepFailed(
            f"{name}: no tags were imported for this clip. Import some, or let the tagger predict tags for clips "
            "that have none (setting “tag source”)."
        )
    if imported and settings.tag_source != "predicted":
        return "people", list(imported)
    probabilities, thresholds = evidence.probabilities, evidence.tag_thresholds
    ranked = sorted(probabilities, key=lambda tag: (-probabilities[tag], tag))
    heard = [tag for tag in ranked if probabilities[tag] >= thresholds.get(tag, settings.tag_floor)]
    chosen = heard if len(heard) >= MIN_PREDICTED else ranked[:MIN_PREDICTED]
    return "predicted", chosen[: settings.tag_limit]


def redefine_clip(
    name: str,
    imported: Sequence[str],
    evidence: DetectorEvidence,
    decisions: Mapping[str, str],
    settings: GenerationSettings,
) -> dict[str, Any]:
    """Return both tag sets of a clip, the changes with their reasons, the contested tags, and the prompts of tags."""
    with as_generation_error(name):
        rules = load_rules(settings.rules)
        source, given = original_tags(name, imported, evidence, settings)
        # The rules know English tags; both sets and both forms of prompt are in one language.
        translation = translate_tags(given, sentence_language(settings))
        original = translation.tags
        changed = redefine(
            original,
            rules,
            voice_share=evidence.voice_share,
            tagger_probabilities=evidence.probabilities,
            thresholds=settings.thresholds,
        ).as_dict()
    heard = {word: p for tag, p in evidence.probabilities.items() for word in translation.in_prompts([tag])}
    redefined = apply_decisions(changed["tags"], changed["contested"], decisions)
    painter = loaded_models.painter_of(settings)
    with as_generation_error(name):
        fitted = prompts.fit_tag_sets(
            translation.in_prompts(original),
            translation.in_prompts(redefined),
            heard,
            rules=rules,
            limit=settings.tag_limit,
            count_tokens=painter.count_tokens,
            token_limit=painter.token_limit,
        )
    return {
        "source": source,
        "given": original,
        "translated": translation.from_korean,
        "corrected": redefined,
        "original": list(fitted.original),
        "redefined": list(fitted.redefined),
        "prompts": {"original": fitted.original_prompt, "redefined": fitted.redefined_prompt},
        "changes": changed["changes"],
        "contested": changed["contested"],
        "unknown": changed["unknown"],
        "decisions": dict(decisions),
        "rules": dict(rules.identity),
        "unchanged": fitted.original_prompt == fitted.redefined_prompt,
    }


def save(context: StepContext, outcome: StepOutcome) -> list[str]:
    """Leave the clip out if redefinition changes nothing, and take it back if that is no longer so."""
    clips = Clip.objects.filter(pk=context.clip.pk)
    if outcome.result["unchanged"] and not context.clip.study.include_unchanged_clips:
        clips.filter(included=True).update(included=False, exclusion_reason=UNCHANGED)
    else:
        clips.filter(exclusion_reason=UNCHANGED).update(included=True, exclusion_reason="")
    return []
