"""Both tag sets of a clip as prompts: one order, one length, one token limit for both.

Neither set may win by having more words, or by being cut where the other is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generation.redefinition.rule_set import RuleSet
from generation.redefinition.spelling import normalise

SEPARATOR = ", "


class TagsDoNotFit(ValueError):
    """Not even one tag of each set fits the painter's token limit."""


@dataclass(frozen=True)
class FittedTagSets:
    """Both tag sets in order and cut alike, and the prompts of their tags.

    `original` and `redefined` are the words as they stand in the prompts; `length` is the common cut.
    """

    original: tuple[str, ...]
    redefined: tuple[str, ...]
    length: int

    @property
    def original_prompt(self) -> str:
        return SEPARATOR.join(self.original)

    @property
    def redefined_prompt(self) -> str:
        return SEPARATOR.join(self.redefined)


def in_order(tags: Sequence[str], probabilities: Mapping[str, float], rules: RuleSet) -> list[str]:
    """The tags by the tagger's probability, highest first; those it does not know after them, as given.

    A tag that others were merged into takes the highest probability among them.
    """
    named = {normalise(tag): probability for tag, probability in probabilities.items()}
    known = {tag: rules.probability(tag, named) for tag in tags}
    return sorted(tags, key=lambda tag: -(known[tag] or 0.0) if known[tag] is not None else 1.0)


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
    """Orders both sets, cuts both at `limit` tags, then both tag by tag until both prompts fit.

    Original tags stand as they are, redefined ones by the word that the rules give them.

    Raises:
        TagsDoNotFit: a set is empty, or its first tag alone is longer than `token_limit`.
    """
    ordered = in_order(original, probabilities, rules)
    named = (rules.prompt_word(tag) for tag in in_order(redefined, probabilities, rules))
    words = list(dict.fromkeys(named))  # two tags may have one word; it is said once
    for name, tags in (("original", ordered), ("redefined", words)):
        if not tags:
            raise TagsDoNotFit(f"The {name} tag set is empty, so there is nothing to paint. Give the clip tags.")
    longest = min(limit, max(len(ordered), len(words)))
    for length in range(longest, 0, -1):
        fitted = FittedTagSets(tuple(ordered[:length]), tuple(words[:length]), length)
        if max(count_tokens(fitted.original_prompt), count_tokens(fitted.redefined_prompt)) <= token_limit:
            return fitted
    raise TagsDoNotFit(
        f"The painter reads {token_limit} tokens, and the first tag alone ('{ordered[0][:40]}' or "
        f"'{words[0][:40]}') has more. Shorten the tag."
    )
