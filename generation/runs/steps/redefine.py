"""Redefine a clip's tags: both tag sets, what changed and why, what is contested, and the prompts made of tags."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from generation.errors import StepFailed
from generation.models import ClipStep
from generation.redefinition import Change, RuleSet, prompts, redefine
from generation.redefinition.decisions import apply_decisions
from generation.runs.steps import loaded_models
from generation.runs.steps.context import StepContext, StepOutcome
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings, sentence_language
from generation.writing.content import foreign_tags, translate_tags, translations_digest
from study.models import Clip
from study.setup.clip_selection import UNCHANGED

VERSION = 2
# Predicted tags: at least so many are kept, however improbable; fewer make no picture of the music.
MIN_PREDICTED = 3
TAG_SETS = ("original", "redefined")


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
    second = heard.get("redefined_tags") if settings.redefined_tagger is not None else None
    language = sentence_language(settings)
    # Only where it matters, so that another list leaves other studies' results as they are.
    is_translated = language != "en" or bool(foreign_tags(clip.imported_tags, "en"))
    return ({"translations": translations_digest(), "language": language} if is_translated else {}) | {
        "imported": clip.imported_tags,
        "source": settings.tag_source,
        "limit": settings.tag_limit,
        "floor": settings.tag_floor,
        "rules": context.rules.identity,
        "rules_for": settings.rules_for,
        "prompt_words": settings.prompt_words,
        "thresholds": settings.thresholds.model_dump(mode="json"),
        "voice_share": heard["voice"]["share"],
        "probabilities": heard["tags"]["probabilities"],
        "tag_thresholds": heard["tags"].get("thresholds", {}),
        "second_tagger": second and {key: second.get(key, {}) for key in ("probabilities", "thresholds")},
        "decisions": {decision.tag: decision.choice for decision in clip.tag_decisions.all()},
        "painter": context.token_counting_options,
        "keep_unchanged": clip.study.include_unchanged_clips,
    }


def run(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Redefine the clip's tags; no file is stored."""
    share, second = inputs["voice_share"], inputs["second_tagger"]
    evidence = DetectorEvidence(inputs["probabilities"], share, inputs["tag_thresholds"])
    return StepOutcome(
        redefine_clip(
            context.clip.name,
            inputs["imported"],
            evidence,
            inputs["decisions"],
            context.settings,
            context.rules,
            second=second and DetectorEvidence(second["probabilities"], share, second["thresholds"]),
        )
    )


def original_tags(
    name: str, imported: Sequence[str], evidence: DetectorEvidence, settings: GenerationSettings
) -> tuple[str, list[str]]:
    """Return the source of the original tags ("people" or "predicted"), and the tags.

    Raises:
        StepFailed: the study wants people's tags and this clip has none, or no tag is predicted.
    """
    if settings.tag_source == "people" and not imported:
        raise StepFailed(
            f"{name}: no tags were imported for this clip. Import some, or let the tagger predict tags for clips "
            "that have none (setting “tag source”)."
        )
    if imported and settings.tag_source != "predicted":
        return "people", list(imported)
    return "predicted", predicted_tags(name, evidence, settings)


def predicted_tags(name: str, evidence: DetectorEvidence, settings: GenerationSettings) -> list[str]:
    """Return a tagger's most probable tags.

    A tag counts from its own threshold on, or, for a tagger without thresholds, from the study's floor. A tag of
    probability 0, as a table of 0 and 1 has, is never among those that fill up a clip with few tags.

    Raises:
        StepFailed: every tag has the probability 0.
    """
    probabilities, thresholds = evidence.probabilities, evidence.tag_thresholds
    possible = [tag for tag in probabilities if probabilities[tag] > 0]
    ranked = sorted(possible, key=lambda tag: (-probabilities[tag], tag))
    if not ranked:
        raise StepFailed(f"{name}: no tag is predicted for this clip. Correct the predictions, or leave the clip out.")
    heard = [tag for tag in ranked if probabilities[tag] >= thresholds.get(tag, settings.tag_floor)]
    chosen = heard if len(heard) >= MIN_PREDICTED else ranked[:MIN_PREDICTED]
    return chosen[: settings.tag_limit]


@dataclass(frozen=True)
class RuledTags:
    """Tags after the rules and the researcher's decisions, or as they were if the rules are not for this set."""

    tags: list[str]
    changes: list[dict[str, Any]] = field(default_factory=list)
    contested: list[dict[str, Any]] = field(default_factory=list)
    unknown: dict[str, str | None] = field(default_factory=dict)

    def without(self, stand_ins: Sequence[prompts.StandIn]) -> "RuledTags":
        """Without the general tags for which special ones stand in the prompt, each with its reason."""
        gone = [
            Change(
                entry.general, "removed", (), f"{prompts.IN_PROMPTS}{entry.general} beside {entry.special}", entry.why
            )
            for entry in stand_ins
        ]
        left_out = {change.tag for change in gone}
        tags = [tag for tag in self.tags if tag not in left_out]
        return replace(self, tags=tags, changes=self.changes + [asdict(change) for change in gone])


def _ruled(
    tags: Sequence[str],
    evidence: DetectorEvidence,
    decisions: Mapping[str, str],
    settings: GenerationSettings,
    rules: RuleSet,
) -> RuledTags:
    found = redefine(
        tags,
        rules,
        voice_share=evidence.voice_share,
        tagger_probabilities=evidence.probabilities,
        thresholds=settings.thresholds,
    ).as_dict()
    decided = apply_decisions(found["tags"], found["contested"], decisions)
    return RuledTags(decided, found["changes"], found["contested"], found["unknown"])


def redefine_clip(
    name: str,
    imported: Sequence[str],
    evidence: DetectorEvidence,
    decisions: Mapping[str, str],
    settings: GenerationSettings,
    rules: RuleSet,
    *,
    second: DetectorEvidence | None = None,
) -> dict[str, Any]:
    """Return both tag sets of a clip, the changes with their reasons, the contested tags, and the prompts of tags.

    `second`: the second tagger's findings, if the study has one; the redefined set is then that tagger's tags, and
    each set is after the rules or not, as the settings say.
    """
    with as_generation_error(name):
        source, found = original_tags(name, imported, evidence, settings)
        # The rules know English tags; both sets and both forms of prompt are in one language.
        language = sentence_language(settings)
        translation = translate_tags(found, language, rules.translations)
        given = translation.tags
        if second is None:
            original, redefined = RuledTags(given), _ruled(given, evidence, decisions, settings, rules)
            predicted = None
        else:
            later = translate_tags(predicted_tags(name, second, settings), language, rules.translations)
            translation = replace(translation, from_korean=translation.from_korean | later.from_korean)
            predicted = {"original": given, "redefined": later.tags}
            original, redefined = (
                _ruled(predicted[tag_set], heard, decisions, settings, rules)
                if settings.rules_for in (tag_set, "both")
                else RuledTags(predicted[tag_set])
                for tag_set, heard in (("original", evidence), ("redefined", second))
            )
    if found and not redefined.tags:
        raise StepFailed(
            f"{name}: the rules leave no tag of {', '.join(found)}. Give the clip a tag for what is heard, "
            "or leave the clip out."
        )
    painter = loaded_models.painter_of(settings)
    ruled = (
        {"redefined"}
        if second is None
        else {"both": TAG_SETS, "neither": ()}.get(settings.rules_for, {settings.rules_for})
    )
    with as_generation_error(name):
        fitted = prompts.fit_tag_sets(
            original.tags,
            redefined.tags,
            evidence.probabilities,
            redefined_probabilities=None if second is None else second.probabilities,
            words_for=settings.prompt_words,
            ruled=ruled,
            translate=None if language == "en" else translation.in_prompts,
            rules=rules,
            limit=settings.tag_limit,
            count_tokens=painter.count_tokens,
            token_limit=painter.token_limit,
        )
    original = original.without(fitted.stand_ins["original"])
    redefined = redefined.without(fitted.stand_ins["redefined"])
    named = {entry["rule"] for entry in redefined.contested}
    return {
        "source": source,
        "given": original.tags,
        "translated": translation.from_korean,
        "corrected": redefined.tags,
        "original": list(fitted.original),
        "redefined": list(fitted.redefined),
        "prompts": {"original": fitted.original_prompt, "redefined": fitted.redefined_prompt},
        "changes": redefined.changes,
        "contested": redefined.contested + [entry for entry in original.contested if entry["rule"] not in named],
        "unknown": original.unknown | redefined.unknown,
        "decisions": dict(decisions),
        "rules": dict(rules.identity),
        "rules_for": settings.rules_for,
        "prompt_words": settings.prompt_words,
        # With a second tagger: what each tagger gave, before any rule, and what the rules did to the original set.
        "predicted": predicted,
        "original_changes": original.changes,
        "unchanged": fitted.unchanged,
    }


def save(context: StepContext, outcome: StepOutcome) -> list[str]:
    """Leave the clip out if redefinition changes nothing, and take it back if that is no longer so."""
    clips = Clip.objects.filter(pk=context.clip.pk)
    if outcome.result["unchanged"] and not context.clip.study.include_unchanged_clips:
        clips.filter(included=True).update(included=False, exclusion_reason=UNCHANGED)
    else:
        clips.filter(exclusion_reason=UNCHANGED).update(included=True, exclusion_reason="")
    return []
