"""The rules at work on columns of booleans: one engine for a single clip and for a whole file.

A column holds, for one tag, which of the n clips carry it. Rules are applied in the order of `RuleSet.steps`; every
effect is reported to a recorder with the clips it touched, so that counts and explanations cannot drift apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generation.redefinition.evidence import TableEvidence, VoiceThresholds
from generation.redefinition.rule_set import RuleSet, RuleStep
from generation.redefinition.schema import Exclusion, Family, Implication, Merge, Removal, VoicePolicy


@dataclass(frozen=True)
class Effect:
    """What one rule did to one tag.

    action: "removed", "added", "merged" (into `into`) or "kept" (against evidence or another tag).
    rows: (n,) bool, the clips it happened to. contested: the researcher should look at these clips.
    """

    step: RuleStep
    action: str
    tag: str
    into: tuple[str, ...]
    rows: np.ndarray
    why: str
    contested: bool = False
    by_evidence: bool = False


Recorder = Callable[[Effect], None]
Observer = Callable[[RuleStep], None]
"""Told of every step after it was applied."""


@dataclass
class Columns:
    """The tags of n clips: tag → (n,) bool, and where each tag stands in the order of the input."""

    n: int
    values: dict[str, np.ndarray]
    places: dict[str, float]

    def get(self, tag: str) -> np.ndarray:
        column = self.values.get(tag)
        return np.zeros(self.n, dtype=bool) if column is None else column

    def any_of(self, tags: tuple[str, ...]) -> np.ndarray:
        found = np.zeros(self.n, dtype=bool)
        for tag in tags:
            if tag in self.values:
                found |= self.values[tag]
        return found

    def add(self, tag: str, rows: np.ndarray, place: float) -> None:
        """Set `tag` on `rows`; a tag that is new takes `place` in the order."""
        self.values[tag] = self.get(tag) | rows
        self.places.setdefault(tag, place)

    def take(self, tag: str, rows: np.ndarray) -> None:
        if tag in self.values:
            self.values[tag] = self.values[tag] & ~rows

    def in_order(self) -> list[str]:
        return sorted(self.values, key=lambda tag: self.places[tag])

    def copy(self) -> "Columns":
        """Independent of the original: no method changes an array in place."""
        return Columns(self.n, dict(self.values), dict(self.places))


def apply_rules(
    columns: Columns,
    rules: RuleSet,
    evidence: TableEvidence,
    thresholds: VoiceThresholds,
    record: Recorder,
    observe: Observer | None = None,
) -> dict[str, int]:
    """Apply all rules to `columns` in place; returns the number of clips that each rule changed.

    A merge changes a clip where the clip gains the tag that stays; any other rule where it adds or takes a tag.
    """
    changed: dict[str, int] = {}
    for step in rules.steps:
        rule = step.rule
        if isinstance(rule, Merge):
            rows = _merge(columns, step, rule, record)
        elif isinstance(rule, Implication):
            rows = np.zeros(columns.n, dtype=bool)  # applied below, until nothing changes
        elif isinstance(rule, Exclusion):
            rows = _exclude(columns, step, rule, record)
        elif isinstance(rule, VoicePolicy) and rule.policy == "blanket":
            rows = _blanket_voice(columns, step, rule, evidence, record)
        elif isinstance(rule, VoicePolicy):
            rows = _voice_by_evidence(columns, step, rule, evidence, thresholds, record)
        elif isinstance(rule, Family):
            rows = columns.any_of(rule.drop) & columns.any_of(rule.beside)
            _take(columns, step, rule.drop, rows, record)
        else:
            rows = _remove(columns, step, rule, record)
        changed[step.name] = int(rows.sum())
        if isinstance(rule, Implication) and _last_of_section(step, rules):
            changed.update(_imply(columns, step.stage, rules, record))
        if observe:
            _tell(observe, step, rules)
    return changed


def contradictions(columns: Columns, rules: RuleSet) -> dict[str, int]:
    """Clips that carry both sides, for every exclusion and voice policy; tags are read through the merges and
    implications first, so that `no singer` contradicts `female vocal`."""
    meant = columns.copy()
    for step in rules.steps:
        if isinstance(step.rule, Merge):
            _merge(meant, step, step.rule, _ignore)
    for stage in rules.file.stages:
        if stage.implications:
            _imply(meant, stage.name, rules, _ignore)
    counts = {}
    for step in rules.steps:
        rule = step.rule
        if isinstance(rule, Exclusion):
            one, other = rule.one, rule.other
        elif isinstance(rule, VoicePolicy):
            one, other = (rule.heard,), (rule.denied,)
        else:
            continue
        counts[step.name] = int((meant.any_of(one) & meant.any_of(other)).sum())
    return counts


def _ignore(effect: Effect) -> None:
    """A recorder for what nobody asks about."""


def _last_of_section(step: RuleStep, rules: RuleSet) -> bool:
    section = [other for other in rules.steps if (other.stage, other.section) == (step.stage, step.section)]
    return section[-1] is step


def _tell(observe: Observer, step: RuleStep, rules: RuleSet) -> None:
    """Of a step that was applied; of implications, which are applied together, after the last of them."""
    if not isinstance(step.rule, Implication):
        observe(step)
    elif _last_of_section(step, rules):
        for other in rules.steps:
            if (other.stage, other.section) == (step.stage, step.section):
                observe(other)


def _merge(columns: Columns, step: RuleStep, rule: Merge, record: Recorder) -> np.ndarray:
    gained = np.zeros(columns.n, dtype=bool)
    for child in rule.from_:
        rows = columns.values.pop(child, None)
        if rows is None:
            continue
        place = columns.places[child]
        for offset, parent in enumerate(rule.into):
            gained |= rows & ~columns.get(parent)
            columns.add(parent, rows, place + offset / 100)
        record(Effect(step, "merged", child, rule.into, rows, rule.why or "another word for the same thing"))
    return gained


def _imply(columns: Columns, stage: str, rules: RuleSet, record: Recorder) -> dict[str, int]:
    steps = [(step, step.rule) for step in rules.steps if step.stage == stage and isinstance(step.rule, Implication)]
    changed = {step.name: np.zeros(columns.n, dtype=bool) for step, _ in steps}
    growing = True
    while growing:
        growing = False
        for step, rule in steps:
            source = columns.values.get(rule.tag)
            if source is None:
                continue
            for offset, implied in enumerate(rule.implies, start=1):
                rows = source & ~columns.get(implied)
                if not rows.any():
                    continue
                growing = True
                changed[step.name] |= rows
                columns.add(implied, rows, columns.places[rule.tag] + offset / 10)
                why = rule.why or f"{rule.tag} says it"
                record(Effect(step, "added", implied, (), rows, why))
    return {name: int(rows.sum()) for name, rows in changed.items()}


def _take(
    columns: Columns,
    step: RuleStep,
    tags: tuple[str, ...],
    rows: np.ndarray,
    record: Recorder,
    *,
    contested: bool = False,
) -> None:
    for tag in tags:
        losing = columns.get(tag) & rows
        if losing.any():
            columns.take(tag, losing)
            record(Effect(step, "removed", tag, (), losing, step.rule.why, contested))


def _remove(columns: Columns, step: RuleStep, rule: Removal, record: Recorder) -> np.ndarray:
    rows = columns.any_of(rule.tags)
    _take(columns, step, rule.tags, rows, record)
    for tag in rule.tags:
        columns.values.pop(tag, None)
    return rows


def _exclude(columns: Columns, step: RuleStep, rule: Exclusion, record: Recorder) -> np.ndarray:
    rows = columns.any_of(rule.one) & columns.any_of(rule.other)
    _take(columns, step, rule.going, rows, record, contested=rule.review)
    if rule.going:
        return rows
    if rule.review and rows.any():
        for tag in rule.one + rule.other:
            kept = columns.get(tag) & rows
            if kept.any():
                record(Effect(step, "kept", tag, (), kept, rule.why, contested=True))
    return np.zeros(columns.n, dtype=bool)


def _blanket_voice(
    columns: Columns, step: RuleStep, rule: VoicePolicy, evidence: TableEvidence, record: Recorder
) -> np.ndarray:
    """The original study's way: doubtful clips have no voice, unless the detector found any at all."""
    heard, denied = columns.get(rule.heard), columns.get(rule.denied)
    both = heard & denied
    silent = ~(heard | denied | columns.any_of(rule.also_heard))
    found = evidence.share > 0  # NaN, no evidence, is no voice: the blanket
    for tag, rows, why in (
        (rule.denied, both & found, "the detector found a voice"),
        (rule.heard, both & ~found, rule.why),
    ):
        if rows.any():
            columns.take(tag, rows)
            record(Effect(step, "removed", tag, (), rows, why, contested=True, by_evidence=True))
    doubtful = columns.any_of(rule.review_beside)
    for tag, rows, why, contested in (
        (rule.heard, silent & found, "the detector found a voice", False),
        (rule.denied, silent & ~found & ~doubtful, rule.why, False),
        (rule.denied, silent & ~found & doubtful, f"{rule.why}, also beside a word for a voice", True),
    ):
        if rows.any():
            columns.add(tag, rows, _end(columns))
            record(Effect(step, "added", tag, (), rows, why, contested, by_evidence=True))
    return both | silent


def _voice_by_evidence(
    columns: Columns,
    step: RuleStep,
    rule: VoicePolicy,
    evidence: TableEvidence,
    thresholds: VoiceThresholds,
    record: Recorder,
) -> np.ndarray:
    """What people said stands; the detector speaks where they were silent; disagreement is listed.

    The tagger confirms or doubts: it never adds a tag, and where it contradicts the detector neither counts.
    """
    heard = columns.get(rule.heard) | columns.any_of(rule.also_heard)
    denied = columns.get(rule.denied)
    both, silent = heard & denied, ~(heard | denied)
    detector, tagger = evidence.detector_verdict(thresholds), evidence.tagger_verdict(thresholds)
    verdict = np.sign(detector + tagger)

    _take(columns, step, (rule.denied,), both, record, contested=True)
    against = heard & ~denied & (verdict < 0)
    if against.any():
        for tag in (rule.heard, *rule.also_heard):
            rows = columns.get(tag) & against
            if rows.any():
                why = "people heard a voice, the detectors found none; what people said stands"
                record(Effect(step, "kept", tag, (), rows, why, contested=True, by_evidence=True))
    against = denied & ~heard & (verdict > 0)
    if against.any():
        why = "people heard no voice, the detectors found one; what people said stands"
        record(Effect(step, "kept", rule.denied, (), against, why, contested=True, by_evidence=True))

    added = np.zeros(columns.n, dtype=bool)
    for tag, said, why in (
        (rule.heard, 1, "people said nothing of a voice; the voice detector found one"),
        (rule.denied, -1, "people said nothing of a voice; the voice detector found none"),
    ):
        rows = silent & (detector == said) & (verdict == said)
        if rows.any():
            columns.add(tag, rows, _end(columns))
            record(Effect(step, "added", tag, (), rows, why, by_evidence=True))
            added |= rows
    return both | added


def _end(columns: Columns) -> float:
    return max(columns.places.values(), default=0.0) + 1
