"""Count duplicate and contradictory tags of a table, by one rule set, to compare tables before and after others."""

from dataclasses import dataclass

import numpy as np

from generation.redefinition.engine import contradictions
from generation.redefinition.rules.rule_files import DEFAULT_RULES, load_rules
from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.rules.schema import Merge
from generation.redefinition.table import columns_of
from generation.redefinition.tag_files import TagTable


@dataclass(frozen=True)
class TagFaults:
    """Faults of a table.

    duplicates: tag → clips that carry two or more of its synonyms. contradictions: rule → clips with both sides, tags
    read through the merges and implications.
    """

    duplicates: dict[str, int]
    contradictions: dict[str, int]


def count_faults(table: TagTable, rules: RuleSet | None = None) -> TagFaults:
    """Count the faults that a rule set (default: `curated`) finds in a table, without changing it."""
    rules = rules or load_rules(DEFAULT_RULES)
    columns, _ = columns_of(table)
    duplicates = {}
    for tag, members in synonyms(rules).items():
        count = np.zeros(columns.n, dtype=np.int16)
        for member in members:
            count += columns.get(member)
        duplicates[tag] = int((count >= 2).sum())
    return TagFaults(duplicates, contradictions(columns, rules))


def synonyms(rules: RuleSet) -> dict[str, frozenset[str]]:
    """Tag → the tag and every tag that means the same by these rules (compounds mean more and are left out)."""
    members: dict[str, set[str]] = {}
    for step in rules.steps:
        if isinstance(step.rule, Merge) and len(step.rule.into) == 1 and not step.rule.is_conditional:
            parent = step.rule.into[0]
            group = members.setdefault(parent, {parent})
            for child in step.rule.from_:
                group |= members.pop(child, {child})
    return {tag: frozenset(group) for tag, group in members.items()}
