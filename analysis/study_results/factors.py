"""The factors of a study's analysis, from the factor levels of its conditions."""

from collections.abc import Sequence

from study.models import Condition


def factors_of(conditions: Sequence[Condition]) -> dict[str, list[str]] | None:
    """Each factor of two levels, with the conditions at its high level; None if there is no such factor.

    For tag set × prompt form the high levels are "redefined" and "sentence". For other factors the high level is that
    of the first condition, and it is part of the name: factor "size" with first level "large" is called size_large.
    A factor with more than two levels, or without a level for some condition, makes no contrast: the report compares
    its conditions pair by pair.
    """
    redefined = [row.key for row in conditions if row.levels.get("tags") == "redefined"]
    sentence = [row.key for row in conditions if row.levels.get("form") == "sentence"]
    if len(conditions) == 4 and len(redefined) == 2 and len(sentence) == 2:
        return {"redefined": redefined, "sentence": sentence}
    found = {}
    for name, first in (conditions[0].levels if conditions else {}).items():
        levels = [row.levels.get(name) for row in conditions]
        if None not in levels and len(set(levels)) == 2:
            found[f"{name}_{first}"] = [row.key for row in conditions if row.levels[name] == first]
    return found or None


def has_preset(conditions: Sequence[Condition]) -> bool:
    """Whether the conditions are tag set × prompt form."""
    return set(factors_of(conditions) or ()) == {"redefined", "sentence"}
