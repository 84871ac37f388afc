"""Turn what pilots observed into channels: for each image of each trial a token, or none."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log2

import numpy as np
from numpy.typing import NDArray

from study.blinding_audit.betting import NO_TOKEN, Codes
from study.blinding_audit.bit_channels import BitChannels
from study.blinding_audit.expansion import parts
from study.blinding_audit.probes import BYTES, MILLISECONDS
from study.blinding_audit.tables import VISIT, WHOLE, Record, Table
from study.blinding_audit.words import words_of

# Delays below this are no leak: files of different sizes differ by as much.
STEP_MS = 3.0
# Channels with at most FEW_VALUES values are also tried in pairs, MAX_PAIRED of each table at most.
FEW_VALUES, MAX_PAIRED = 8, 24
LONGEST_ORDER = 64  # characters or words of a text that are read as the order of a trial
# The page and the reply of a trial may also reveal the one before or after it.
NEIGHBOURS = ("page", "page ahead", "reply")
Row = NDArray[np.int32]  # a number of the text for each row of a table


@dataclass(frozen=True)
class Channel:
    """One way to guess; `codes` are numbers of tokens by trial and position, -1 for none."""

    family: str
    name: str
    codes: Codes


class Channels:
    """The channels of a record; `tried` counts them by family, also those that a screen left out."""

    def __init__(self, record: Record, conditions: int) -> None:
        self.record, self.rows = record, record.rows(conditions)
        self.letters = self.rows.positions
        self.clips = _numbers([trial.clip for trial in record.trials])
        self.languages = _numbers([trial.language for trial in record.trials])
        self.numbers = np.array([trial.number for trial in record.trials])
        self.people = np.array([trial.person for trial in record.trials])
        self.tried: dict[str, int] = defaultdict(int)
        self.reported: list[Channel] = []  # those that follow from the pixels
        # Other facts that take the same course as one that is tried, by its name: a leak is in all of them.
        self.equals: dict[str, list[str]] = defaultdict(list)
        self._known: dict[bytes, str] = {}

    def all(self) -> Iterator[Channel]:
        """Yield every channel from which something could be learnt."""
        for table in self.record.tables.values():
            position = table.places[0][1]
            if position == VISIT:
                yield from self._of_visits(table)
            elif position == WHOLE:
                yield from self._of_trials(table, 0)
                if table.kind in NEIGHBOURS:
                    yield from self._of_trials(table, 1)
                    yield from self._of_trials(table, -1)
            else:
                yield from self._of_images(table)

    # Texts to numbers

    def _columns(self, table: Table, groups: Sequence[NDArray[np.int64]]) -> Iterator[tuple[str, str, Row, list[str]]]:
        """Yield family, name, numbers and texts of all that differs; not what `groups` of rows decide."""
        places = np.array(table.places, np.int32).tobytes()
        for fact, texts in table.varying():
            name = f"{table.kind}: {fact}"
            if fact.startswith(MILLISECONDS):
                yield from self._delays(table, name, np.array(list(map(float, texts))))
                continue
            if fact == BYTES and not _mostly_equal(texts):
                self.reported.append(Channel("seen", name, self._grid(table, _numbers(texts))))
                continue
            if _decided_by(_numbers(texts), groups):
                continue
            for family, label, values in parts(name, texts):
                numbers = _numbers(values)
                # Equal words stand in many places of a page: look at each once.
                key = _key(places + family.encode(), numbers, values, only_pattern=family == "trait")
                if key in self._known:
                    self.equals[self._known[key]].append(label)
                    continue
                if numbers.max() == 0 or _decided_by(numbers, groups):
                    continue
                self._known[key] = label
                yield family, label, numbers, list(values)
            yield from self._deviations(name, texts, groups)

    def _delays(self, table: Table, name: str, times: NDArray[np.float64]) -> Iterator[tuple[str, str, Row, list[str]]]:
        """Yield how much later than the others a reply came, in doubling steps.

        An image is compared with the fastest one of its trial, a page with the faster ones of the same person's.
        """
        trials = np.array([place[0] for place in table.places])
        images = table.places[0][1] >= 0
        group = trials if images or table.places[0][1] == VISIT else self.people[trials]
        steps = []
        for time, own in zip(times, group, strict=True):
            others = times[group == own]
            steps.append(_step(time - (others.min() if images else np.quantile(others, 0.25, method="lower"))))
        yield "seen", name, _numbers(steps), list(map(str, steps))
        for least in range(1, 5):
            slow = ["slow" if step >= least else "" for step in steps]
            limit = STEP_MS * (2**least - 1)
            yield "seen", f"{name}, {limit:g} or more later", _numbers(slow), slow

    def _deviations(
        self, name: str, texts: Sequence[str], groups: Sequence[NDArray[np.int64]]
    ) -> Iterator[tuple[str, str, Row, list[str]]]:
        """Yield how far numbers are from the usual number of the same clip, and of the same place in the order."""
        try:
            numbers = np.array([float(text) for text in texts])
        except ValueError:
            return
        for label, group in zip(("clip", "place"), groups, strict=False):
            usual = {own: np.median(numbers[group == own]) for own in set(group.tolist())}
            away = [f"{number - usual[own]:g}" for number, own in zip(numbers, group.tolist(), strict=True)]
            yield "seen", f"{name}, away from the usual of its {label}", _numbers(away), away

    # Numbers to tokens

    def _of_images(self, table: Table) -> Iterator[Channel]:
        trials, positions = np.array(table.places).T
        clip = (self.clips[trials] * 8 + self.languages[trials]) * 8 + positions
        place = (self.numbers[trials] * 8 + self.languages[trials]) * 8 + positions
        few: list[Channel] = []
        bits = BitChannels(self.rows, trials, positions)
        for family, name, row, texts in self._columns(table, (clip, place)):
            if family == "bits":
                bits.add(name, texts)
                continue
            grid = self._grid(table, row)
            channel = Channel(family, name, grid)
            yield from self._count(channel)
            yield from self._with_clip(channel)
            yield from self._count(Channel(family, f"{name}, with the position", self._with_letter(grid)))
            if family != "trait":
                yield from self._ranks(table, name, texts)
            if family != "trait" and 1 <= row.max() < FEW_VALUES and len(few) < MAX_PAIRED:
                few.append(channel)
        yield from self._pairs(few, with_letter=True)
        yield from self._of_bits(bits)

    def _of_trials(self, table: Table, shift: int) -> Iterator[Channel]:
        """Yield the channels of whole pages: tokens with the position. With a shift, of the page before or after."""
        trials = np.array([place[0] for place in table.places])
        clip, place = self.clips[trials] * 8 + self.languages[trials], self.numbers[trials] * 8 + self.languages[trials]
        note = {0: "", 1: " before", -1: " after"}[shift]
        targets = trials + shift
        inside = (targets >= 0) & (targets < len(self.people))
        inside &= self.people[np.clip(targets, 0, len(self.people) - 1)] == self.people[trials]
        few: list[Channel] = []
        bits = BitChannels(self.rows, trials, None)
        known = self._known
        if shift:
            self._known = {}
        for family, name, row, texts in self._columns(table, (clip, place)):
            if family == "bits":
                if not shift:
                    bits.add(name, texts)
                continue
            label = name.replace(table.kind, table.kind + note, 1)

            def grid_of(by_letter: Codes) -> Codes:
                grid = np.full((len(self.record.trials), self.letters), NO_TOKEN, np.int32)
                grid[targets[inside]] = by_letter[inside]
                return grid

            if family in ("seen", "word"):
                for where, by_letter in self._read_as_orders(texts):
                    yield from self._count(Channel("word", f"{label}, {where}", grid_of(by_letter)))
            channel = Channel(family, label, grid_of(row[:, None] * self.letters + np.arange(self.letters)))
            yield from self._count(channel)
            if shift or family == "trait":
                continue
            yield from self._with_clip(channel)
            if 1 <= row.max() < FEW_VALUES and len(few) < MAX_PAIRED:
                few.append(channel)
        self._known = known
        yield from self._pairs(few, with_letter=False)
        yield from self._of_bits(bits)

    def _of_visits(self, table: Table) -> Iterator[Channel]:
        """Yield the channels of pages that belong to a whole visit: tokens with position and number of the trial."""
        people = np.array([place[0] for place in table.places])
        language = {trial.person: trial.language for trial in self.record.trials}
        groups = (_numbers([language.get(person, "") for person in people.tolist()]).astype(np.int64),)
        places = {person: place for place, person in enumerate(people.tolist())}
        own = np.array([places.get(person, -1) for person in self.people.tolist()])
        for family, name, row, texts in self._columns(table, groups):
            ways = [(family, name, row[:, None] * self.letters + np.arange(self.letters))]
            if family == "bits":
                ways = []
            if family in ("seen", "word", "bits"):
                ways += [("word", f"{name}, {where}", codes) for where, codes in self._read_as_orders(texts)]
            for kind, label, by_letter in ways:
                for number in np.unique(self.numbers):
                    rows = (self.numbers == number) & (own >= 0)
                    grid = np.full((len(self.people), self.letters), NO_TOKEN, np.int32)
                    grid[rows] = by_letter[own[rows]]
                    yield from self._count(Channel(kind, f"{label}, for trial {number}", grid))

    def _read_as_orders(self, texts: Sequence[str]) -> Iterator[tuple[str, Codes]]:
        """Read characters and words that follow each other as values of the positions A, B, …

        An order may be written out. Taken apart, each of its signs reveals one image only, in few trials.
        """
        written: list[tuple[str, list[Sequence[str]]]] = []
        if max(map(len, texts)) <= LONGEST_ORDER:
            written.append(("characters", list(texts)))
        words = [words_of(text) for text in texts]
        if 1 < max(map(len, words)) <= LONGEST_ORDER:
            written.append(("words", list(words)))
        for what, signs in written:
            longest = max(map(len, signs))
            numbers = _numbers([sign for own in signs for sign in own])
            table = np.full((len(signs), max(longest, self.letters)), NO_TOKEN, np.int32)
            start = 0
            for row, own in enumerate(signs):
                table[row, : len(own)] = numbers[start : start + len(own)]
                start += len(own)
            for first in range(table.shape[1] - self.letters + 1):
                order = table[:, first : first + self.letters]
                if (order != order[0]).any():
                    yield f"{what} {first} to {first + self.letters - 1} as an order", order

    def _grid(self, table: Table, row: Row) -> Codes:
        """Return the numbers of a table of images by trial and position."""
        grid = np.full((len(self.record.trials), self.letters), NO_TOKEN, np.int32)
        trials, positions = np.array(table.places).T
        grid[trials, positions] = row
        return grid

    def _with_letter(self, grid: Codes) -> Codes:
        return np.where(grid < 0, NO_TOKEN, grid * self.letters + np.arange(self.letters)).astype(np.int32)

    def _with_clip(self, channel: Channel) -> Iterator[Channel]:
        """A value that stands for an image rather than for its condition is known together with the clip."""
        clips = int(self.clips.max()) + 1
        codes = np.where(channel.codes < 0, NO_TOKEN, channel.codes * clips + self.clips[:, None]).astype(np.int32)
        yield from self._count(Channel(channel.family, f"{channel.name}, with the clip", codes))

    def _ranks(self, table: Table, name: str, texts: Sequence[str]) -> Iterator[Channel]:
        """Yield the rank of each image's value within the trial: ids in order reveal by rank."""
        together: dict[int, list[int]] = defaultdict(list)
        for row, (trial, _) in enumerate(table.places):
            together[trial].append(row)
        if len(set(texts)) <= FEW_VALUES or not all(
            len({texts[row] for row in rows}) > 1 for rows in together.values()
        ):
            return
        for label, key in (("by name", str), ("by number", _last_number)):
            ranks = np.zeros(len(texts), np.int32)
            for rows in together.values():
                order = sorted(key(texts[row]) for row in rows)
                ranks[rows] = [order.index(key(texts[row])) for row in rows]
            yield from self._count(Channel("seen", f"{name}, rank {label}", self._grid(table, ranks)))

    def _pairs(self, few: Sequence[Channel], *, with_letter: bool) -> Iterator[Channel]:
        """Yield pairs of channels: two that reveal nothing alone may reveal the condition together."""
        for one, other in combinations(few, 2):
            codes = one.codes * (int(other.codes.max()) + 1) + other.codes
            codes = np.where((one.codes < 0) | (other.codes < 0), NO_TOKEN, codes).astype(np.int32)
            pair = Channel("pair", f"{one.name} together with {other.name}", codes)
            yield from self._count(pair)
            if with_letter:
                yield from self._count(Channel("pair", f"{pair.name}, with the position", self._with_letter(codes)))

    def _of_bits(self, bits: BitChannels) -> Iterator[Channel]:
        single, paired = bits.tried
        self.tried["trait"] += single
        self.tried["bits"] += paired
        for is_pair, name, codes in bits.most_promising():
            yield Channel("bits" if is_pair else "trait", name, codes)

    def _count(self, channel: Channel) -> Iterator[Channel]:
        self.tried[channel.family] += 1
        yield channel


def _numbers(values: Sequence[object]) -> Row:
    """Number values by first appearance."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.int32)


def _decided_by(numbers: Row, groups: Sequence[NDArray[np.int64]]) -> bool:
    """Whether the value is the same within each group of one kind: then it cannot tell orders apart."""
    for group in groups:
        _, inverse = np.unique(group, return_inverse=True)
        first = np.full(inverse.max() + 1, -1)
        first[inverse[::-1]] = numbers[::-1]
        if (first[inverse] == numbers).all():
            return True
    return False


def _mostly_equal(texts: Sequence[str]) -> bool:
    _, counts = np.unique(texts, return_counts=True)
    return bool(2 * counts.max() > len(texts))


def _step(milliseconds: float) -> int:
    step = int(log2(1 + abs(milliseconds) / STEP_MS))
    return step if milliseconds >= 0 else -step


def _last_number(text: str) -> tuple[int, str]:
    digits = "".join(c if c.isdigit() else " " for c in text).split()
    return (int(digits[-1][:18]), text) if digits else (-1, text)


def _key(start: bytes, numbers: Row, values: Sequence[str], *, only_pattern: bool) -> bytes:
    """Return a key that is equal for columns to which the same would be done.

    For traits and single characters it does not matter which values they have, only where they are equal; other texts
    are also ranked and read as orders.
    """
    digest = hashlib.blake2b(start, digest_size=16)
    if only_pattern or max(map(len, values)) <= 1:
        digest.update(numbers.tobytes())
    else:
        digest.update("\n".join(values).encode("utf-8", "replace"))
    return digest.digest()
