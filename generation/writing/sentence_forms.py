"""The forms of the template writer's sentence, from the fullest to the shortest."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from generation.writing.english import Phrase, capitalised, enumerate_words, phrase_of, with_article

T = TypeVar("T")
# Each row: the verb for one subject, and for several. A verb that implies a tempo has another one for other tempi.
_SLOW, _QUICK, _NEITHER = "slow", "quick", ""
Verb = tuple[str, str]
_CARRIES: tuple[dict[str, Verb], ...] = (
    {_NEITHER: ("carries", "carry")},
    {_NEITHER: ("shapes", "shape")},
    {_NEITHER: ("plays", "play")},
    {_NEITHER: ("colours", "colour")},
    {_NEITHER: ("weaves", "weave"), _QUICK: ("drives", "drive")},
)
# People lead; what they do, "chanting" or "rap", is heard.
_LEADS: tuple[dict[str, Verb], ...] = (
    {_NEITHER: ("leads", "lead")},
    {_NEITHER: ("rises over", "rise over")},
    {_NEITHER: ("floats above", "float above"), _QUICK: ("rings out over", "ring out over")},
    {_NEITHER: ("guides", "guide")},
)
_SOUNDS: tuple[Verb, ...] = (
    ("runs through", "run through"),
    ("rises over", "rise over"),
    ("sounds over", "sound over"),
    ("fills", "fill"),
)
_UNFOLDS_ON = ("unfolds on", "rises from", "grows out of", "is carried by", "takes shape on")
_UNFOLDS: tuple[dict[str, str], ...] = (
    {_NEITHER: "unfolds"},
    {_NEITHER: "flows by", _SLOW: "drifts by", _QUICK: "rushes by"},
    {_NEITHER: "fills the air"},
    {_NEITHER: "takes shape"},
)
_HEADS = ("piece", "tune", "composition", "melody")
_JOINED_BY = ("joined by", "together with", "along with", "accompanied by")
_OVER: tuple[dict[str, str], ...] = (
    {_NEITHER: "over"},
    {_NEITHER: "carried by", _QUICK: "driven by"},
    {_NEITHER: "carried along by"},
    {_NEITHER: "set to"},
)
_TOUCHES = ("with touches of", "with hints of", "with traces of", "coloured by")
_SHADES = ("with shades of", "with echoes of", "leaning towards")


@dataclass
class Parts:
    """The tags of one set, sorted by their places in a sentence."""

    adjectives: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    genres: list[str] = field(default_factory=list)
    instruments: list[Phrase] = field(default_factory=list)
    voices: list[Phrase] = field(default_factory=list)  # those who sing: "a choir"
    acts: list[Phrase] = field(default_factory=list)  # what they do: "chanting"
    rhythms: list[Phrase] = field(default_factory=list)
    others: list[Phrase] = field(default_factory=list)
    manners: list[Phrase] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    tempo: str = _NEITHER

    @property
    def sung(self) -> list[Phrase]:
        return [*self.voices, *self.acts]


@dataclass(frozen=True)
class Choices:
    """All choices that the seed decides, always drawn in the same order, whatever the tags are.

    Words by tempo are drawn as a row; the tags only decide which word of the row fits.
    """

    opening: str
    carries: dict[str, Verb]
    leads: dict[str, Verb]
    sounds: Verb
    unfolds_on: str
    unfolds: dict[str, str]
    head: str
    joined_by: str
    over: dict[str, str]
    touches: str
    shades: str

    @classmethod
    def draw(cls, seed: int) -> Choices:
        chance = random.Random(f"sentence {seed}")  # a string as seed gives the same draws on every machine
        opening, carries = chance.choice(("instruments", "piece", "voice", "within")), chance.choice(_CARRIES)
        lead = chance.randrange(len(_LEADS))
        return cls(
            opening=opening,
            carries=carries,
            leads=_LEADS[lead],
            sounds=_SOUNDS[lead],
            unfolds_on=chance.choice(_UNFOLDS_ON),
            unfolds=chance.choice(_UNFOLDS),
            head=chance.choice(_HEADS),
            joined_by=chance.choice(_JOINED_BY),
            over=chance.choice(_OVER),
            touches=chance.choice(_TOUCHES),
            shades=chance.choice(_SHADES),
        )


def _piece(parts: Parts, choices: Choices, *, adjectives: int, genres: int) -> str:
    """The music as a noun phrase: "a slow, dark Indian folk tune"."""
    front = ", ".join(parts.adjectives[:adjectives])
    named = parts.genres[:genres]
    head = choices.head if named else f"{choices.head} of music" if choices.head == "piece" else choices.head
    words = [front, enumerate_words(parts.origins), enumerate_words(named), head]
    return with_article(" ".join(word for word in words if word))


def _tails(parts: Parts, choices: Choices, *, adjectives: int, genres: int) -> str:
    """The tags that are not in the opening, each kind with its own connecting words."""
    tails = []
    if parts.rhythms:
        tails.append(f"{_fitting(choices.over, parts)} {_listed(parts.rhythms)}")
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


def _manners(parts: Parts) -> list[str]:
    return [f"as {_listed(parts.manners)}"] if parts.manners else []


def _negations(parts: Parts) -> list[str]:
    tails = []
    if parts.without:
        tails.append(f"without {enumerate_words(parts.without, last='or')}")
    if parts.unlike:
        tails.append(f"but not {enumerate_words(parts.unlike, last='or')}")
    return tails


def _listed(phrases: Sequence[Phrase]) -> str:
    return enumerate_words([phrase.with_article for phrase in phrases])


def _fitting(words: Mapping[str, T], parts: Parts) -> T:
    return words.get(parts.tempo, words[_NEITHER])


def _agreeing(verb: tuple[str, str], subjects: Sequence[Phrase]) -> str:
    return verb[1] if len(subjects) > 1 or subjects[0].is_plural else verb[0]


def full_form(parts: Parts, choices: Choices) -> str:
    """The varied form: up to three adjectives and two genres before the noun, the rest after it."""
    room = {"adjectives": 3, "genres": 2}
    piece = _piece(parts, choices, **room)
    tails = _tails(parts, choices, **room)
    instruments, sung = parts.instruments, parts.sung
    joined = f", {choices.joined_by} {_listed(sung)}" if sung else ""
    if choices.opening == "voice" and sung:
        played = f" played on {_listed(instruments)}" if instruments else ""
        if parts.voices:
            acts = f" with {_listed(parts.acts)}{',' if played else ''}" if parts.acts else ""
            verb = _agreeing(_fitting(choices.leads, parts), parts.voices)
            opening = f"{_listed(parts.voices)} {verb} {piece}{acts}{played}"
        else:
            opening = f"{_listed(parts.acts)} {_agreeing(choices.sounds, parts.acts)} {piece}{played}"
    elif choices.opening in ("instruments", "voice") and instruments:
        verb = _agreeing(_fitting(choices.carries, parts), instruments)
        opening = f"{_listed(instruments)} {verb} {piece}{joined}"
    elif choices.opening == "within" and (instruments or sung):
        opening = f"in {piece} one hears {_listed([*instruments, *sung])}"
    elif instruments:
        opening = f"{piece} {choices.unfolds_on} {_listed(instruments)}{joined}"
    else:
        opening = f"{piece} {_fitting(choices.unfolds, parts)}{joined}"
    return capitalised(f"{opening}{tails}.")


def plain_form(parts: Parts, choices: Choices) -> str:
    """One plain pattern, still a sentence with a verb."""
    room = {"adjectives": 6, "genres": 4}
    piece = _piece(parts, choices, **room)
    heard = [*parts.instruments, *parts.sung, *parts.rhythms, *parts.others]
    middle = f" has {_listed(heard)}" if heard else " plays"
    rest = [
        *([_genres(parts.genres[4:])] if parts.genres[4:] else []),
        *([enumerate_words(parts.adjectives[6:])] if parts.adjectives[6:] else []),
        *_manners(parts),
        *_negations(parts),
    ]
    return capitalised(f"{piece}{middle}{''.join(f', {part}' for part in rest)}.")


def shortest_form(parts: Parts, choices: Choices) -> str:
    """The fewest words in which each tag has its place."""
    front = " ".join([*parts.adjectives, *parts.origins, *parts.genres, "music"])
    heard = [phrase.text for phrase in [*parts.instruments, *parts.sung, *parts.rhythms, *parts.others]]
    middle = f" has {enumerate_words(heard)}" if heard else " plays"
    return capitalised(f"{front}{middle}{''.join(f', {part}' for part in _manners(parts) + _negations(parts))}.")


FORMS = (("full", full_form), ("plain", plain_form), ("terse", shortest_form))
"""The forms by their names in provenance, the longest first."""
