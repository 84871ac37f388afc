"""Bet on every channel of what was observed; the channels that win too much reveal the condition."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import log

import numpy as np

from study.blinding_audit.betting import could_win, log_wealth
from study.blinding_audit.channels import Channel, Channels
from study.blinding_audit.tables import Record

# The probability that an audit of a study without a leak fails is at most this, over all channels together.
ALPHA = 0.001
# The share of each family of channels in ALPHA; within a family all channels have equal shares.
SHARES = {"seen": 0.4, "word": 0.2, "trait": 0.15, "bits": 0.15, "pair": 0.1}
# Channels that could win less are not bet on; no channel is a leak with so little.
WORTH_TRYING = 8.5
BATCH, BETS = 256, 512
BEST = 50


@dataclass(frozen=True)
class ChannelVerdict:
    """How well the condition could be guessed from one channel."""

    name: str
    family: str
    won: float  # natural logarithm of the factor by which the bets on it grew
    needed: float  # the same for a leak

    @property
    def leaks(self) -> bool:
        return self.won >= self.needed

    @property
    def example(self) -> str:
        return f"guessed 10^{self.won / log(10):.1f} times better than chance, 10^{self.needed / log(10):.1f} is a leak"


@dataclass(frozen=True)
class Guesses:
    """The verdicts; `tried` counts all channels."""

    tried: int
    leaks: tuple[ChannelVerdict, ...]  # worst first
    reported: tuple[ChannelVerdict, ...]  # follow from the pixels, so they are not judged
    best: tuple[ChannelVerdict, ...]


def guess(seen: Record, conditions: int, report_progress: Callable[[int], None] = lambda channels: None) -> Guesses:
    """Bet on every channel.

    A channel is a leak if its wealth reaches the number of channels of its family over the family's share of ALPHA:
    by Ville's inequality and the union bound, one or more channels of a study without leaks do so with a probability of
    at most ALPHA.
    """
    channels = Channels(seen, conditions)
    won: list[tuple[str, str, float]] = []

    def tried() -> int:
        return sum(channels.tried.values())

    def promising() -> Iterator[Channel]:
        for batch in _batches(channels.all(), BATCH):
            report_progress(tried())
            possible = could_win(np.stack([channel.codes for channel in batch]), channels.rows)
            yield from (channel for channel, gain in zip(batch, possible, strict=True) if gain >= WORTH_TRYING)

    for bets in _batches(promising(), BETS):
        wealth = log_wealth(np.stack([channel.codes for channel in bets]), channels.rows)
        won += [(channel.family, channel.name, float(own)) for channel, own in zip(bets, wealth, strict=True)]
        report_progress(tried())
    needed = {family: log(max(1, channels.tried[family]) / (share * ALPHA)) for family, share in SHARES.items()}
    verdicts = [ChannelVerdict(name, family, own, needed[family]) for family, name, own in won]
    verdicts.sort(key=lambda verdict: verdict.needed - verdict.won)
    return Guesses(
        tried(),
        tuple(_with_equals([verdict for verdict in verdicts if verdict.leaks], channels.equals)),
        tuple(_report(channels)),
        tuple(verdicts[:BEST]),
    )


def _with_equals(leaks: list[ChannelVerdict], equals: Mapping[str, list[str]]) -> Iterator[ChannelVerdict]:
    """Yield each leak, and after it the facts that take the same course: mending one of them would not be enough."""
    named = set()
    for leak in leaks:
        yield leak
        for name, others in equals.items():
            if leak.name.startswith(name) and name not in named:
                named.add(name)
                yield from (replace(leak, name=other) for other in dict.fromkeys(others))


def _report(channels: Channels) -> Iterator[ChannelVerdict]:
    for channel in channels.reported:
        (own,) = log_wealth(channel.codes[None], channels.rows)
        yield ChannelVerdict(channel.name, channel.family, float(own), log(1 / ALPHA))


def _batches(items: Iterable[Channel], size: int) -> Iterator[list[Channel]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
