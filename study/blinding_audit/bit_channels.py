"""The bits of words that look random, and the exclusive or of any two of them, screened by matrix products."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from study.blinding_audit.betting import NO_TOKEN, Codes, TrialRows
from study.blinding_audit.words import bits_of

# Bits of one table that are tried in pairs; those of further words are tried alone.
MAX_BITS = 640
# How many of the bits and pairs that agree best with the conditions are bet on.
PROMISING = 12


class BitChannels:
    """All bits of one table, in which each row is an image (`positions`) or a whole trial (None).

    To bet only on the most promising is allowed, since `tried` counts them all.
    """

    def __init__(self, rows: TrialRows, trials: NDArray[np.int64], positions: NDArray[np.int64] | None) -> None:
        self.rows, self.trials, self.positions = rows, trials, positions
        self.names: list[str] = []
        self.bits: list[NDArray[np.int8]] = []
        self._known: set[bytes] = set()

    def add(self, name: str, words: Sequence[str]) -> None:
        names, bits = bits_of(words)
        for label, bit in zip(names, bits.T, strict=True):
            present = bit[bit >= 0]
            if len(present) and 0 < present.mean() < 1:
                key = (bit if bit[bit >= 0][0] == 0 else np.where(bit < 0, bit, 1 - bit)).tobytes()
                if key not in self._known:
                    self._known.add(key)
                    self.names.append(f"{name}, {label}")
                    self.bits.append(bit)

    @property
    def tried(self) -> tuple[int, int]:
        """The number of single bits and of pairs."""
        paired = min(len(self.bits), MAX_BITS)
        ways = 1 if self.positions is None else 2  # also with the position
        return ways * len(self.bits), ways * (paired * (paired - 1) // 2)

    def most_promising(self) -> Iterator[tuple[bool, str, Codes]]:
        """Yield the bits and pairs that agree best with the conditions: whether it is a pair, name and tokens."""
        if not self.bits:
            return
        bits = np.stack(self.bits, axis=1)
        signs = np.where(bits < 0, 0, 2 * bits - 1).astype(np.float32)
        paired = signs[:, :MAX_BITS]
        alone = np.zeros(signs.shape[1], np.float32)
        together = np.zeros((paired.shape[1], paired.shape[1]), np.float32)
        for target in self._targets():
            np.maximum(alone, np.abs(signs.T @ target), out=alone)
            rows = np.flatnonzero(target)
            own = paired[rows]
            np.maximum(together, np.abs(own.T @ (own * target[rows, None])), out=together)
        for index in np.argsort(-alone)[:PROMISING]:
            for name, codes in self._tokens(self.names[index], bits[:, index]):
                yield False, name, codes
        upper = np.triu_indices(len(together), 1)
        for index in np.argsort(-together[upper])[:PROMISING]:
            one, other = upper[0][index], upper[1][index]
            both = np.where((bits[:, one] < 0) | (bits[:, other] < 0), -1, bits[:, one] ^ bits[:, other])
            for name, codes in self._tokens(f"{self.names[one]} exclusive or {self.names[other]}", both):
                yield True, name, codes

    def _targets(self) -> Iterator[NDArray[np.float32]]:
        """Yield for each condition, and for each position and condition, what a bit is compared with, standardized."""
        conditions = self.rows.conditions
        for condition in range(self.rows.number):
            if self.positions is not None:
                own = conditions[self.trials, self.positions]
                yield _standardized((own == condition).astype(np.float32), np.ones(len(own), bool))
            for letter in range(self.rows.positions):
                own = conditions[self.trials][:, letter]
                rows = own >= 0
                if self.positions is not None:
                    rows &= self.positions == letter
                yield _standardized((own == condition).astype(np.float32), rows)

    def _tokens(self, name: str, bit: NDArray[np.int8]) -> Iterator[tuple[str, Codes]]:
        grid = np.full(self.rows.conditions.shape, NO_TOKEN, np.int32)
        letters = np.arange(self.rows.positions)
        if self.positions is None:
            grid[self.trials] = np.where(bit[:, None] < 0, NO_TOKEN, bit[:, None] * len(letters) + letters)
        else:
            grid[self.trials, self.positions] = bit
            yield name, grid
            grid = np.where(grid < 0, NO_TOKEN, grid * len(letters) + letters).astype(np.int32)
        yield f"{name}, with the position", grid


def _standardized(target: NDArray[np.float32], rows: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the target with mean 0 and length 1 over its rows, 0 elsewhere."""
    if not rows.any():
        return np.zeros_like(target)
    centred = np.where(rows, target - target[rows].mean(), 0).astype(np.float32)
    length = float(np.sqrt((centred**2).sum()))
    return centred / length if length else centred
