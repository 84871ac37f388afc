"""The built-in sentence writer: a small grammar that gives every tag its place by kind, without any model.

Each tag keeps its own word in the sentence. If "electro" became "electronic", or "guitars" became "guitar", the writer
would redefine the original tags too, and the study could not measure what redefinition does. Only a singular beside its
own plural is left out: "drums" says "drum" too.

A tag's *kind* (instrument, voice, genre, mood, tempo, origin, other) decides its place in the sentence; its *form*
(adjective, countable noun, uncountable noun) decides its article. All free choices (the part that opens the sentence,
the verb, the noun for the music) are drawn from the seed alone, never from the tags, so that the sentences of a clip's
two tag sets, written with one seed, differ only by their tags. A few verbs have a twin for another tempo: slow music
drifts by, fast music rushes by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from generation.redefinition import RuleSet
from generation.redefinition.vocabulary import kind_of, known_tags, prompt_word
from generation.writing.base import CountTokens, Sentence, SentenceTooLong, clean_tags
from generation.writing.content import check_scripts, find_content_faults
from generation.writing.english import is_act, phrase_of, tempo_of, voice_phrases, without_twins
from generation.writing.options import TemplateOptions
from generation.writing.sentence_forms import FORMS, Choices, Parts

GRAMMAR_VERSION = "3"

# A word that redefinition gives for a tag has its place by this ending, not by the kind of the tag.
_STAND_ALONE = (" music", " sound", " song", " performance")


@cache
def _kinds_of_prompt_words() -> dict[str, str]:
    return {prompt_word(tag): kind_of(tag) for tag in sorted(known_tags())}


def kind_of_word(word: str) -> str:
    """The kind of a tag, or of the word that redefinition gives for one ("wind instruments" for "wind")."""
    kind = kind_of(word)
    if kind == "other" and not word.endswith(_STAND_ALONE):
        return _kinds_of_prompt_words().get(word, kind)
    return kind


class TemplateWriter:
    """Writes a sentence from tags by rules; see the module's docstring.

    `kind_of` returns the kind of a tag; pass another function for tags outside the vocabulary.
    """

    def __init__(
        self,
        options: TemplateOptions,
        *,
        kind_of: Callable[[str], str] = kind_of_word,
        rules: RuleSet | None = None,
    ) -> None:
        self._options = options
        self._kind_of = kind_of
        self._rules = rules

    @property
    def identity(self) -> dict[str, str]:
        return {"kind": "template", "grammar": GRAMMAR_VERSION}

    def write(self, tags: Sequence[str], *, count_tokens: CountTokens, token_limit: int, seed: int) -> Sentence:
        """Write the fullest form that fits; see `SentenceWriter.write`.

        Raises:
            SentenceUnusable: a tag is in letters that an English sentence cannot have.
            SentenceTooLong: even the shortest form does not fit.
        """
        cleaned = clean_tags(tags)
        check_scripts(cleaned, "en")
        parts = self._sort(cleaned)
        choices = Choices.draw(seed)
        tokens = 0
        for form, build in FORMS:
            text = build(parts, choices)
            tokens = count_tokens(text)
            if tokens <= token_limit:
                provenance = {**self.identity, "form": form, "seed": seed, "token_limit": token_limit}
                faults = find_content_faults(text, cleaned, self._rules)
                return Sentence(text, tokens, provenance | faults.as_record())
        raise SentenceTooLong(
            f"The shortest sentence for the tags {', '.join(tags)} has {tokens} tokens and the painter "
            f"reads {token_limit}: use fewer or shorter tags for both tag sets."
        )

    def _sort(self, tags: Sequence[str]) -> Parts:
        parts = Parts()
        voices: list[str] = []
        for tag in tags:
            kind = self._kind_of(tag)
            word = tag if kind == "other" else tag.lower()
            phrase = phrase_of(word, kind)
            if phrase.negated:
                (parts.unlike if phrase.is_adjective else parts.without).append(phrase.with_article)
            elif kind == "voice" and not phrase.is_adjective:
                voices.append(word)
            elif kind == "instrument" and not phrase.is_adjective:
                parts.instruments.append(phrase)
            elif kind == "genre":
                parts.genres.append(phrase.text)
            elif kind == "origin" and phrase.is_adjective:
                parts.origins.append(phrase.text)
            elif phrase.is_adjective:
                parts.adjectives.append(phrase.text)
            elif kind == "tempo":
                parts.rhythms.append(phrase)
            elif phrase.text.endswith(("performance", "song")):
                parts.manners.append(phrase)
            else:
                parts.others.append(phrase)
        sung = without_twins(voice_phrases(voices))
        parts.voices = [phrase for phrase in sung if not is_act(phrase)]
        parts.acts = [phrase for phrase in sung if is_act(phrase)]
        parts.instruments, parts.rhythms = without_twins(parts.instruments), without_twins(parts.rhythms)
        parts.tempo = tempo_of(tags)
        # "no vocal" and "no vocals" are two tags with one meaning.
        parts.without, parts.unlike = list(dict.fromkeys(parts.without)), list(dict.fromkeys(parts.unlike))
        return parts
