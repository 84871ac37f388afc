"""Redefinition of one clip's tags, with a reason for every change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from generation.redefinition.columns import Action, Columns, Effect
from generation.redefinition.engine import apply_rules
from generation.redefinition.rules.rule_set import Contradiction, RuleSet
from generation.redefinition.rules.schema import Ambiguity, VoicePolicy
from generation.redefinition.spelling import normalise, suggestion, without_prefix
from generation.redefinition.voice_evidence import TableEvidence, VoiceThresholds, clip_evidence


@dataclass(frozen=True)
class Change:
    """What happened to one tag, by which rule, and why. `into` names where a merged tag went."""

    tag: str
    action: Action
    into: tuple[str, ...] = ()
    rule: str = ""
    why: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contested:
    """A contradiction for the researcher to decide. Until then the clip has the tags `kept` and not those `removed`.

    `people`: the original tags on both sides. `offered`: tags that agree with the detectors; the clip gets one only
    if the researcher chooses it.
    """

    rule: str
    people: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    why: str
    evidence: dict[str, Any] = field(default_factory=dict)
    offered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Redefinition:
    """A clip's tags after the rules.

    `unknown`: each tag outside the vocabulary (it is kept) → the known tag it may be a misspelling of, or None.
    """

    tags: list[str]
    changes: list[Change]
    contested: list[Contested]
    unknown: dict[str, str | None]

    @property
    def unknown_tags(self) -> list[str]:
        return list(self.unknown)

    def as_dict(self) -> dict[str, Any]:
        """The redefinition as JSON-able data for provenance and the database."""
        return asdict(self)


def redefine(
    tags: Sequence[str],
    rules: RuleSet,
    *,
    voice_share: float | None = None,
    tagger_probabilities: Mapping[str, float] | None = None,
    thresholds: VoiceThresholds | None = None,
) -> Redefinition:
    """Redefine one clip's tags.

    tags: from people or a tagger, in any case and spacing; their order does not change which tags come out.
    voice_share: share of the clip in which the voice detector found a voice (0 to 1), None without a detector.
    tagger_probabilities: tag → probability; only the voice tags are used, as evidence, and none of them is added.
    Raises ValueError for a share or probability outside 0 to 1.
    """
    thresholds = thresholds or VoiceThresholds()
    places, written, changes = _normalised(tags, rules)
    columns = Columns(1, {tag: np.ones(1, dtype=bool) for tag in places}, places)
    original = tuple(places)
    evidence = clip_evidence(voice_share, tagger_probabilities, rules.voice_policy)
    effects: list[Effect] = []
    apply_rules(columns, rules, evidence, thresholds, effects.append)
    facts = evidence_facts(evidence, 0, thresholds)
    applied = [effect for effect in effects if effect.rows[0]]
    changes += [
        Change(
            effect.tag,
            effect.action,
            effect.into,
            effect.step.name,
            effect.why,
            facts if effect.by_evidence or (effect.contested and _is_voice(effect)) else {},
        )
        for effect in applied
    ]
    left = [tag for tag in columns.in_order() if columns.values[tag][0]]
    return Redefinition(
        tags=[written.get(tag, tag) for tag in left],
        changes=changes,
        contested=contested_entries(applied, original, left, rules, facts),
        unknown={written[tag]: suggestion(tag, rules.known) for tag in original if tag not in rules.known},
    )


def _normalised(tags: Sequence[str], rules: RuleSet) -> tuple[dict[str, float], dict[str, str], list[Change]]:
    """Normalised tags with their places, the original spelling of unknown ones, and the changes of spelling."""
    places: dict[str, float] = {}
    written: dict[str, str] = {}
    changes: list[Change] = []
    for place, tag in enumerate(tags):
        name = normalise(tag)
        if not name:
            continue
        if name in rules.known and name != tag:
            changes.append(Change(tag, "merged", (name,), "spelling", "case, spaces, underscores and prefixes"))
        if name not in places:
            places[name] = float(place)
            if name not in rules.known:
                written[name] = " ".join(without_prefix(tag).split())
    return places, written, changes


def _is_voice(effect: Effect) -> bool:
    return isinstance(effect.step.rule, VoicePolicy)


def evidence_facts(evidence: TableEvidence, row: int, thresholds: VoiceThresholds) -> dict[str, Any]:
    """The evidence on one clip as JSON-able data: each measurement, and the verdict of each detector."""
    words = {1: "voice", 0: "nothing", -1: "none"}
    facts: dict[str, Any] = {}
    if not np.isnan(evidence.share[row]):
        facts["voice_share"] = float(evidence.share[row])
        facts["detector"] = words[int(evidence.detector_verdict(thresholds)[row])]
    if not (np.isnan(evidence.tagger_heard[row]) and np.isnan(evidence.tagger_denied[row])):
        for name in ("tagger_heard", "tagger_denied"):
            value = getattr(evidence, name)[row]
            facts[name] = None if np.isnan(value) else float(value)
        facts["tagger"] = words[int(evidence.tagger_verdict(thresholds)[row])]
    return facts


def contested_entries(
    applied: list[Effect],
    original: Sequence[str],
    left: Sequence[str],
    rules: RuleSet,
    facts: dict[str, Any],
) -> list[Contested]:
    """One entry for each rule by which this clip is contested."""
    entries: dict[str, list[Effect]] = {}
    for effect in applied:
        if effect.contested:
            entries.setdefault(effect.step.name, []).append(effect)
    contested = []
    for name, effects in entries.items():
        rule = effects[0].step.rule
        assert isinstance(rule, Contradiction), "only contradictions are contested"
        concerned = rules.sides[name]
        removed = tuple(effect.tag for effect in effects if effect.action == "removed")
        contested.append(
            Contested(
                rule=name,
                people=tuple(tag for tag in original if tag in concerned),
                kept=tuple(tag for tag in left if tag in concerned),
                removed=removed,
                why=effects[0].why,
                evidence=facts if _is_voice(effects[0]) else {},
                offered=_offered(rule, left, removed),
            )
        )
    return contested


def _offered(rule: Contradiction, left: Sequence[str], removed: Sequence[str]) -> tuple[str, ...]:
    if isinstance(rule, Ambiguity):
        return tuple(tag for tag in rule.may_mean if tag not in left)
    if not isinstance(rule, VoicePolicy):
        return ()
    return tuple(tag for tag in (rule.heard, rule.denied) if tag not in left and tag not in removed)
