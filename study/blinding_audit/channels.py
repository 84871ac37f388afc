"""Turn the observations of an audit into channels, each tested on its own."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from study.blinding_audit.channel_data import ChannelData, Tokens, equality_pattern, varies
from study.blinding_audit.crawl import Document
from study.blinding_audit.document_channels import DocumentChannels, documents_by_kind
from study.blinding_audit.observations import Observation
from study.blinding_audit.probes import FROM_THE_PIXELS
from study.blinding_audit.tokens import traits

# The share of each family of channels in the audit's alpha.
SHARES = {"seen": 0.5, "derived": 0.2, "place": 0.3}
# Words with more different values than this look random, so their traits are tested.
RANDOM_VALUES = 12
# Channels with at most FEW_VALUES values are also tested in pairs, MAX_PAIRED of them at most.
FEW_VALUES, MAX_PAIRED = 8, 48


def all_channels(observations: Sequence[Observation], documents: Sequence[Document]) -> Iterator[ChannelData]:
    """Yield every channel with values that differ."""
    of_images = list(_of_images(observations))
    yield from (channel for channel in of_images if varies(channel.tokens))
    judged = [channel for channel in of_images if not channel.name.endswith(FROM_THE_PIXELS)]
    derived = [channel for channel in _traits(judged) if varies(channel.tokens)]
    yield from derived
    yield from _pairs([*judged, *derived])
    for kind, found in documents_by_kind(documents).items():
        yield from DocumentChannels(observations, kind, found).channels()


def _of_images(observations: Sequence[Observation]) -> Iterator[ChannelData]:
    for name in sorted({channel for observation in observations for channel in observation.seen}):
        tokens = [tuple(observation.seen.get(name, ())) for observation in observations]
        # If a channel was observed in some trials only, its absence from the others reveals nothing.
        by_trial: dict[tuple[int, int], set[tuple[str, ...]]] = defaultdict(set)
        for observation, own in zip(observations, tokens, strict=True):
            by_trial[(observation.person, observation.trial)].add(own)
        kinds = set(map(frozenset, by_trial.values())) - {frozenset({()})}
        if len(kinds) > 1 or any(len(kind) > 1 for kind in kinds):
            yield ChannelData("seen", name, tokens)


def _words_by_place(tokens: Tokens) -> dict[int, list[str]]:
    """Return the words of a channel by their place in its text."""
    places: dict[int, list[str]] = {}
    for index, own in enumerate(tokens):
        for token in own:
            place, colon, word = token.partition(":")
            if colon and place.isdigit():
                places.setdefault(int(place), [""] * len(tokens))[index] = word
    return places


def _traits(channels: Sequence[ChannelData]) -> Iterator[ChannelData]:
    """Yield the traits of words that never occur twice and so cannot be learnt themselves."""
    done = set()
    for channel in channels:
        if channel.name.startswith(("rank", "sound")):
            continue
        for place, words in _words_by_place(channel.tokens).items():
            if len(set(words)) <= RANDOM_VALUES or tuple(words) in done:
                continue
            done.add(tuple(words))  # an address occurs in several attributes
            traits_of_words = [dict(traits(word)) for word in words]
            for trait in traits_of_words[0]:
                tokens = [(own[trait],) for own in traits_of_words]
                yield ChannelData("derived", f"{channel.name}, word {place}: {trait}", tokens)


def _pairs(channels: Sequence[ChannelData]) -> Iterator[ChannelData]:
    """Yield pairs of channels: two that reveal nothing alone may reveal the condition together."""
    kinds: dict[tuple[int, ...], ChannelData] = {}
    for channel in channels:
        # Use only the plain GET here: the repeated, HEAD and conditional requests would mostly repeat it.
        if channel.name.startswith(("rank", "image again", "image asked", "image, HEAD")) or "time" in channel.name:
            continue
        values = [own[0] if own else "" for own in channel.tokens]
        if 2 <= len(set(values)) <= FEW_VALUES:
            kinds.setdefault(equality_pattern(values), channel)
    for (one, first), (other, second) in combinations(list(kinds.items())[:MAX_PAIRED], 2):
        tokens = [(f"{a}&{b}",) for a, b in zip(one, other, strict=True)]
        yield ChannelData("derived", f"{first.name} together with {second.name}", tokens)
