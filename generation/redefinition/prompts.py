"""Both tag sets of a clip as prompts: one order, one number of tags, one token limit for both.

Neither set may have an advantage from more words, or from a cut that the other set does not have. A general tag beside
a special one is left out of the redefined set: that is part of redefinition, so the original set keeps it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.spelling import normalise

SEPARATOR = ", "


class TagsDoNotFit(ValueError):
    """Not even one tag of each set fits the painter's token limit."""


@dataclass(frozen=True)
class StandIn:
    """A general tag that a prompt leaves out, the special tag that stands for it, and why."""

    general: str
    special: str
    why: str


@dataclass(frozen=True)
class FittedTagSets:
    """Both tag sets, ordered and cut in the same way, and their prompts.

    `original` and `redefined` are the words in the prompts; `length` is the most tags that either set may have.
    `stand_ins`: the redefined tags that the prompt leaves out, since a special word stands for each.
    """

    original: tuple[str, ...]
    redefined: tuple[str, ...]
    length: int
    stand_ins: tuple[StandIn, ...] = ()

    @property
    def original_prompt(self) -> str:
        return SEPARATOR.join(self.original)

    @property
    def redefined_prompt(self) -> str:
        return SEPARATOR.join(self.redefined)


def in_order(tags: Sequence[str], probabilities: Mapping[str, float], rules: RuleSet) -> list[str]:
    """Sort tags by the tagger's probability, highest first, then the tags it does not know, in the order given.

    A tag into which others were merged has the highest probability among these.
    """
    named = {normalise(tag): probability for tag, probability in probabilities.items()}
    known = {tag: rules.probability(tag, named) for tag in tags}
    return sorted(tags, key=lambda tag: -(known[tag] or 0.0) if known[tag] is not None else 1.0)


def stand_ins(tags: Sequence[str], rules: RuleSet) -> tuple[StandIn, ...]:
    """Each general tag beside a special one, with the first special tag of the list that stands for it.

    Which tags are left out does not depend on the order of `tags`, and without them nothing more is left out.
    """
    names = {tag: normalise(tag) for tag in tags}
    above = {tag: rules.generals.of(name) for tag, name in names.items()}
    left_out = {name for found in above.values() for name in found}
    special = [tag for tag in tags if names[tag] not in left_out]
    found = []
    for tag in dict.fromkeys(tags):
        stands = next((other for other in special if names[tag] in above[other]), None)
        if stands is not None:
            found.append(StandIn(tag, stands, above[stands][names[tag]]))
    return tuple(found)


def _with_stand_ins(ordered: Sequence[str], found: Sequence[StandIn]) -> list[str]:
    """The tags with each general one replaced by its stand-in, which takes the better of the two places."""
    stands = {entry.general: entry.special for entry in found}
    return list(dict.fromkeys(stands.get(tag, tag) for tag in ordered))


def fit_tag_sets(
    original: Sequence[str],
    redefined: Sequence[str],
    probabilities: Mapping[str, float],
    *,
    rules: RuleSet,
    limit: int,
    count_tokens: Callable[[str], int],
    token_limit: int,
) -> FittedTagSets:
    """Order both sets, cut both at `limit` tags, then shorten both tag by tag until both prompts fit.

    From the redefined set, general tags beside a special one are left out first. Original tags are used as they are,
    redefined tags by their prompt words.

    Raises:
        TagsDoNotFit: a set is empty, or its first tag alone is longer than `token_limit`.
    """
    ordered = in_order(original, probabilities, rules)
    by_probability = in_order(redefined, probabilities, rules)
    left_out = stand_ins(by_probability, rules)
    named = (rules.prompt_word(tag) for tag in _with_stand_ins(by_probability, left_out))
    words = list(dict.fromkeys(named))  # two tags may have the same word: use it once
    for name, tags in (("original", ordered), ("redefined", words)):
        if not tags:
            raise TagsDoNotFit(f"The {name} tag set is empty, so there is nothing to paint. Give the clip tags.")
    longest = min(limit, max(len(ordered), len(words)))
    for length in range(longest, 0, -1):
        fitted = FittedTagSets(tuple(ordered[:length]), tuple(words[:length]), length, left_out)
        if max(count_tokens(fitted.original_prompt), count_tokens(fitted.redefined_prompt)) <= token_limit:
            return fitted
    raise TagsDoNotFit(
        f"The painter reads {token_limit} tokens, and the first tag alone ('{ordered[0][:40]}' or "
        f"'{words[0][:40]}') has more. Shorten the tag."
    )
