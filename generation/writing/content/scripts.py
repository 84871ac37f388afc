"""Tags in letters that a sentence's language does not have."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generation.redefinition.spelling import normalise
from generation.writing.base import SentenceUnusable
from generation.writing.content.korean import english_of, korean_of

LANGUAGES = {"en": "English", "ko": "Korean"}
_SCRIPTS = {"en": ("LATIN",), "ko": ("LATIN", "HANGUL")}


def foreign_tags(tags: Iterable[str], language: str) -> list[str]:
    """The tags with a letter that sentences in `language` cannot have, each once: "기타" for English."""
    return [tag for tag in dict.fromkeys(tags) if any(_is_foreign(letter, language) for letter in tag)]


def _is_foreign(letter: str, language: str) -> bool:
    return letter.isalpha() and not unicodedata.name(letter, "").startswith(_SCRIPTS[language])


def check_scripts(tags: Sequence[str], language: str) -> None:
    """Refuse tags that no sentence in `language` can say.

    Raises:
        SentenceUnusable: it names the tags.
    """
    found = foreign_tags(tags, language)
    if found:
        raise SentenceUnusable(unreadable(found, language))


@dataclass(frozen=True)
class Translation:
    """A clip's tags in English for the rules, and in the language of its prompts.

    `tags`: in English, but for tags of a Korean study that the list does not have. `from_korean`: English tag → the
    Korean tag that was given.
    """

    tags: list[str]
    from_korean: dict[str, str]
    language: str

    def in_prompts(self, tags: Iterable[str]) -> list[str]:
        """The tags in the language of the prompts; two tags with one Korean word give it once."""
        if self.language == "en":
            return list(tags)
        return list(dict.fromkeys(self.from_korean.get(tag) or korean_of(tag) for tag in tags))


def translate_tags(
    tags: Sequence[str], language: str, by_rules: Mapping[str, tuple[str, ...]] | None = None
) -> Translation:
    """Translate Korean tags by the study's rules, or else by the list; `language` is that of the prompts.

    `by_rules`: tag → English tags (`RuleSet.translations`).

    Raises:
        SentenceUnusable: a tag is in letters that the prompts cannot have, and neither rules nor list have it.
    """
    english = {tag: _english_tags(tag, by_rules or {}) for tag in foreign_tags(tags, "en")}
    unknown = [tag for tag in foreign_tags(tags, language) if not english[tag]]
    if unknown:
        raise SentenceUnusable(unreadable(unknown, language))
    found = list(dict.fromkeys(name for tag in tags for name in english.get(tag) or (tag,)))
    return Translation(found, {name: tag for tag, names in english.items() for name in names}, language)


def _english_tags(tag: str, by_rules: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    listed = english_of(tag)
    return by_rules.get(normalise(tag)) or (() if listed is None else (listed,))


def unreadable(tags: Sequence[str], language: str) -> str:
    """One sentence that names tags in foreign letters, and what to do."""
    named = ", ".join(f"“{tag}”" for tag in tags[:20]) + (f" and {len(tags) - 20} more" if len(tags) > 20 else "")
    if language == "en":
        return (
            f"English prompts cannot have these tags, and the list of translations does not know them: {named}. "
            "Write them in English in the tag table and import it again."
        )
    return (
        f"{LANGUAGES[language]} sentences cannot say these tags: {named}. Write them in {LANGUAGES[language]} or "
        "English in the tag table and import it again."
    )
