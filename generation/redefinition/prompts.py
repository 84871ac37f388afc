"""Both tag sets of a clip as prompts: one order, one number of tags, one token limit for both.

Neither set may have an advantage from more words, or from a cut that the other set does not have. Whether the sets
differ is decided on their tags, not on the words that tags become in a prompt. A general tag beside a special one is
left out by the rules: it stays in a set to which they are not applied, such as the original tags.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.spelling import normalise

SEPARATOR = ", "
IN_PROMPTS = "in prompts: "
"""How the rule of a stand-in begins in the list of changes."""
TagSet = Literal["original", "redefined"]
WordsFor = Literal["both", "redefined"]
"""The tag sets whose tags become prompt words ("low" → "low-pitched")."""


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
    `unchanged`: the two sets do not differ (see `fit_tag_sets`). `stand_ins`: for each set, the tags that its prompt
    leaves out, since a special word stands for each.
    """

    original: tuple[str, ...]
    redefined: tuple[str, ...]
    length: int
    unchanged: bool
    stand_ins: Mapping[TagSet, tuple[StandIn, ...]] = field(default_factory=dict)

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
    redefined_probabilities: Mapping[str, float] | None = None,
    words_for: WordsFor = "both",
    ruled: Collection[str] = ("redefined",),
    translate: Callable[[Sequence[str]], list[str]] | None = None,
    rules: RuleSet,
    limit: int,
    count_tokens: Callable[[str], int],
    token_limit: int,
) -> FittedTagSets:
    """Order both sets, cut both at `limit` tags, then shorten both tag by tag until both prompts fit.

    From a set to which the rules were applied, general tags beside a special one are left out first. The sets are
    unchanged if they have the same tags, or if the cut leaves the same tags or the same words of both: the two prompts
    then have one order, that of the original set, so that they differ in no other way either.

    Args:
        probabilities: of the tagger by which the sets are ordered.
        redefined_probabilities: of the tagger by which the redefined set is ordered, if it is another one.
        words_for: the sets whose tags become prompt words; a set without them has its tags as they are. A tag that the
            rules replace by another has no word: the word would do the rules' work in a set that is before them.
        ruled: the sets to which the rules were applied.
        translate: tags to words of the prompts' language, for prompts that are not in that of the vocabulary; the
            vocabulary's prompt words are then not used.

    Raises:
        TagsDoNotFit: a set is empty, or its first tag alone is longer than `token_limit`.
    """
    if redefined_probabilities is None:
        redefined_probabilities = probabilities
    in_places: dict[TagSet, list[str]] = {
        "original": in_order(original, probabilities, rules),
        "redefined": in_order(redefined, redefined_probabilities, rules),
    }
    found = {name: stand_ins(tags, rules) if name in ruled else () for name, tags in in_places.items()}
    named = {name: _with_stand_ins(tags, found[name]) for name, tags in in_places.items()}
    if translate is None:
        ours = _tags_by_word(named["original"], rules if words_for == "both" else None)
        theirs = _tags_by_word(named["redefined"], rules)
    else:
        ours, theirs = (_tags_by_word(translate(named[name]), None) for name in ("original", "redefined"))
    for name, tags in (("original", ours), ("redefined", theirs)):
        if not tags:
            raise TagsDoNotFit(f"The {name} tag set is empty, so there is nothing to paint. Give the clip tags.")
    is_same = _have_the_same_tags(ours, theirs)
    if is_same:
        theirs = _in_the_order_of(ours, theirs)
    longest = min(limit, max(len(ours), len(theirs)))
    for length in range(longest, 0, -1):
        first, second = _cut(ours, length), _cut(theirs, length)
        unchanged = is_same or _have_the_same_tags(first, second) or first.keys() == second.keys()
        if unchanged:
            second = _in_the_order_of(first, second)
        fitted = FittedTagSets(tuple(first), tuple(second), length, unchanged, found)
        if max(count_tokens(fitted.original_prompt), count_tokens(fitted.redefined_prompt)) <= token_limit:
            return fitted
    raise TagsDoNotFit(
        f"The painter reads {token_limit} tokens, and the first tag alone ('{next(iter(ours))[:40]}' or "
        f"'{next(iter(theirs))[:40]}') has more. Shorten the tag."
    )


def _tags_by_word(tags: Sequence[str], rules: RuleSet | None) -> dict[str, str]:
    """Return the normalised tag of each word in a prompt; two tags may have the same word, which is used once."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(tag if rules is None else _word(normalise(tag), rules), normalise(tag))
    return found


def _word(name: str, rules: RuleSet) -> str:
    return name if name in rules.replaced else rules.prompt_word(name)


def _have_the_same_tags(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    return set(ours.values()) == set(theirs.values())


def _cut(tags: Mapping[str, str], length: int) -> dict[str, str]:
    return dict(list(tags.items())[:length])


def _in_the_order_of(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return `theirs` in the order of `ours`, which has the same tags or the same words."""
    by_word = {word: place for place, word in enumerate(ours)}
    by_tag = {tag: place for place, tag in enumerate(ours.values())}
    return dict(sorted(theirs.items(), key=lambda pair: by_word.get(pair[0], by_tag.get(pair[1], len(by_tag)))))
