"""The Plackett–Luce likelihood on grouped choices: stages, Newton's method, separation.

A stage is one choice from a set of conditions. A top-2 ballot is two stages: the first choice out of the
images shown, the second out of the others (Plackett 1975; Luce 1959); a whole order of K images is K − 1 stages.
Log-likelihood in θ = log worth: Σ_k wins_k θ_k − Σ_t n_t log Σ_{k ∈ set_t} exp θ_k, so wins per condition and choices
per set are sufficient. With ties, "no difference" is one more alternative of a stage (`Stages.design`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from analysis.statistics.ballots import Ballots

MAX_ITERATIONS = 60
TOLERANCE = 1e-11


@dataclass(frozen=True)
class Stages:
    """Choices of one or many data sets (leading dimensions …).

    `sets`: (T, A) bool, which alternatives a choice was from. `chosen`: (…, T), choices made from each set.
    `wins`: (…, A), how often each alternative was chosen. The alternatives are the K conditions, and the parameters
    their log worths, unless there is a `design` (A, M): it gives the alternatives' utilities, design θ, of
    M = K + 1 parameters, of which the last is the log of the tie parameter.
    """

    sets: np.ndarray
    chosen: np.ndarray
    wins: np.ndarray
    design: np.ndarray | None = None

    def select(self, keep: np.ndarray) -> Stages:
        """The data sets where `keep` is true, along the first dimension."""
        return Stages(self.sets, self.chosen[keep], self.wins[keep], self.design)

    @property
    def parameters(self) -> int:
        return self.wins.shape[-1] if self.design is None else self.design.shape[1]

    @property
    def k(self) -> int:
        """Conditions, whose log worths are the first parameters."""
        return self.parameters - (self.design is not None)

    @property
    def flat(self) -> np.ndarray:
        """The direction (M,) in which the likelihood is flat: 1 for each log worth."""
        return (np.arange(self.parameters) < self.k).astype(float)

    def utilities(self, theta: np.ndarray) -> np.ndarray:
        """Utilities of the alternatives, shape (…, A)."""
        return theta if self.design is None else theta @ self.design.T


@dataclass(frozen=True)
class OutcomeStages:
    """Maps counts of outcomes to stages: `chosen = counts @ to_chosen`, `wins = counts @ to_wins`.

    `codes`: the distinct outcomes (U,), `sets`: (T, A). Matrices have shapes (U, T) and (U, A). `beats`:
    (U, K, K), how often an outcome shows that the first index beats the second; `ties` (U, K, K), symmetric, that two
    are equal (None: a tie is no outcome). `design`: as in Stages.
    """

    codes: np.ndarray
    sets: np.ndarray
    to_chosen: np.ndarray
    to_wins: np.ndarray
    beats: np.ndarray
    ties: np.ndarray | None = None
    design: np.ndarray | None = None

    def stages(self, counts: np.ndarray) -> Stages:
        """Stages of outcome counts of shape (…, U)."""
        return Stages(self.sets, counts @ self.to_chosen, counts @ self.to_wins, self.design)

    @cached_property
    def kinds(self) -> np.ndarray:
        """What outcomes say of pairs of conditions, shape (U, …): without all of one kind, data may be separated."""
        parts = [self.beats] if self.ties is None else [self.beats, self.ties]
        return np.concatenate([part.reshape(len(self.codes), -1) for part in parts], axis=1)

    def scores(self, theta: np.ndarray) -> np.ndarray:
        """Gradient of the log-likelihood of each outcome, shape (U, M)."""
        utilities = theta if self.design is None else theta @ self.design.T
        scores = self.to_wins - self.to_chosen @ probabilities(utilities, self.sets)
        return scores if self.design is None else scores @ self.design


def outcome_codes(ballots: Ballots) -> np.ndarray:
    """Outcome of each ballot together with the set that was shown, shape (N,)."""
    codes = ballots.outcome.astype(np.int64)
    if ballots.shown is not None:
        shown = ballots.shown @ (1 << np.arange(ballots.k))
        codes = codes + shown * (ballots.k + 1) ** 2
    return codes


@lru_cache(maxsize=256)
def outcome_stages(codes: tuple[int, ...], k: int, first_only: bool = False, ranks: int = 2) -> OutcomeStages:
    """Stages of the distinct outcomes `codes` (U,); without a shown set in the code, all K were shown.

    A code has a digit to the base K + 1 for each of `ranks` choices, condition + 1 or 0, and before them the shown set.
    """
    sets: dict[tuple[bool, ...], int] = {}
    stages: list[list[tuple[int, int]]] = []
    for code in codes:
        mask, outcome = divmod(code, (k + 1) ** ranks)
        order = [outcome // (k + 1) ** place % (k + 1) - 1 for place in reversed(range(ranks))]
        available = [bool(mask >> i & 1) for i in range(k)] if mask else [True] * k
        made = []
        for choice in order[:1] if first_only else order:
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

    The table has a column for each possible outcome, so that one count over the ballots fills it. `index` (N,): each
    answer's outcome among those that occur, if it is known already.
    """

    stages: OutcomeStages
    total: np.ndarray
    table: np.ndarray
    columns: np.ndarray
    index: np.ndarray | None = None

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
    return group_codes(
        outcome_codes(ballots),
        ballots.participant,
        ballots.p,
        lambda codes: outcome_stages(codes, ballots.k, first_only),
    )


def group_codes(
    codes: np.ndarray,
    participant: np.ndarray,
    people: int,
    stages_of: Callable[[tuple[int, ...]], OutcomeStages],
) -> GroupedOutcomes:
    """Count the outcomes `codes` (N,) of answers, in all and per participant; `stages_of` gives those of the codes."""
    occur, index = np.unique(codes, return_inverse=True)
    flat = participant * np.intp(len(occur)) + index
    table = np.bincount(flat, minlength=people * len(occur)).reshape(people, len(occur)).astype(float)
    stages = stages_of(tuple(occur.tolist()))
    return GroupedOutcomes(stages, table.sum(axis=0), table, np.arange(len(occur)), index)


def outcome_index(ballots: Ballots, outcomes: OutcomeStages) -> np.ndarray:
    """Each ballot's outcome as an index into `outcomes`, shape (N,), if every ballot showed all images."""
    index = np.zeros((ballots.k + 1) ** 2, dtype=np.int32)
    index[outcomes.codes] = np.arange(len(outcomes.codes))
    return index[ballots.outcome]


def probabilities(theta: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Choice probabilities within each set, shape (…, T, K), 0 outside the set."""
    shifted = np.exp(theta - theta.max(axis=-1, keepdims=True))[..., None, :] * sets
    return shifted / shifted.sum(axis=-1, keepdims=True)


def log_likelihood(theta: np.ndarray, stages: Stages) -> np.ndarray:
    """Log-likelihood, shape (…)."""
    theta = stages.utilities(theta)
    top = theta.max(axis=-1, keepdims=True)
    norms = np.log(np.exp(theta - top) @ stages.sets.T) + top
    return (stages.wins * theta).sum(axis=-1) - (stages.chosen * norms).sum(axis=-1)


def gradient_and_information(theta: np.ndarray, stages: Stages) -> tuple[np.ndarray, np.ndarray]:
    """Score (…, M) and Fisher information (…, M, M), which is also the observed one."""
    p = probabilities(stages.utilities(theta), stages.sets)
    weighted = stages.chosen[..., None] * p
    expected = weighted.sum(axis=-2)
    information = -np.swapaxes(p, -1, -2) @ weighted
    diagonal = np.arange(p.shape[-1])
    information[..., diagonal, diagonal] += expected
    gradient = stages.wins - expected
    if stages.design is None:
        return gradient, information
    return gradient @ stages.design, stages.design.T @ information @ stages.design


def maximise(
    stages: Stages, start: np.ndarray | None = None, iterations: int = MAX_ITERATIONS
) -> tuple[np.ndarray, int, np.ndarray]:
    """Newton with step halving on connected data; the log worths sum to 0. Batched over leading dimensions.

    Returns θ (…, M), the iterations used, and which converged (…). The sum direction, in which the likelihood
    is flat, is made regular by adding 11ᵀ; the solution is not changed by it.
    """
    k, flat = stages.k, stages.flat
    shape = (*stages.wins.shape[:-1], stages.parameters)
    theta = np.zeros(shape) if start is None else np.array(np.broadcast_to(start, shape))
    done = np.zeros(theta.shape[:-1], dtype=bool)
    scale = np.maximum(stages.wins.sum(axis=-1, keepdims=True), 1.0)
    value = log_likelihood(theta, stages)
    used = 0
    for used in range(1, iterations + 1):  # noqa: B007
        gradient, information = gradient_and_information(theta, stages)
        regular = information + scale[..., None] / k**2 * np.outer(flat, flat)
        step = np.linalg.solve(regular, gradient[..., None])[..., 0]
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
    return theta - theta[..., :k].mean(axis=-1, keepdims=True) * flat, used, done


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


def separated_in(outcomes: OutcomeStages, total: np.ndarray) -> list[int]:
    """The conditions whose worths have no finite estimate from outcome counts (U,); none if all have one.

    With ties the estimate is finite if the graph of wins and ties is strongly connected, there are ties, and no worths
    exist with θ_i − θ_j ≥ 2 for each win of i over j and |θ_i − θ_j| ≤ 2 for each tie: along these and the tie
    parameter the likelihood of Davidson's model never falls.
    """
    beats = np.tensordot(total, outcomes.beats, axes=1)
    if outcomes.ties is None:
        return separated_conditions(beats)
    ties = np.tensordot(total, outcomes.ties, axes=1)
    apart = separated_conditions(beats + ties)
    if apart or (ties.any() and not _steps_exist(beats, ties)):
        return apart
    return separated_conditions(beats) or list(range(len(beats)))


def _steps_exist(beats: np.ndarray, ties: np.ndarray) -> bool:
    """Whether the differences above can all be kept: no cycle of the bounds on θ_j − θ_i is negative."""
    bound = np.where(beats > 0, -2.0, np.where(ties > 0, 2.0, np.inf))
    np.fill_diagonal(bound, 0.0)
    for middle in range(len(bound)):
        bound = np.minimum(bound, bound[:, middle : middle + 1] + bound[middle])
    return bool((np.diag(bound) >= 0).all())
