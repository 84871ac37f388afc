"""Bet on the conditions of images from one channel after another: what wins too much reveals them.

For each channel a bettor goes through the trials in order. Before each trial it states a probability for every order
of the trial's conditions, from what followed the same tokens in the trials before; its wealth is then multiplied by
that probability over the one of a random order. If the orders are random given everything observed, wealth is a
martingale that starts at 1, so that P(wealth ever ≥ x) ≤ 1/x (Ville 1939; Shafer 2021, "Testing by betting"),
however the channels depend on each other and however many values a channel has.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Added to each count of a condition: small, because a leak is mostly a rule without exceptions.
PSEUDO_COUNT = 0.15
# The probability given beforehand to a token's telling anything; one that tells nothing then costs little.
PRIOR = 0.1
NO_TOKEN = -1
# What the bettor loses at least until it has learnt a token's condition; for `could_win`.
COST_OF_LEARNING = 2.0
_MAX_LOG = 30.0

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class TrialRows:
    """The conditions to guess, of trials in the order in which people came.

    `conditions` has the shape (trials, positions) with numbers from 0 and -1 where a trial has fewer images.
    """

    conditions: NDArray[np.int64]
    number: int  # of conditions

    @property
    def positions(self) -> int:
        return int(self.conditions.shape[1])

    def __post_init__(self) -> None:
        if self.conditions.ndim != 2 or self.number < 2:
            raise ValueError("Conditions are a table of trials by positions, with at least two conditions.")


def could_win(codes: Codes, rows: TrialRows) -> NDArray[np.float64]:
    """Return about how much the best bettor in hindsight would win from each channel, in natural logarithms.

    To leave out a channel that could win little is always allowed: it only gives up what it might have won.
    """
    tokens, total = _numbered(codes, rows)
    truth = np.broadcast_to(rows.conditions, tokens.shape)
    cells = np.bincount((tokens * rows.number + truth)[tokens < total], minlength=total * rows.number)
    counts = cells[: total * rows.number].reshape(total, rows.number)
    times = counts.sum(1)
    gains = (counts * np.log(np.maximum(counts, 1) * rows.number / np.maximum(times, 1)[:, None])).sum(1)
    channel = np.empty(total, np.int64)
    channel[tokens[tokens < total]] = np.broadcast_to(np.arange(len(codes))[:, None, None], tokens.shape)[
        tokens < total
    ]
    return np.bincount(channel, np.maximum(gains - COST_OF_LEARNING, 0), len(codes)).astype(np.float64)


def log_wealth(codes: Codes, rows: TrialRows) -> NDArray[np.float64]:
    """Return the natural logarithm of each channel's final wealth.

    Args:
        codes: shape (channels, trials, positions): the number of each image's token, -1 for none. Equal numbers in
            one channel are equal tokens.
    """
    tokens, total = _numbered(codes, rows)
    counts = np.zeros((total + 1, rows.number), np.float32)
    gains = np.zeros(total + 1, np.float32)  # each token's own log wealth
    logs = np.zeros((2, len(codes)))
    for trial in range(codes.shape[1]):
        truth = rows.conditions[trial]
        truth = truth[truth >= 0]
        own = tokens[:, trial, : len(truth)]
        betting = np.flatnonzero((own < total).any(axis=1))
        if not len(betting):
            continue
        own = own[betting]
        predicted = _predict(counts[own], gains[own])
        logs[:, betting] += np.log(_odds(predicted, truth))
        flat, truths = own.ravel(), np.broadcast_to(truth, own.shape).ravel()
        right = predicted[0][:, np.arange(len(truth)), truth].ravel()
        np.add.at(gains, flat, np.log(right * rows.number))
        np.add.at(counts.reshape(-1), flat * rows.number + truths, np.float32(1))
        counts[total], gains[total] = 0, 0
        np.clip(gains, -_MAX_LOG, _MAX_LOG, out=gains)
    return np.logaddexp(logs[0], logs[1]) - np.log(2)


def _numbered(codes: Codes, rows: TrialRows) -> tuple[NDArray[np.int64], int]:
    """Number the tokens of all channels, without those that occur only once: nothing can be learnt from them."""
    span = int(codes.max(initial=0)) + 1
    channel = np.arange(len(codes), dtype=np.int64)[:, None, None]
    wide = np.where((codes >= 0) & (rows.conditions >= 0), channel * span + codes, NO_TOKEN)
    known, inverse, times = np.unique(wide, return_inverse=True, return_counts=True)
    useful = (known >= 0) & (times > 1)
    total = int(useful.sum())
    numbers = np.full(len(known), total, np.int64)
    numbers[useful] = np.arange(total)
    return numbers[inverse].reshape(codes.shape), total


def _predict(counts: NDArray[np.float32], gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return two bettors' probabilities of each condition, shape (2, channels, positions, conditions).

    The first always trusts the counts; the second trusts a token as far as the token has won before.
    """
    number = counts.shape[-1]
    bold = (counts + PSEUDO_COUNT) / (counts.sum(-1, keepdims=True) + PSEUDO_COUNT * number)
    trust = PRIOR * np.exp(gains)
    trust = (trust / (1 - PRIOR + trust))[..., None]
    return np.stack([bold, trust * bold + (1 - trust) / number])


def _odds(predicted: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of the trial's true order over that of a random one, for each bettor and channel.

    The images are guessed one by one, the surest first, each among the conditions that are left.
    """
    bettors, channels, images, number = predicted.shape
    surest = np.argsort(-predicted.max(-1), axis=-1, kind="stable")
    left = np.broadcast_to(np.bincount(truth, minlength=number).astype(np.float32), (bettors, channels, number)).copy()
    odds = np.ones((bettors, channels))
    for guess in range(images):
        place = surest[..., guess]
        share = np.take_along_axis(predicted, place[..., None, None], axis=2)[..., 0, :]
        true = truth[place][..., None]
        of_true = np.take_along_axis(share, true, -1)[..., 0]
        odds *= of_true * (images - guess) / np.einsum("bkc,bkc->bk", left, share)
        np.put_along_axis(left, true, np.take_along_axis(left, true, -1) - 1, -1)
    return odds
