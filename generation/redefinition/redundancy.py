"""Count redundant tags over all tags of a table: two words for one thing, and a general word beside a special one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from generation.redefinition.columns import Columns
from generation.redefinition.rules.rule_set import RuleSet

Relation = Literal["same thing", "general and special"]


@dataclass(frozen=True)
class RedundantPair:
    """Two tags of which one says nothing more, and the clips that have both: as found, redefined, and in prompts."""

    general: str
    special: str
    relation: Relation
    before: int
    after: int
    in_prompts: int


@dataclass(frozen=True)
class Redundancy:
    """The redundant pairs that at least one clip has, the most frequent first, and the clips that have any."""

    pairs: tuple[RedundantPair, ...]
    clips_before: int
    clips_after: int
    clips_in_prompts: int


def prompt_columns(columns: Columns, rules: RuleSet) -> Columns:
    """The tags that prompts name: without each general tag on the clips where a special one stands for it."""
    left = columns.copy()
    for special, rows in columns.values.items():
        for general in rules.generals.of(special):
            left.remove(general, rows)
    left.values = {tag: rows for tag, rows in left.values.items() if rows.any() or not columns.values[tag].any()}
    return left


def count_redundancy(before: Columns, after: Columns, in_prompts: Columns, rules: RuleSet) -> Redundancy:
    """Count every redundant pair among all tags of a table, by what `rules` know of the tags.

    before, after, in_prompts: the same n clips as found, redefined, and as prompts name them.
    """
    counted = [_count(columns, rules) for columns in (before, after, in_prompts)]
    relations: dict[tuple[str, str], Relation] = {}
    for found, _ in counted:
        relations |= {pair: relation for pair, (relation, _) in found.items()}
    pairs = []
    for (general, special), relation in relations.items():
        numbers = [found[general, special][1] if (general, special) in found else 0 for found, _ in counted]
        pairs.append(RedundantPair(general, special, relation, *numbers))
    pairs.sort(key=lambda pair: (-max(pair.before, pair.after), pair.general, pair.special))
    return Redundancy(tuple(pairs), *(clips for _, clips in counted))


def _count(columns: Columns, rules: RuleSet) -> tuple[dict[tuple[str, str], tuple[Relation, int]], int]:
    """Each redundant pair with its relation and number of clips, and the clips with any pair."""
    tags = sorted(columns.values)
    if not tags:
        return {}, 0
    matrix = np.column_stack([columns.values[tag] for tag in tags]).astype(np.float32)
    together = (matrix.T @ matrix).astype(int)
    found: dict[tuple[str, str], tuple[Relation, int]] = {}
    clips = np.zeros(columns.n, dtype=bool)
    for at, special in enumerate(tags):
        for beside in np.flatnonzero(together[at]).tolist():
            general = tags[beside]
            relation = None if beside == at else relation_of(general, special, rules)
            if relation is None or (relation == "same thing" and general > special):
                continue
            found[general, special] = (relation, int(together[at, beside]))
            clips |= columns.values[general] & columns.values[special]
    return found, int(clips.sum())


def relation_of(general: str, special: str, rules: RuleSet) -> Relation | None:
    """The relation by which `general` adds nothing beside `special`, or None."""
    meant, parts = (rules.meanings.get(tag, (tag,)) for tag in (general, special))
    if meant == parts:
        return "same thing"
    if len(meant) == 1 and (meant[0] in parts or any(meant[0] in rules.generals.of(tag) for tag in (special, *parts))):
        return "general and special"
    return None
