"""What says a tag: its own words inflected, the words that the rules merge with it, and reviewed synonyms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from generation.redefinition import RuleSet, kind_of
from generation.redefinition.rules.schema import Family, Implication, Merge
from generation.redefinition.spelling import normalise
from generation.redefinition.vocabulary import denied_part, known_tags, prompt_word
from generation.writing.content.inflection import forms_of, number
from generation.writing.content.tokens import is_word, tokenise
from generation.writing.content.word_lists import word_lists

Phrase = tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Need:
    """Phrases of which the text must have one, denied or not."""

    phrases: tuple[Phrase, ...]
    is_denied: bool


Way = tuple[Need, ...]
"""One way to say a tag: all its needs."""


@lru_cache(maxsize=10_000)  # of tags and of words of lists, which come again and again
def words_of(text: str) -> tuple[str, ...]:
    return tuple(token for token in tokenise(text) if is_word(token))


class Meanings:
    """What says each tag, by one rule set."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._lists = word_lists()
        # The vocabulary is small: each tag is looked up once for the life of the process.
        self.same_as = cache(self._same_as)
        self.generals = cache(self._generals)
        self.implied = cache(self._implied)
        self.ways = cache(self._ways)

    # The words that mean the same ------------------------------------------------------------------------------

    @cached_property
    def _groups(self) -> dict[str, frozenset[str]]:
        """Each name of the reviewed lists → all names that mean the same."""
        return {name: frozenset(group) for group in self._lists.same for name in group}

    @cached_property
    def _merged(self) -> dict[str, frozenset[str]]:
        """Each tag → the tags that the rules merge with it into one."""
        groups: dict[str, set[str]] = {}
        for step in self._rules.steps:
            if isinstance(step.rule, Merge) and len(step.rule.into) == 1:
                group: set[str] = set()
                for name in (*step.rule.into, *step.rule.from_):
                    group |= groups.get(name, {name})
                groups |= dict.fromkeys(group, group)
        return {name: frozenset(group) for name, group in groups.items()}

    @cached_property
    def _compounds(self) -> dict[str, tuple[str, ...]]:
        """Each compound tag → the tags that the rules make of it."""
        rules = (step.rule for step in self._rules.steps)
        merges = (rule for rule in rules if isinstance(rule, Merge) and len(rule.into) > 1)
        return {name: merge.into for merge in merges for name in merge.from_}

    @cached_property
    def _worded(self) -> dict[str, frozenset[str]]:
        """Each prompt word → its tags."""
        found: dict[str, set[str]] = {}
        for tag in self._rules.known:
            for word in {prompt_word(tag), self._rules.prompt_word(tag)} - {tag}:
                found.setdefault(word, set()).add(tag)
        return {word: frozenset(tags) for word, tags in found.items()}

    def _same_as(self, name: str) -> frozenset[str]:
        """All names that say the tag `name`, itself included."""
        found = {name} | self._groups.get(name, frozenset())
        for word in {prompt_word(name), self._rules.prompt_word(name)}:
            found |= {word} | self._groups.get(word, frozenset())
        # A rule may lose a word on purpose ("piano" for "piano solo"); such a word does not say the tag.
        length = len(words_of(name))
        joined = self._merged.get(name, frozenset()) | self._worded.get(name, frozenset())
        return frozenset(found | {other for other in joined if len(words_of(other)) >= length})

    def _generals(self, name: str) -> frozenset[str]:
        """The names that the tag `name` covers: what rules drop beside it or conclude from it, and reviewed words."""
        names = self.same_as(name)
        found = {general for general, special in self._lists.general.items() if names & set(special)}
        found |= self.implied(name) | set(self._compounds.get(name, ()))
        return frozenset().union(*(self.same_as(general) for general in found)) if found else frozenset()

    def _implied(self, name: str) -> frozenset[str]:
        """The tags that add nothing beside the tag `name`, by the rules."""
        names = self.same_as(name)
        found: set[str] = set()
        for step in self._rules.steps:
            rule = step.rule
            if isinstance(rule, Family) and names & set(rule.beside):
                found |= set(rule.drop)
            elif isinstance(rule, Implication) and rule.tag in names:
                found |= set(rule.implies)
        return frozenset(found)

    # How a tag is said ------------------------------------------------------------------------------------------

    def _ways(self, tag: str) -> tuple[Way, ...]:
        """The ways to say `tag`, its own words first."""
        name = normalise(tag)
        if name in self._lists.only_as:
            return ((Need(tuple(self._phrase(form, exact=True) for form in self._lists.only_as[name]), False),),)
        ways: list[Way] = [(self._need([name]),)]
        denied = denied_part(name)
        if denied is not None:
            ways = [(Need(self._need(self.same_as(denied)).phrases, True),)]
        for other in sorted(self.same_as(name) - {name}):
            part = denied_part(other)
            if part is not None:
                ways.append((Need(self._need([part]).phrases, True),))
            else:
                ways.append((self._need([other]),))
        if name in self._compounds:
            ways.append(tuple(self._need(self.same_as(part)) for part in self._compounds[name]))
        return tuple(ways)

    def _need(self, names: Iterable[str]) -> Need:
        phrases: list[Phrase] = []
        for name in names:
            phrases.append(self._phrase(name))
            phrases += [self._phrase(form, exact=True) for form in self._lists.said_by.get(name, ())]
        return Need(tuple(phrase for phrase in phrases if phrase), False)

    def _phrase(self, name: str, *, exact: bool = False) -> Phrase:
        words = words_of(name)
        if not words:
            return ()
        last = frozenset({words[-1]}) if exact else forms_of(words[-1], kind_of(name))
        return (*(frozenset({word}) for word in words[:-1]), last)

    # The vocabulary of music ------------------------------------------------------------------------------------

    @cached_property
    def vocabulary(self) -> dict[tuple[str, ...], str]:
        """The words of each form of the vocabulary of music → its name. The longest has `longest` words."""
        found: dict[tuple[str, ...], str] = {}
        names = self._kinds
        # The built-in names come last, so that "hip hop" has its own name and not that of another spelling.
        for name, kind in sorted(names.items(), key=lambda pair: (pair[0] in known_tags(), pair[0])):
            words = words_of(name)
            if denied_part(name) is not None or not words:
                continue
            endings = number(words[-1]) if kind in ("instrument", "voice", "other") else {words[-1]}
            found |= {(*words[:-1], ending): name for ending in endings}
        for forms in (
            *((group[0], group) for group in self._lists.same),
            *self._lists.said_by.items(),
        ):
            name, others = forms
            if not any(other in names for other in (name, *others)):
                continue
            for other in others:
                if denied_part(other) is None and not other.startswith(("nobody ", "no ")):
                    found.setdefault(words_of(other), name)
        return found

    @cached_property
    def _kinds(self) -> dict[str, str]:
        kinds: dict[str, str] = {name: kind for kind, more in self._lists.more.items() for name in more}
        return kinds | {name: kind_of(name) for name in known_tags() | self._rules.known}

    def kind(self, name: str) -> str:
        """The kind of a name of the vocabulary; "other" for any other text."""
        return self._kinds.get(name, "other")

    @cached_property
    def single_words(self) -> frozenset[str]:
        """The words that are a name of the vocabulary by themselves."""
        return frozenset(words[0] for words in self.vocabulary if len(words) == 1)

    @cached_property
    def longest(self) -> int:
        return max(len(words) for words in self.vocabulary)
