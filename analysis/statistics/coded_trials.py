"""What the answers of every kind share: trials of people on clips, as coded arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np


@dataclass(frozen=True, kw_only=True)
class CodedTrials:
    """N trials of P participants on C clips with K conditions, coded from 0.

    `participant`, `clip` (N,): codes into `participants` and `clips`. Optional, each of length N: `repeat` (0 for a
    person's first trial of the same images), `trial` (its number for that person). Every other array of a kind of
    answers has N rows too.
    """

    conditions: tuple[str, ...]
    participants: Sequence[str]
    clips: Sequence[str]
    participant: np.ndarray
    clip: np.ndarray
    repeat: np.ndarray | None = None
    trial: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.participant)

    @property
    def k(self) -> int:
        return len(self.conditions)

    @property
    def p(self) -> int:
        return len(self.participants)

    @property
    def c(self) -> int:
        return len(self.clips)

    @property
    def cell(self) -> np.ndarray:
        """A number for each participant and clip, shape (N,)."""
        return self.participant.astype(np.int64) * self.c + self.clip

    def same_images(self) -> np.ndarray:
        """A number for each participant and what can be shown again as a repeat: here the clip; shape (N,)."""
        return self.cell

    @property
    def occasion(self) -> np.ndarray:
        """A number for each participant, images and repeat, of which each has one trial; shape (N,), N above 0."""
        return self.same_images() if self.repeat is None else within(self.same_images(), self.repeat)

    @cached_property
    def is_repeat(self) -> np.ndarray:
        """True for a trial that is not the person's first of the same images; shape (N,)."""
        if self.repeat is None or self.n == 0:
            return np.zeros(self.n, dtype=bool)
        return later_of_pairs(self.same_images(), self.repeat)

    @cached_property
    def shares_cell(self) -> np.ndarray:
        """True for a trial whose person and clip have another one before it; shape (N,)."""
        return self.is_repeat

    def select(self, keep: np.ndarray) -> Self:
        """The trials for which `keep` (N,) is true, without participants and clips that have no trial left."""
        taken: dict[str, Any] = {
            field.name: column[keep]
            for field in fields(self)
            if isinstance(column := getattr(self, field.name), np.ndarray)
        }
        for codes, labels in (("participant", "participants"), ("clip", "clips")):
            taken[codes], taken[labels] = recode(taken[codes], getattr(self, labels))
        return replace(self, **taken)


def later_of_pairs(pair: np.ndarray, repeat: np.ndarray | None = None) -> np.ndarray:
    """True for a row that has a lower `repeat` in another row of the same `pair`, or comes after it; all (N,)."""
    ranked = np.argsort(pair, kind="stable") if repeat is None else np.lexsort((repeat, pair))
    later = np.zeros(len(pair), dtype=bool)
    later[ranked[1:]] = pair[ranked[1:]] == pair[ranked[:-1]]
    return later


def recode(codes: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, Sequence[str]]:
    """Codes (N,) from 0 of the labels that occur, and those labels."""
    used = np.bincount(codes, minlength=len(labels)) > 0
    if used.all():
        return codes, labels
    fresh = (np.cumsum(used) - 1).astype(codes.dtype)
    return fresh[codes], tuple(labels[i] for i in np.flatnonzero(used).tolist())


def within(groups: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """A number for each group and whole number in it; all (N,), N above 0."""
    low = int(numbers.min())
    return groups * (int(numbers.max()) - low + 1) + (numbers - low)


def conditions_in(codes: np.ndarray, k: int) -> np.ndarray:
    """Which of K conditions each row (N, …) of codes names, negative ones for none; shape (N, K)."""
    members = np.zeros((len(codes), k), dtype=bool)
    rows, places = np.nonzero(codes >= 0)
    members[rows, codes[rows, places]] = True
    return members
