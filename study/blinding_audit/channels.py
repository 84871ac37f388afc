"""From what people saw to channels: for each, what was seen there of every image, as tokens."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from study.blinding_audit.pictures import FROM_THE_PICTURE, headers_of
from study.blinding_audit.sights import Sight, facts_of
from study.blinding_audit.watch import Document
from study.blinding_audit.words import layout, readings, shortened, traits, words_of

# Each family of channels has its share of the chance of a false alarm.
SHARES = {"seen": 0.5, "derived": 0.2, "place": 0.3}
MOST_WORDS = 3000
FROM_THE_END = 200
# Words of so many different values are taken for random, and their traits looked at.
LOOKS_RANDOM = 12
# Of channels with so few values, any two are also tried together.
FEW_VALUES, MOST_TOGETHER = 8, 48
SHORT_WORD = 8

Tokens = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Observed:
    """One channel: the tokens of each sight, in the order of the sights."""

    family: str
    name: str
    tokens: Tokens


def observed(sights: Sequence[Sight], documents: Sequence[Document]) -> Iterator[Observed]:
    """Every channel in which something differs."""
    near = list(_of_images(sights))
    yield from (channel for channel in near if _varies(channel.tokens))
    near = [channel for channel in near if not channel.name.endswith(FROM_THE_PICTURE)]
    derived = [channel for channel in _traits(near) if _varies(channel.tokens)]
    yield from derived
    yield from _together([*near, *derived])
    for what, found in _views(documents).items():
        yield from _of_documents(sights, what, found)


def _pattern(values: Iterable[Hashable]) -> tuple[int, ...]:
    """Which values are alike: two channels of one pattern tell the same."""
    numbers: dict[Hashable, int] = {}
    return tuple(numbers.setdefault(value, len(numbers)) for value in values)


def _varies(tokens: Tokens) -> bool:
    """Whether anything differs, and anything comes twice: else there is nothing to learn."""
    if len(set(tokens)) < 2:
        return False
    counts = Counter(token for own in tokens for token in set(own))
    return any(count > 1 for count in counts.values())


def _of_images(sights: Sequence[Sight]) -> Iterator[Observed]:
    for name in sorted({channel for sight in sights for channel in sight.seen}):
        tokens = [tuple(sight.seen.get(name, ())) for sight in sights]
        # What was asked in one trial only says nothing by being absent from the others.
        together: dict[tuple[int, int], set[tuple[str, ...]]] = defaultdict(set)
        for sight, own in zip(sights, tokens, strict=True):
            together[(sight.person, sight.trial)].add(own)
        kinds = set(map(frozenset, together.values())) - {frozenset({()})}
        if len(kinds) > 1 or any(len(kind) > 1 for kind in kinds):
            yield Observed("seen", name, tokens)


def _by_place(tokens: Tokens) -> dict[int, list[str]]:
    """The words of a channel by their place in its text."""
    places: dict[int, list[str]] = {}
    for index, own in enumerate(tokens):
        for token in own:
            place, colon, word = token.partition(":")
            if colon and place.isdigit():
                places.setdefault(int(place), [""] * len(tokens))[index] = word
    return places


def _traits(channels: Sequence[Observed]) -> Iterator[Observed]:
    """What words may tell that never come twice."""
    done = set()
    for channel in channels:
        if channel.name.startswith(("rank", "sound")):
            continue
        for place, words in _by_place(channel.tokens).items():
            if len(set(words)) <= LOOKS_RANDOM or tuple(words) in done:
                continue
            done.add(tuple(words))  # an address stands in several attributes
            told = [dict(traits(word)) for word in words]
            for trait in told[0]:
                tokens = [(own[trait],) for own in told]
                yield Observed("derived", f"{channel.name}, word {place}: {trait}", tokens)


def _together(channels: Sequence[Observed]) -> Iterator[Observed]:
    """Two channels that tell nothing alone may tell it together."""
    kinds: dict[tuple[int, ...], Observed] = {}
    for channel in channels:
        # Of an image's answers the first one stands for those to other questions.
        if channel.name.startswith(("rank", "image again", "image asked", "image, HEAD")) or "time" in channel.name:
            continue
        values = [own[0] if own else "" for own in channel.tokens]
        if not 2 <= len(set(values)) <= FEW_VALUES:
            continue
        kinds.setdefault(_pattern(values), channel)
    for (one, first), (other, second) in combinations(list(kinds.items())[:MOST_TOGETHER], 2):
        tokens = [(f"{a}&{b}",) for a, b in zip(one, other, strict=True)]
        yield Observed("derived", f"{first.name} together with {second.name}", tokens)


Found = dict[tuple[int, int], Document]


def _views(documents: Sequence[Document]) -> dict[str, Found]:
    """For each kind of document, the one that belongs to a person's trial; also that of the trial before or after,
    which may tell of this one."""
    views: dict[str, Found] = defaultdict(dict)
    trials = defaultdict(set)
    for document in documents:
        if document.trial is not None:
            trials[document.person].add(document.trial)
    for document in documents:
        if document.trial is None:
            for trial in trials[document.person]:
                views[document.what][(document.person, trial)] = document
            continue
        views[document.what][(document.person, document.trial)] = document
        for what, shift in (("before", 1), ("after", -1)):
            if document.what in ("page", "reply") and document.trial + shift in trials[document.person]:
                views[f"{document.what} {what}"][(document.person, document.trial + shift)] = document
    return views


def _of_documents(sights: Sequence[Sight], what: str, found: Found) -> Iterator[Observed]:
    """A document belongs to the whole trial and may tell its order: each value is taken with the image's letter, and
    with the trial's number where one document speaks of all trials."""
    whole = next(iter(found.values())).trial is None

    def spread(
        name: str, values: Mapping[tuple[int, int], tuple[str, ...]], family: str = "seen"
    ) -> Iterator[Observed]:
        if len(set(values.values())) < 2:
            return
        tokens = []
        for sight in sights:
            mark = f"{sight.trial}|{sight.letter}|" if whole else f"{sight.letter}|"
            tokens.append(tuple(mark + value for value in values.get((sight.person, sight.trial), ())))
        if not _varies(tokens):
            return
        if family != "place":
            yield Observed(family, f"{what}{name}", tokens)
            return
        # One word tells of one image at most; among guesses for the others it would drown.
        for letter in sorted({sight.letter for sight in sights}):
            own = [said if sight.letter == letter else () for sight, said in zip(sights, tokens, strict=True)]
            yield Observed(family, f"{what}{name} for image {letter}", own)

    def each(read: Callable[[Document], tuple[str, ...]]) -> dict[tuple[int, int], tuple[str, ...]]:
        known = {id(document): read(document) for document in found.values()}
        return {key: known[id(document)] for key, document in found.items()}

    yield from spread(": status", each(lambda document: (str(document.reply.status),)))
    yield from spread(": length", each(lambda document: (str(len(document.body)),)))
    yield from spread(": layout", each(lambda document: (layout(document.body),)))
    yield from spread(": redirects", each(_redirects))
    yield from _of_headers(each, spread)
    facts = each(_facts)
    common = set.intersection(*(set(own) for own in facts.values()))
    yield from spread(": content", {key: tuple(set(own) - common) for key, own in facts.items()})
    clips = {(sight.person, sight.trial): sight.clip for sight in sights}
    words = {key: list(own) for key, own in each(lambda document: tuple(words_of(document.body)[:MOST_WORDS])).items()}
    for place, values in _places(words, clips):
        yield from spread(f": word {place}", {key: (word,) for key, word in values.items()}, "place")
        lengths = {len(word) for word in values.values()}
        if len(lengths) == 1 and 2 <= lengths.pop() <= SHORT_WORD:
            for index in range(len(next(iter(values.values())))):
                characters = {key: (word[index],) for key, word in values.items()}
                yield from spread(f": word {place}, character {index}", characters, "place")


def _redirects(document: Document) -> tuple[str, ...]:
    return tuple(
        text for hop in document.reply.redirects for text in (str(hop.status), *readings(hop.header("Location")))
    )


def _facts(document: Document) -> tuple[str, ...]:
    return tuple(
        f"{tag} {name}={shortened(value.strip())}" for tag, name, value in facts_of(document.body) if value.strip()
    )


def _of_headers(each: Callable, spread: Callable) -> Iterator[Observed]:
    headers = each(lambda document: tuple(headers_of(document.reply)))
    for name in sorted({name for own in headers.values() for name, _ in own}):
        values = {
            key: tuple(token for known, value in own if known == name for token in readings(value))
            for key, own in headers.items()
        }
        yield from spread(f", header {name}", values)


def _places(
    words: dict[tuple[int, int], list[str]], clips: dict[tuple[int, int], int]
) -> Iterator[tuple[int, dict[tuple[int, int], str]]]:
    """Each place in the words, counted from both ends, where something differs that the clip does not settle."""
    longest = max(len(own) for own in words.values())
    told = set()
    for place in [*range(longest), *range(-min(longest, FROM_THE_END), 0)]:
        values = {key: own[place] if -len(own) <= place < len(own) else "" for key, own in words.items()}
        pattern = _pattern(values.values())
        if max(pattern) in (0, len(pattern) - 1) or pattern in told:  # the same to all, never twice, or known
            continue
        told.add(pattern)
        by_clip = defaultdict(set)
        for key, word in values.items():
            by_clip[clips.get(key)].add(word)
        if any(len(own) > 1 for own in by_clip.values()):
            yield place, values
