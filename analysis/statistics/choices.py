"""The Plackett–Luce likelihood on grouped choices: stages, Newton's method, separation.

A stage is one choice from a set of conditions. A top-2 ballot is two stages: the first choice out of the
images shown, the second out of the others (Plackett 1975; Luce 1959). Log-likelihood in θ = log worth:
Σ_k wins_k θ_k − Σ_t n_t log Σ_{k ∈ set_t} exp θ_k, so wins per condition and choices per set are sufficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from analysis.statistics.ballots import Ballots

MAX_ITERATIONS = 60
TOLERANCE = 1e-11


@dataclass(frozen=True)
class Stages:
    """Choices of one or many data sets (leading dimensions …).

    `sets`: (T, K) bool, which conditions a choice was from. `chosen`: (…, T), choices made from each set.
    `wins`: (…, K), how often each condition was chosen.
    """

    sets: np.ndarray
    chosen: np.ndarray
    wins: np.ndarray

    def select(self, keep: np.ndarray) -> Stages:
        """The data sets where `keep` is true, along the first dimension."""
        return Stages(self.sets, self.chosen[keep], self.wins[keep])


@dataclass(frozen=True)
class OutcomeStages:
    """Maps counts of outcomes to stages: `chosen = counts @ to_chosen`, `wins = counts @ to_wins`.

    `codes`: the distinct outcomes (U,), `sets`: (T, K). Matrices have shapes (U, T) and (U, K). `beats`:
    (U, K, K), how often an outcome shows that the first index beats the second.
    """

    codes: np.ndarray
    sets: np.ndarray
    to_chosen: np.ndarray
    to_wins: np.ndarray
    beats: np.ndarray

    def stages(self, counts: np.ndarray) -> Stages:
        """Stages of outcome counts of shape (…, U)."""
        return Stages(self.sets, counts @ self.to_chosen, counts @ self.to_wins)


def outcome_codes(ballots: Ballots) -> np.ndarray:
    """Outcome of each ballot together with the set that was shown, shape (N,)."""
    codes = ballots.outcome.astype(np.int64)
    if ballots.shown is not None:
        shown = ballots.shown @ (1 << np.arange(ballots.k))
        codes = codes + shown * (ballots.k + 1) ** 2
    return codes


@lru_cache(maxsize=256)
def outcome_stages(codes: tuple[int, ...], k: int, first_only: bool = False) -> OutcomeStages:
    """Stages of the distinct outcomes `codes` (U,); without a shown set in the code, all K were shown."""
    width = (k + 1) ** 2
    sets: dict[tuple[bool, ...], int] = {}
    stages: list[list[tuple[int, int]]] = []
    for code in codes:
        mask, outcome = divmod(code, width)
        first, second = (part - 1 for part in divmod(outcome, k + 1))
        available = [bool(mask >> i & 1) for i in range(k)] if mask else [True] * k
        made = []
        for choice in (first,) if first_only else (first, second):
            if choice < 0 or sum(available) < 2 or not available[choice]:
                break
            made.append((sets.setdefault(tuple(available), len(sets)), choice))
            available[choice] = False
        stages.append(made)
    table = np.array(list(sets) or [(True,) * k], dtype=bool)
    to_chosen = np.zeros((len(codes), len(table)))
    to_wins = np.zeros((len(codes), k))
    beats = np.zeros((len(codes), k, k))
    for row, made in enumerate(stages):
        for index, choice in made:
            to_chosen[row, index] += 1
            to_wins[row, choice] += 1
            beats[row, choice] += table[index]
            beats[row, choice, choice] = 0
    return OutcomeStages(np.array(codes, dtype=np.int64), table, to_chosen, to_wins, beats)


@dataclass(frozen=True)
class GroupedOutcomes:
    """Outcome counts: `total` (U,) of the outcomes that occur; per participant in `table` (P, W) at `columns` (U,).

    The table has a column for each possible outcome, so that one count over the ballots fills it.
    """

    stages: OutcomeStages
    total: np.ndarray
    table: np.ndarray
    columns: np.ndarray

    @cached_property
    def counts(self) -> np.ndarray:
        """Counts per participant of the outcomes that occur, shape (P, U)."""
        return self.table if self.table.shape[1] == len(self.columns) else self.table[:, self.columns]

    def participant_sums(self, values: np.ndarray) -> np.ndarray:
        """Sum over each participant's ballots of a value per outcome (U, K), shape (P, K)."""
        wide = np.zeros((self.table.shape[1], values.shape[1]))
        wide[self.columns] = values
        return self.table @ wide


def group_outcomes(ballots: Ballots, *, first_only: bool = False) -> GroupedOutcomes:
    """Count the outcomes of the ballots, in all and per participant."""
    if ballots.shown is None:
        every = np.bincount(ballots.outcome, minlength=(ballots.k + 1) ** 2)
        columns = np.flatnonzero(every)
        stages = outcome_stages(tuple(columns.tolist()), ballots.k, first_only)
        return GroupedOutcomes(stages, every[columns].astype(float), ballots.outcome_counts, columns)
    occur, index = np.unique(outcome_codes(ballots), return_inverse=True)
    flat = ballots.participant * np.intp(len(occur)) + index
    table = np.bincount(flat, minlength=ballots.p * len(occur)).reshape(ballots.p, len(occur)).astype(float)
    stages = outcome_stages(tuple(occur.tolist()), ballots.k, first_only)
    return GroupedOutcomes(stages, table.sum(axis=0), table, np.arange(len(occur)))


def outcome_index(ballots: Ballots, outcomes: OutcomeStages) -> np.ndarray:
    """Each ballot's outcome as an index into `outcomes`, shape (N,)."""
    if ballots.shown is None:
        index = np.zeros((ballots.k + 1) ** 2, dtype=np.int32)
        index[outcomes.codes] = np.arange(len(outcomes.codes))
        return index[ballots.outcome]
    return np.searchsorted(outcomes.codes, outcome_codes(ballots))


def probabilities(theta: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Choice probabilities within each set, shape (…, T, K), 0 outside the set."""
    shifted = np.exp(theta - theta.max(axis=-1, keepdims=True))[..., None, :] * sets
    return shifted / shifted.sum(axis=-1, keepdims=True)


def log_likelihood(theta: np.ndarray, stages: Stages) -> np.ndarray:
    """Log-likelihood, shape (…)."""
    top = theta.max(axis=-1, keepdims=True)
    norms = np.log(np.exp(theta - top) @ stages.sets.T) + top
    return (stages.wins * theta).sum(axis=-1) - (stages.chosen * norms).sum(axis=-1)


def gradient_and_information(theta: np.ndarray, stages: Stages) -> tuple[np.ndarray, np.ndarray]:
    """Score (…, K) and Fisher information (…, K, K), which is also the observed one."""
    p = probabilities(theta, stages.sets)
    weighted = stages.chosen[..., None] * p
    expected = weighted.sum(axis=-2)
    information = -np.swapaxes(p, -1, -2) @ weighted
    diagonal = np.arange(theta.shape[-1])
    information[..., diagonal, diagonal] += expected
    return stages.wins - expected, information


def maximise(
    stages: Stages, start: np.ndarray | None = None, iterations: int = MAX_ITERATIONS
) -> tuple[np.ndarray, int, np.ndarray]:
    """Newton with step halving on connected data; θ sums to 0. Batched over leading dimensions.

    Returns θ (…, K), the iterations used, and which converged (…). The sum direction, in which the likelihood
    is flat, is made regular by adding 11ᵀ; the solution is not changed by it.
    """
    k = stages.wins.shape[-1]
    shape = stages.wins.shape
    theta = np.zeros(shape) if start is None else np.array(np.broadcast_to(start, shape))
    done = np.zeros(theta.shape[:-1], dtype=bool)
    scale = np.maximum(stages.wins.sum(axis=-1, keepdims=True), 1.0)
    value = log_likelihood(theta, stages)
    used = 0
    for used in range(1, iterations + 1):  # noqa: B007
        gradient, information = gradient_and_information(theta, stages)
        step = np.linalg.solve(information + scale[..., None] / k**2, gradient[..., None])[..., 0]
        trial = theta + step
        trial_value = log_likelihood(trial, stages)
        worse = trial_value < value - 1e-10 * np.abs(value)
        for _ in range(30):
            if not worse.any():
                break
            step = np.where(worse[..., None], step / 2, step)
            trial = theta + step
            trial_value = log_likelihood(trial, stages)
            worse = trial_value < value - 1e-10 * np.abs(value)
        theta, value = trial, trial_value
        done = np.abs(step).max(axis=-1) < TOLERANCE * 100
        if done.all():
            break
    return theta - theta.mean(axis=-1, keepdims=True), used, done


def win_components(beats: np.ndarray) -> tuple[int, np.ndarray]:
    """How many strongly connected components the graph of wins (K, K) has, and each condition's, shape (K,).

    With one component the maximum-likelihood estimate is finite (Ford 1957; Hunter 2004).
    """
    reach = (beats > 0) | np.eye(len(beats), dtype=bool)
    for middle in range(len(beats)):
        reach |= reach[:, middle : middle + 1] & reach[middle]
    leader = np.argmax(reach & reach.T, axis=1)
    return len(set(leader.tolist())), leader


def separated_conditions(beats: np.ndarray) -> list[int]:
    """Conditions outside the largest strongly connected component; in a tie the one with more wins stays."""
    n, labels = win_components(beats)
    if n == 1:
        return []
    wins = beats.sum(axis=1)
    core = max(set(labels.tolist()), key=lambda c: ((labels == c).sum(), wins[labels == c].sum(), -c))
    return [int(i) for i in np.flatnonzero(labels != core)]
