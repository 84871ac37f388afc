"""How much is wrong with a table's tags: one thing said twice, and contradictions, counted by one measure.

The measure is a rule set (`curated` unless told otherwise), so that tables before and after different rules compare.
"""

from dataclasses import dataclass

import numpy as np

from generation.redefinition.engine import contradictions
from generation.redefinition.rule_files import DEFAULT_RULES, load_rules
from generation.redefinition.rule_set import RuleSet
from generation.redefinition.schema import Merge
from generation.redefinition.tag_table import TagTable
from generation.redefinition.whole_file import columns_of


@dataclass(frozen=True)
class Audit:
    """duplicates: tag → clips that carry two or more of the tags for it. contradictions: rule → clips with both
    sides, tags read through the merges and implications."""

    duplicates: dict[str, int]
    contradictions: dict[str, int]


def audit(table: TagTable, measure: RuleSet | None = None) -> Audit:
    """Count what a rule set would find wrong in a table, without changing it."""
    measure = measure or load_rules(DEFAULT_RULES)
    columns, _ = columns_of(table)
    duplicates = {}
    for tag, members in synonyms(measure).items():
        count = np.zeros(columns.n, dtype=np.int16)
        for member in members:
            count += columns.get(member)
        duplicates[tag] = int((count >= 2).sum())
    return Audit(duplicates, contradictions(columns, measure))


def synonyms(rules: RuleSet) -> dict[str, frozenset[str]]:
    """Tag → itself and every tag that means the same by these rules (compounds, which say more, left out)."""
    members: dict[str, set[str]] = {}
    for step in rules.steps:
        if isinstance(step.rule, Merge) and len(step.rule.into) == 1:
            parent = step.rule.into[0]
            group = members.setdefault(parent, {parent})
            for child in step.rule.from_:
                group |= members.pop(child, {child})
    return {tag: frozenset(group) for tag, group in members.items()}
