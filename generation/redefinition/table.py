"""Redefine a whole table of tags and report what changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from generation.redefinition.clip import Change, Contested, contested_entries, evidence_facts
from generation.redefinition.columns import Columns, Effect
from generation.redefinition.engine import apply_rules, contradictions
from generation.redefinition.redundancy import Redundancy, count_redundancy, prompt_columns
from generation.redefinition.rules.rule_files import DEFAULT_RULES, load_rules
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import Ambiguity, Family, Implication, Merge, Removal, VoicePolicy
from generation.redefinition.spelling import normalise, suggestion
from generation.redefinition.tag_files import TagTable
from generation.redefinition.voice_evidence import TableEvidence, VoiceThresholds


@dataclass(frozen=True)
class RedefinedTable:
    """A redefined table and everything that was done to it.

    clips_changed: rule → number of clips. totals: rule → clips that carry the rule's tags after it was applied (the
    tags that stay by a merge, implied tags, "no voice" of a voice policy, the tags that a family drops).
    tags_left: stage → number of tags after it. contradictions_before and _after: rule → clips with both sides.
    contested: (clip, entry) in the table's order. unknown: tag → the known tag it may be a misspelling of, or None.
    columns_before and columns_after: the tags as columns by normalised name, as found and redefined.
    """

    original: TagTable
    table: TagTable
    rules: RuleSet
    columns_before: Columns
    columns_after: Columns
    clips_changed: dict[str, int]
    totals: dict[str, int]
    tags_left: dict[str, int]
    contradictions_before: dict[str, int]
    contradictions_after: dict[str, int]
    contested: list[tuple[str, Contested]]
    unknown: dict[str, str | None]
    effects: tuple[Effect, ...]
    evidence: TableEvidence
    thresholds: VoiceThresholds

    @cached_property
    def prompts(self) -> TagTable:
        """The redefined table without the general tags for which a special one stands in prompts."""
        names = dict(zip(self.columns_after.in_order(), self.table.tags, strict=True))
        return _table_of(prompt_columns(self.columns_after, self.rules), self.original, names)

    @cached_property
    def redundancy(self) -> Redundancy:
        """Counts of redundant pairs: as found, redefined and in prompts; by `curated` if the rules have no families."""
        measure = self.rules if self.rules.file.in_prompts.last_words else load_rules(DEFAULT_RULES)
        in_prompts = prompt_columns(self.columns_after, self.rules)
        return count_redundancy(self.columns_before, self.columns_after, in_prompts, measure)

    def changes(self) -> Iterator[tuple[str, Change]]:
        """(clip, change) for every clip and tag that a rule or evidence touched, rule by rule."""
        clips = self.original.clips
        for effect in self.effects:
            is_voice = isinstance(effect.step.rule, VoicePolicy)
            for row in np.flatnonzero(effect.rows).tolist():
                facts = evidence_facts(self.evidence, row, self.thresholds) if is_voice else {}
                change = Change(effect.tag, effect.action, effect.into, effect.step.name, effect.why, facts)
                yield clips[row], change

    def report(self) -> dict[str, Any]:
        """The public report as JSON-able data."""
        return {
            "clips": len(self.original.clips),
            "tags_before": len(self.original.tags),
            "tags_after": len(self.table.tags),
            "rules": [{"rule": rule, "clips_changed": count} for rule, count in self.clips_changed.items()],
            "contradictions_before": sum(self.contradictions_before.values()),
            "contradictions_after": sum(self.contradictions_after.values()),
            "contested": [
                {"clip_id": clip, **{name: _plain(value) for name, value in vars(entry).items()}}
                for clip, entry in self.contested
            ],
            "unknown_tags": list(self.unknown),
            "redundancy": vars(self.redundancy) | {"pairs": [vars(pair) for pair in self.redundancy.pairs]},
            "removed_tags": self.removed_tags(),
            "empty_before": int((~self.original.values.any(axis=1)).sum()),
            "empty_after": int((~self.table.values.any(axis=1)).sum()),
            "emptied": [{"clip_id": clip, "tags": tags} for clip, tags in self.emptied()],
        }

    def removed_tags(self) -> list[dict[str, Any]]:
        """Each tag that a removal took from clips, with their number and the reason."""
        return [
            {"tag": effect.tag, "clips": int(effect.rows.sum()), "why": effect.why}
            for effect in self.effects
            if isinstance(effect.step.rule, Removal)
        ]

    def emptied(self) -> list[tuple[str, list[str]]]:
        """The clips that had tags and have none left, with the tags that they had."""
        rows = np.flatnonzero(self.original.values.any(axis=1) & ~self.table.values.any(axis=1))
        return [(self.original.clips[row], self.original.tags_of(row)) for row in rows.tolist()]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def columns_of(table: TagTable) -> tuple[Columns, dict[str, str]]:
    """The table's tags as columns by normalised name, and the first spelling of each name in the table."""
    values: dict[str, np.ndarray] = {}
    written: dict[str, str] = {}
    for index, tag in enumerate(table.tags):
        name = normalise(tag)
        column = np.ascontiguousarray(table.values[:, index])
        values[name] = values[name] | column if name in values else column
        written.setdefault(name, tag)
    places = {name: float(index) for index, name in enumerate(values)}
    return Columns(len(table.clips), values, places), written


def redefine_table(
    table: TagTable,
    rules: RuleSet,
    *,
    evidence: TableEvidence | None = None,
    thresholds: VoiceThresholds | None = None,
) -> RedefinedTable:
    """Apply the rules to every clip of a table (25,863 × 188 in a fraction of a second)."""
    thresholds = thresholds or VoiceThresholds()
    columns, written = columns_of(table)
    evidence = evidence or TableEvidence.of(columns.n)
    original = columns.copy()
    effects: list[Effect] = []
    before = contradictions(columns, rules)
    totals: dict[str, int] = {}
    tags_left: dict[str, int] = {}

    def observe(step: RuleStep) -> None:
        totals[step.name] = int(columns.any_of(_counted_tags(step)).sum())
        tags_left[step.stage] = len(columns.values)

    changed = apply_rules(columns, rules, evidence, thresholds, effects.append, observe)
    left = columns.in_order()
    names = {tag: tag if tag in rules.known else written.get(tag, tag) for tag in left}
    return RedefinedTable(
        original=table,
        table=_table_of(columns, table, names),
        rules=rules,
        columns_before=original,
        columns_after=columns,
        clips_changed=changed,
        totals=totals,
        tags_left=tags_left,
        contradictions_before=before,
        contradictions_after=contradictions(columns, rules),
        contested=list(_contested(table, original, columns, left, rules, effects, evidence, thresholds)),
        unknown={written[name]: suggestion(name, rules.known) for name in original.values if name not in rules.known},
        effects=tuple(effects),
        evidence=evidence,
        thresholds=thresholds,
    )


def _table_of(columns: Columns, table: TagTable, names: dict[str, str]) -> TagTable:
    """The table with the tags of `columns`, under the names that they have in files."""
    left = columns.in_order()
    values = np.column_stack([columns.values[tag] for tag in left]) if left else np.zeros((columns.n, 0), dtype=bool)
    return replace(table, tags=tuple(names[tag] for tag in left), values=values)


def _counted_tags(step: RuleStep) -> tuple[str, ...]:
    """The tags that the total after a rule counts."""
    rule = step.rule
    if isinstance(rule, Merge):
        return rule.into
    if isinstance(rule, Implication):
        return rule.implies
    if isinstance(rule, VoicePolicy):
        return (rule.denied,)
    if isinstance(rule, Ambiguity):
        return (rule.tag,)
    return rule.drop if isinstance(rule, Family) else ()


def _contested(
    table: TagTable,
    original: Columns,
    columns: Columns,
    left: list[str],
    rules: RuleSet,
    effects: list[Effect],
    evidence: TableEvidence,
    thresholds: VoiceThresholds,
) -> Iterator[tuple[str, Contested]]:
    by_row: dict[int, list[Effect]] = {}
    for effect in effects:
        if effect.contested:
            for row in np.flatnonzero(effect.rows).tolist():
                by_row.setdefault(row, []).append(effect)
    for row in sorted(by_row):
        people = [tag for tag, column in original.values.items() if column[row]]
        kept = [tag for tag in left if columns.values[tag][row]]
        facts = evidence_facts(evidence, row, thresholds)
        for entry in contested_entries(by_row[row], people, kept, rules, facts):
            yield table.clips[row], entry
