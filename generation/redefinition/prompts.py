"""Both tag sets of a clip as prompts: one order, one number of tags, one token limit for both.

Neither set may have an advantage from more words, or from a cut that the other set does not have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.spelling import normalise

SEPARATOR = ", "


class TagsDoNotFit(ValueError):
    """Not even one tag of each set fits the painter's token limit."""


@dataclass(frozen=True)
class FittedTagSets:
    """Both tag sets, ordered and cut in the same way, and their prompts.

    `original` and `redefined` are the words in the prompts; `length` is the most tags that either set may have.
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
    """Sort tags by the tagger's probability, highest first, then the tags it does not know, in the order given.

    A tag into which others were merged has the highest probability among these.
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
    """Order both sets, cut both at `limit` tags, then shorten both tag by tag until both prompts fit.

    Original tags are used as they are, redefined tags by their prompt words.

    Raises:
        TagsDoNotFit: a set is empty, or its first tag alone is longer than `token_limit`.
    """
    ordered = in_order(original, probabilities, rules)
    named = (rules.prompt_word(tag) for tag in in_order(redefined, probabilities, rules))
    words = list(dict.fromkeys(named))  # two tags may have the same word: use it once
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
