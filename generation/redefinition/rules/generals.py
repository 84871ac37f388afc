"""Which tag is a special case of which: the relation by which a special word stands for a general one in a prompt."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

BESIDE_A_SPECIAL_WORD = "a special word for it is named already"
_DENIALS = ("no ", "not ", "non ", "non-", "without ")


@dataclass(frozen=True)
class Generals:
    """The general tags of each tag.

    `direct`: tag → general tag → reason, as the rules state it. `last_words`: whether a tag is a special case of the
    tag that it ends in, except of a compound in `other_heads` (a bass guitar is no guitar). `canonical`: tag → the
    tag that it is merged into.
    """

    direct: Mapping[str, Mapping[str, str]]
    canonical: Mapping[str, str]
    last_words: bool
    other_heads: Collection[str]
    _found: dict[str, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, tag: str) -> Mapping[str, str]:
        """Every tag more general than `tag` (normalised), directly or through others, with the reason."""
        if tag not in self._found:
            found: dict[str, str] = {}
            waiting = [tag]
            while waiting:
                for general, why in self._above(waiting.pop()):
                    if general != tag and general not in found:
                        found[general] = why
                        waiting.append(general)
            self._found[tag] = found
        return self._found[tag]

    def _above(self, tag: str) -> Iterator[tuple[str, str]]:
        yield from self.direct.get(tag, {}).items()
        if not self.last_words or tag.startswith(_DENIALS):
            return
        ending = tag
        while ending not in self.other_heads and (gap := re.search("[ -]", ending)):
            ending = ending[gap.end() :]
            yield self.canonical.get(ending, ending), BESIDE_A_SPECIAL_WORD
