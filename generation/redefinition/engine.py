"""Apply rules to columns of tags: one engine for a single clip and for a whole file.

Rules are applied in the order of `RuleSet.steps`. Every effect is passed to a recorder with the clips it touched, so
that counts and explanations come from one source.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from generation.redefinition.columns import Columns, Effect, Recorder, remove_tags
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import Ambiguity, Exclusion, Family, Implication, Merge, Removal, VoicePolicy
from generation.redefinition.voice_evidence import TableEvidence, VoiceThresholds
from generation.redefinition.voice_policies import apply_blanket_policy, apply_evidence_policy

Observer = Callable[[RuleStep], None]


def _ignore(_: object) -> None:
    """Record or observe nothing."""


def apply_rules(
    columns: Columns,
    rules: RuleSet,
    evidence: TableEvidence,
    thresholds: VoiceThresholds,
    record: Recorder,
    observe: Observer = _ignore,
) -> dict[str, int]:
    """Apply all rules to `columns` in place and return the number of clips that each rule changed.

    A merge changes a clip if the clip gains the tag that stays; any other rule if it adds or removes a tag.
    `observe` is called after each rule was applied; the implications of a stage are applied together.
    """
    changed: dict[str, int] = {}
    for (_, section), group in groupby(rules.steps, key=lambda step: (step.stage, step.section)):
        steps = list(group)
        if section == "implications":
            changed |= _imply(columns, steps, record)
            for step in steps:
                observe(step)
            continue
        for step in steps:
            changed[step.name] = int(_apply(columns, step, evidence, thresholds, record).sum())
            observe(step)
    return changed


def _apply(
    columns: Columns, step: RuleStep, evidence: TableEvidence, thresholds: VoiceThresholds, record: Recorder
) -> np.ndarray:
    """Apply one rule that is no implication; the clips that it changed, (n,) bool."""
    rule = step.rule
    if isinstance(rule, Merge):
        return _merge(columns, step, rule, record)
    if isinstance(rule, Exclusion):
        return _exclude(columns, step, rule, record)
    if isinstance(rule, Ambiguity):
        return _keep_ambiguous(columns, step, rule, record)
    if isinstance(rule, VoicePolicy) and rule.policy == "blanket":
        return apply_blanket_policy(columns, step, rule, evidence, record)
    if isinstance(rule, VoicePolicy):
        return apply_evidence_policy(columns, step, rule, evidence, thresholds, record)
    if isinstance(rule, Family):
        rows = columns.any_of(rule.drop) & columns.any_of(rule.beside)
        remove_tags(columns, step, rule.drop, rows, record)
        return rows
    assert isinstance(rule, Removal), "implications are applied together"
    return _remove(columns, step, rule, record)


def contradictions(columns: Columns, rules: RuleSet) -> dict[str, int]:
    """Count the clips that carry both sides, for every exclusion and voice policy.

    Tags are read through the merges and implications first, so that `no singer` contradicts `female vocal`.
    """
    meant = columns.copy()
    for step in rules.steps:
        if isinstance(step.rule, Merge):
            _merge(meant, step, step.rule, _ignore)
    implications = [step for step in rules.steps if isinstance(step.rule, Implication)]
    for _, group in groupby(implications, key=lambda step: step.stage):
        _imply(meant, list(group), _ignore)
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


def _merge(columns: Columns, step: RuleStep, rule: Merge, record: Recorder) -> np.ndarray:
    gained = np.zeros(columns.n, dtype=bool)
    applies = ~columns.any_of(rule.unless)
    if rule.beside:
        applies &= columns.any_of(rule.beside)
    for child in rule.from_:
        column = columns.values.pop(child, None)
        if column is None:
            continue
        rows = column & applies
        if rule.is_conditional:
            if (column & ~applies).any():
                columns.values[child] = column & ~applies
            if not rows.any():
                continue
        place = columns.places[child]
        for offset, parent in enumerate(rule.into):
            gained |= rows & ~columns.get(parent)
            columns.add(parent, rows, place + offset / 100)
        record(Effect(step, "merged", child, rule.into, rows, rule.why or "another word for the same thing"))
    return gained


def _imply(columns: Columns, steps: Sequence[RuleStep], record: Recorder) -> dict[str, int]:
    """Apply the implications of one stage until none adds a tag; rule → clips changed."""
    implications = [(step, step.rule) for step in steps if isinstance(step.rule, Implication)]
    changed = {step.name: np.zeros(columns.n, dtype=bool) for step in steps}
    growing = True
    while growing:
        growing = False
        for step, rule in implications:
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


def _remove(columns: Columns, step: RuleStep, rule: Removal, record: Recorder) -> np.ndarray:
    rows = columns.any_of(rule.tags)
    remove_tags(columns, step, rule.tags, rows, record)
    for tag in rule.tags:
        columns.values.pop(tag, None)
    return rows


def _keep_ambiguous(columns: Columns, step: RuleStep, rule: Ambiguity, record: Recorder) -> np.ndarray:
    rows = columns.get(rule.tag)
    if rows.any():
        record(Effect(step, "kept", rule.tag, (), rows, rule.why, contested=True))
    return np.zeros(columns.n, dtype=bool)


def _exclude(columns: Columns, step: RuleStep, rule: Exclusion, record: Recorder) -> np.ndarray:
    rows = columns.any_of(rule.one) & columns.any_of(rule.other)
    remove_tags(columns, step, rule.losing, rows, record, contested=rule.review)
    if rule.losing:
        return rows
    if rule.review and rows.any():
        for tag in rule.one + rule.other:
            kept = columns.get(tag) & rows
            if kept.any():
                record(Effect(step, "kept", tag, (), kept, rule.why, contested=True))
    return np.zeros(columns.n, dtype=bool)
