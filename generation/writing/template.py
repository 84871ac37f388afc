"""The built-in sentence writer: a small grammar that gives every tag its place by kind, without any model.

A tag stands in the sentence in its own word: were "electro" written as "electronic", or "guitars" as "guitar",
the writer would redefine the original tags in passing, and the study could not see what redefinition does.
A tag's *kind* (instrument, voice, genre, mood, tempo, origin, other) says where in the sentence it stands;
its *form* (adjective, countable thing, uncountable thing) says with which article. All free choices (which
part opens the sentence, which verb, which noun stands for the music) are drawn from the seed alone and never
from the tags, so the two tag sets of a clip, written with one seed, differ by their tags only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from generation.redefinition.vocabulary import kind_of, known_tags, prompt_word
from generation.writing.base import CountTokens, Sentence, SentenceTooLong, clean_tags
from generation.writing.options import TemplateOptions
from generation.writing.words import Phrase, capitalised, enumerate_words, phrase_of, voice_phrases, with_article

GRAMMAR_VERSION = "2"

# Each row: how a single thing does it, how several do.
_CARRIES = (
    ("carries", "carry"),
    ("shapes", "shape"),
    ("plays", "play"),
    ("colours", "colour"),
    ("weaves", "weave"),
)
_LEADS = (
    ("leads", "lead"),
    ("rises over", "rise over"),
    ("floats above", "float above"),
    ("guides", "guide"),
)
_UNFOLDS_ON = ("unfolds on", "rises from", "grows out of", "is carried by", "takes shape on")
_UNFOLDS = ("unfolds", "drifts by", "fills the air", "takes shape")
_HEADS = ("piece", "tune", "composition", "melody")
_JOINED_BY = ("joined by", "together with", "side by side with", "in company with")
_OVER = ("over", "driven by", "carried along by", "set to")
_TOUCHES = ("with touches of", "with hints of", "with traces of", "coloured by")
_SHADES = ("with shades of", "with echoes of", "leaning towards")


# Words that rules put for a tag and that stand by what they end with, not where the tag stood.
_STAND_ALONE = (" music", " sound", " song", " performance")


@cache
def _kinds_of_prompt_words() -> dict[str, str]:
    return {prompt_word(tag): kind_of(tag) for tag in sorted(known_tags())}


def kind_of_word(word: str) -> str:
    """The kind of a tag, or of the word that redefinition puts for one ("wind instruments" for "wind")."""
    kind = kind_of(word)
    if kind == "other" and not word.endswith(_STAND_ALONE):
        return _kinds_of_prompt_words().get(word, kind)
    return kind


@dataclass
class _Parts:
    """The tags of one set, sorted into the places of a sentence."""

    adjectives: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    genres: list[str] = field(default_factory=list)
    instruments: list[Phrase] = field(default_factory=list)
    voices: list[Phrase] = field(default_factory=list)
    rhythms: list[Phrase] = field(default_factory=list)
    others: list[Phrase] = field(default_factory=list)
    manners: list[Phrase] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Choices:
    """Everything the seed decides, drawn in one fixed order whatever the tags are."""

    opening: str
    carries: tuple[str, str]
    leads: tuple[str, str]
    unfolds_on: str
    unfolds: str
    head: str
    joined_by: str
    over: str
    touches: str
    shades: str

    @classmethod
    def draw(cls, seed: int) -> _Choices:
        chance = random.Random(f"sentence {seed}")  # a string as seed gives the same draws on every machine
        return cls(
            opening=chance.choice(("instruments", "piece", "voice", "within")),
            carries=chance.choice(_CARRIES),
            leads=chance.choice(_LEADS),
            unfolds_on=chance.choice(_UNFOLDS_ON),
            unfolds=chance.choice(_UNFOLDS),
            head=chance.choice(_HEADS),
            joined_by=chance.choice(_JOINED_BY),
            over=chance.choice(_OVER),
            touches=chance.choice(_TOUCHES),
            shades=chance.choice(_SHADES),
        )


class TemplateWriter:
    """Writes a sentence from tags by rules. See the module's docstring.

    `kind_of` is the vocabulary's; another can be given for tags of another kind of music.
    """

    def __init__(
        self,
        options: TemplateOptions,
        *,
        kind_of: Callable[[str], str] = kind_of_word,
    ) -> None:
        self._options = options
        self._kind_of = kind_of

    @property
    def identity(self) -> dict[str, str]:
        return {"kind": "template", "grammar": GRAMMAR_VERSION}

    def write(self, tags: Sequence[str], *, count_tokens: CountTokens, token_limit: int, seed: int) -> Sentence:
        """The fullest form of the sentence that fits; see `SentenceWriter.write`.

        Raises:
            SentenceTooLong: even the plainest form does not fit.
        """
        parts = self._sorted(clean_tags(tags))
        choices = _Choices.draw(seed)
        tokens = 0
        for form, build in (("full", _full), ("plain", _plain), ("terse", _terse)):
            text = build(parts, choices)
            tokens = count_tokens(text)
            if tokens <= token_limit:
                return Sentence(text, tokens, {**self.identity, "form": form, "seed": seed, "token_limit": token_limit})
        raise SentenceTooLong(
            f"The shortest sentence for the tags {', '.join(tags)} has {tokens} tokens and the painter "
            f"reads {token_limit}: use fewer or shorter tags for both tag sets."
        )

    def _sorted(self, tags: Sequence[str]) -> _Parts:
        parts = _Parts()
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
        parts.voices = voice_phrases(voices)
        # "no vocal" and "no vocals" are two tags and one denial.
        parts.without, parts.unlike = list(dict.fromkeys(parts.without)), list(dict.fromkeys(parts.unlike))
        return parts


def _piece(parts: _Parts, choices: _Choices, *, adjectives: int, genres: int) -> str:
    """The music as a noun phrase: "a slow, dark Indian folk tune"."""
    front = ", ".join(parts.adjectives[:adjectives])
    named = parts.genres[:genres]
    head = choices.head if named else f"{choices.head} of music" if choices.head == "piece" else choices.head
    words = [front, enumerate_words(parts.origins), enumerate_words(named), head]
    return with_article(" ".join(word for word in words if word))


def _tails(parts: _Parts, choices: _Choices, *, adjectives: int, genres: int) -> str:
    """What the opening left over, each kind with its own connecting words."""
    tails = []
    if parts.rhythms:
        tails.append(f"{choices.over} {_listed(parts.rhythms)}")
    if parts.others:
        tails.append(f"{choices.touches} {_listed(parts.others)}")
    if parts.genres[genres:]:
        tails.append(f"{choices.shades} {_genres(parts.genres[genres:])}")
    if parts.adjectives[adjectives:]:
        tails.append(f"{enumerate_words(parts.adjectives[adjectives:])} in character")
    tails += _manners(parts) + _negations(parts)
    return "".join(f", {tail}" for tail in tails)


def _genres(genres: Sequence[str]) -> str:
    """Genres that stand alone: "rock and techno", but "rock and jazzy music"."""
    adjectives = [genre for genre in genres if phrase_of(genre, "genre").is_adjective]
    nouns = [genre for genre in genres if genre not in adjectives]
    return enumerate_words([*nouns, *adjectives]) + (" music" if adjectives else "")


def _manners(parts: _Parts) -> list[str]:
    return [f"as {_listed(parts.manners)}"] if parts.manners else []


def _negations(parts: _Parts) -> list[str]:
    tails = []
    if parts.without:
        tails.append(f"without {enumerate_words(parts.without, last='or')}")
    if parts.unlike:
        tails.append(f"but not {enumerate_words(parts.unlike, last='or')}")
    return tails


def _listed(phrases: Sequence[Phrase]) -> str:
    return enumerate_words([phrase.with_article for phrase in phrases])


def _agreeing(verb: tuple[str, str], subjects: Sequence[Phrase]) -> str:
    return verb[1] if len(subjects) > 1 or subjects[0].is_plural else verb[0]


def _full(parts: _Parts, choices: _Choices) -> str:
    """The varied form: up to three adjectives and two genres before the noun, the rest behind."""
    room = {"adjectives": 3, "genres": 2}
    piece = _piece(parts, choices, **room)
    tails = _tails(parts, choices, **room)
    instruments, voices = parts.instruments, parts.voices
    joined = f", {choices.joined_by} {_listed(voices)}" if voices else ""
    if choices.opening == "voice" and voices:
        played = f" played on {_listed(instruments)}" if instruments else ""
        opening = f"{_listed(voices)} {_agreeing(choices.leads, voices)} {piece}{played}"
    elif choices.opening in ("instruments", "voice") and instruments:
        opening = f"{_listed(instruments)} {_agreeing(choices.carries, instruments)} {piece}{joined}"
    elif choices.opening == "within" and (instruments or voices):
        heard = [*instruments, *voices]
        opening = f"in {piece} one hears {_listed(heard)}"
    elif instruments:
        opening = f"{piece} {choices.unfolds_on} {_listed(instruments)}{joined}"
    else:
        opening = f"{piece} {choices.unfolds}{joined}"
    return capitalised(f"{opening}{tails}.")


def _plain(parts: _Parts, choices: _Choices) -> str:
    """One pattern without ornament, still a sentence with its verb."""
    room = {"adjectives": 6, "genres": 4}
    piece = _piece(parts, choices, **room)
    heard = [*parts.instruments, *parts.voices, *parts.rhythms, *parts.others]
    middle = f" has {_listed(heard)}" if heard else " plays"
    rest = [
        *([_genres(parts.genres[4:])] if parts.genres[4:] else []),
        *([enumerate_words(parts.adjectives[6:])] if parts.adjectives[6:] else []),
        *_manners(parts),
        *_negations(parts),
    ]
    return capitalised(f"{piece}{middle}{''.join(f', {part}' for part in rest)}.")


def _terse(parts: _Parts, choices: _Choices) -> str:
    """The fewest words that still give each tag its place."""
    front = " ".join([*parts.adjectives, *parts.origins, *parts.genres, "music"])
    heard = [phrase.text for phrase in [*parts.instruments, *parts.voices, *parts.rhythms, *parts.others]]
    middle = f" has {enumerate_words(heard)}" if heard else " plays"
    return capitalised(f"{front}{middle}{''.join(f', {part}' for part in _manners(parts) + _negations(parts))}.")
