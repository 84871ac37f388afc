"""Channels of whole pages and replies, which may reveal the order of a trial's images."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from study.blinding_audit.channel_data import ChannelData, equality_pattern, varies
from study.blinding_audit.crawl import Document
from study.blinding_audit.observations import Observation, facts_of
from study.blinding_audit.probes import headers_of
from study.blinding_audit.tokens import layout_digest, shorten, tokens_of, words_of

MAX_WORDS = 3000
FROM_THE_END = 200
SHORT_WORD = 8

TrialKey = tuple[int, int]  # person and trial
Values = Mapping[TrialKey, tuple[str, ...]]
Result = TypeVar("Result")


def documents_by_kind(documents: Sequence[Document]) -> dict[str, dict[TrialKey, Document]]:
    """Return for each kind of document the one of each person's trial.

    The page and reply of the trial before and after are kinds of their own: they may reveal this trial's order.
    """
    kinds: dict[str, dict[TrialKey, Document]] = defaultdict(dict)
    trials = defaultdict(set)
    for document in documents:
        if document.trial is not None:
            trials[document.person].add(document.trial)
    for document in documents:
        if document.trial is None:
            for trial in trials[document.person]:
                kinds[document.what][(document.person, trial)] = document
            continue
        kinds[document.what][(document.person, document.trial)] = document
        for what, shift in (("before", 1), ("after", -1)):
            if document.what in ("page", "reply") and document.trial + shift in trials[document.person]:
                kinds[f"{document.what} {what}"][(document.person, document.trial + shift)] = document
    return kinds


class DocumentChannels:
    """The channels of one kind of document.

    A document belongs to the whole trial, so each value is paired with the image's letter; and with the trial's
    number if one document covers all trials of a person.
    """

    def __init__(self, observations: Sequence[Observation], kind: str, documents: Mapping[TrialKey, Document]) -> None:
        self.observations, self.kind, self.documents = observations, kind, documents
        self.covers_all_trials = next(iter(documents.values())).trial is None
        self.letters = sorted({observation.letter for observation in observations})
        self.clips = {(observation.person, observation.trial): observation.clip for observation in observations}

    def channels(self) -> Iterator[ChannelData]:
        yield from self._channel(": status", self._read(lambda document: (str(document.reply.status),)))
        yield from self._channel(": length", self._read(lambda document: (str(len(document.body)),)))
        yield from self._channel(": layout", self._read(lambda document: (layout_digest(document.body),)))
        yield from self._channel(": redirects", self._read(_redirects))
        yield from self._headers()
        yield from self._content()
        yield from self._words()

    def _read(self, read: Callable[[Document], Result]) -> dict[TrialKey, Result]:
        """Apply `read` once to each document and return its result for each trial."""
        results = {id(document): read(document) for document in self.documents.values()}
        return {key: results[id(document)] for key, document in self.documents.items()}

    def _tokens(self, values: Values) -> list[tuple[str, ...]]:
        tokens = []
        for observation in self.observations:
            trial = f"{observation.trial}|" if self.covers_all_trials else ""
            own = values.get((observation.person, observation.trial), ())
            tokens.append(tuple(f"{trial}{observation.letter}|{value}" for value in own))
        return tokens

    def _channel(self, name: str, values: Values) -> Iterator[ChannelData]:
        if len(set(values.values())) > 1 and varies(tokens := self._tokens(values)):
            yield ChannelData("seen", f"{self.kind}{name}", tokens)

    def _channel_by_letter(self, name: str, values: Values) -> Iterator[ChannelData]:
        """A word can reveal at most one image, so test it for each position: pooled, its signal would be diluted."""
        if len(set(values.values())) < 2 or not varies(tokens := self._tokens(values)):
            return
        for letter in self.letters:
            own = [
                of_image if observation.letter == letter else ()
                for observation, of_image in zip(self.observations, tokens, strict=True)
            ]
            yield ChannelData("place", f"{self.kind}{name} for image {letter}", own)

    def _headers(self) -> Iterator[ChannelData]:
        headers = self._read(lambda document: tuple(headers_of(document.reply)))
        for name in sorted({name for own in headers.values() for name, _ in own}):
            values = {
                key: tuple(token for known, value in own if known == name for token in tokens_of(value))
                for key, own in headers.items()
            }
            yield from self._channel(f", header {name}", values)

    def _content(self) -> Iterator[ChannelData]:
        facts = self._read(_facts)
        common = set.intersection(*(set(own) for own in facts.values()))
        yield from self._channel(": content", {key: tuple(set(own) - common) for key, own in facts.items()})

    def _words(self) -> Iterator[ChannelData]:
        for place, words in self._informative_words():
            yield from self._channel_by_letter(f": word {place}", {key: (word,) for key, word in words.items()})
            lengths = {len(word) for word in words.values()}
            if len(lengths) == 1 and 2 <= (length := lengths.pop()) <= SHORT_WORD:
                for index in range(length):
                    characters = {key: (word[index],) for key, word in words.items()}
                    yield from self._channel_by_letter(f": word {place}, character {index}", characters)

    def _informative_words(self) -> Iterator[tuple[int, dict[TrialKey, str]]]:
        """Yield each place in the text, counted from both ends, whose word differs within at least one clip."""
        texts = self._read(lambda document: tuple(words_of(document.body)[:MAX_WORDS]))
        longest = max(len(own) for own in texts.values())
        known = set()
        for place in [*range(longest), *range(-min(longest, FROM_THE_END), 0)]:
            words = {key: own[place] if -len(own) <= place < len(own) else "" for key, own in texts.items()}
            pattern = equality_pattern(words.values())
            all_equal, all_different = max(pattern) == 0, max(pattern) == len(pattern) - 1
            if all_equal or all_different or pattern in known:
                continue
            known.add(pattern)
            by_clip = defaultdict(set)
            for key, word in words.items():
                by_clip[self.clips.get(key)].add(word)
            if any(len(own) > 1 for own in by_clip.values()):
                yield place, words


def _redirects(document: Document) -> tuple[str, ...]:
    replies = document.reply.redirects
    return tuple(text for reply in replies for text in (str(reply.status), *tokens_of(reply.header("Location"))))


def _facts(document: Document) -> tuple[str, ...]:
    return tuple(
        f"{tag} {name}={shorten(value.strip())}" for tag, name, value in facts_of(document.body) if value.strip()
    )
