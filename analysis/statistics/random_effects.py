"""Plackett–Luce with participant × condition and clip × condition effects on the utility.

u_ijk = μ_k + a_ik + c_jk + Gumbel noise, a ~ N(0, σ_P²), c ~ N(0, σ_C²), all independent. The marginal
likelihood is approximated by Laplace's method: for given σ the effects are maximised out by Newton,
participants eliminated block by block, and the log-determinant corrects for their spread (Breslow and Clayton 1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.statistics.ballots import Ballots
from analysis.statistics.choices import outcome_codes, outcome_stages
from analysis.statistics.results import RandomEffects

SMALLEST_SD = 0.02


class _LaplaceFit:
    """The model for one set of ballots; `maximise` moves `mu` (K,), `a` (P, K) and `b` (C, K) to their best values."""

    def __init__(self, ballots: Ballots) -> None:
        occur, index = np.unique(outcome_codes(ballots), return_inverse=True)
        self.outcomes = outcome_stages(tuple(occur.tolist()), ballots.k)
        self.p, self.c, self.k = ballots.p, ballots.c, ballots.k
        cell = ballots.participant * self.c + ballots.clip
        order = np.argsort(cell, kind="stable")  # so that each person's ballots of a clip follow one another
        self.cells, self.starts = np.unique(cell[order], return_index=True)
        self.person, self.clip = ballots.participant[order], ballots.clip[order]
        self.chosen = self.outcomes.to_chosen[index[order]]  # (N, T)
        self.wins = self.outcomes.to_wins[index[order]]  # (N, K)
        self.mu = np.zeros(self.k)
        self.a = np.zeros((self.p, self.k))
        self.b = np.zeros((self.c, self.k))

    def per_ballot(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Log-likelihood, scores (N, K) and information (N, K, K) at the current effects."""
        utility = self.mu + self.a[self.person] + self.b[self.clip]
        sets = self.outcomes.sets
        top = utility.max(axis=1, keepdims=True)
        weights = np.exp(utility - top)
        norms = weights @ sets.T
        p = weights[:, None, :] * sets / norms[..., None]
        loglik = float((self.wins * utility).sum() - (self.chosen * (np.log(norms) + top)).sum())
        weighted = self.chosen[..., None] * p
        expected = weighted.sum(axis=1)
        information = -np.einsum("ntk,ntl->nkl", weighted, p)
        diagonal = np.arange(self.k)
        information[:, diagonal, diagonal] += expected
        return loglik, self.wins - expected, information

    def by_cell(self, values: np.ndarray) -> np.ndarray:
        """Sums of (N, …) by ballot over each person and clip: (P, C, …). `np.add.at` takes several times as long."""
        sums = np.zeros((self.p * self.c, *values.shape[1:]))
        sums[self.cells] = np.add.reduceat(values, self.starts)
        return sums.reshape(self.p, self.c, *values.shape[1:])

    def penalised(self, loglik: float, tau: tuple[float, float]) -> float:
        return loglik - 0.5 * float((self.a**2).sum()) / tau[0] - 0.5 * float((self.b**2).sum()) / tau[1]

    def newton_system(
        self, information: np.ndarray, tau: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Participant blocks (P, K, K), their links to μ and clips (P, K, M), the system of those (M, M)."""
        p, c, k = self.p, self.c, self.k
        m = k * (1 + c)
        cells = self.by_cell(information)
        blocks, of_clip = cells.sum(axis=1), cells.sum(axis=0)
        links = np.concatenate([blocks[:, :, None, :], cells.transpose(0, 2, 1, 3)], axis=2)
        system = np.zeros((1 + c, k, 1 + c, k))
        system[0, :, 0, :] = of_clip.sum(axis=0) + 1.0  # + 11ᵀ, because the sum of μ is not identified
        for j in range(c):
            system[0, :, j + 1, :] = system[j + 1, :, 0, :] = of_clip[j]
            system[j + 1, :, j + 1, :] = of_clip[j] + np.eye(k) / tau[1]
        return blocks + np.eye(k) / tau[0], links.reshape(p, k, m), system.reshape(m, m)

    def maximise(self, tau: tuple[float, float]) -> tuple[float, np.ndarray]:
        """Laplace log-likelihood at these variances and the covariance of μ (K, K)."""
        k = self.k
        loglik, scores, information = self.per_ballot()
        height = self.penalised(loglik, tau)
        for _ in range(50):
            blocks, links, system = self.newton_system(information, tau)
            eliminated = np.linalg.solve(blocks, links)
            reduced = system - np.einsum("pkm,pkn->mn", links, eliminated)
            cells = self.by_cell(scores)
            right_people, right_clips = cells.sum(axis=1), cells.sum(axis=0)
            right = np.concatenate([right_clips.sum(axis=0)[None], right_clips - self.b / tau[1]]).ravel()
            people = np.linalg.solve(blocks, (right_people - self.a / tau[0])[..., None])[..., 0]
            step = np.linalg.solve(reduced, right - np.einsum("pkm,pk->m", links, people))
            step_people = people - eliminated @ step
            step = step.reshape(1 + self.c, k)
            before = (self.mu.copy(), self.a.copy(), self.b.copy())
            size = 1.0
            while True:
                self.mu = before[0] + size * step[0]
                self.a = before[1] + size * step_people
                self.b = before[2] + size * step[1:]
                loglik, scores, information = self.per_ballot()
                new = self.penalised(loglik, tau)
                if new >= height - 1e-9 or size < 1e-4:
                    break
                size /= 2
            gain, height = new - height, new
            if abs(gain) < 1e-8:
                break
        blocks, links, system = self.newton_system(information, tau)
        reduced = system - np.einsum("pkm,pkn->mn", links, np.linalg.solve(blocks, links))
        # The determinant of the effects' information given μ: participants, then clips.
        determinant = np.linalg.slogdet(blocks)[1].sum() + np.linalg.slogdet(reduced[k:, k:])[1]
        determinant += k * (self.p * np.log(tau[0]) + self.c * np.log(tau[1]))
        self.mu -= self.mu.mean()
        return height - 0.5 * float(determinant), np.linalg.inv(reduced)[:k, :k]


@dataclass(frozen=True)
class RandomEffectsFit:
    """The fitted model. `mu` (K,) sums to 0, with `covariance` (K, K).

    `log_sd` (2,): of participants' and of clips' effects.
    `negative_loglik`: minus the Laplace log-likelihood at any `log_sd`.
    """

    mu: np.ndarray
    covariance: np.ndarray
    log_sd: np.ndarray
    loglik: float
    converged: bool
    negative_loglik: Callable[[np.ndarray], float]

    @property
    def sd(self) -> tuple[float, float]:
        """The two standard deviations; one at its lower limit is 0."""
        sd_participants, sd_clips = (0.0 if at_limit(s) else float(np.exp(s)) for s in self.log_sd)
        return sd_participants, sd_clips


def at_limit(log_sd: float) -> bool:
    """Whether a standard deviation is as small as the search goes."""
    return bool(np.exp(log_sd) <= SMALLEST_SD * 1.01)


def fit_random_effects(ballots: Ballots) -> RandomEffectsFit | None:
    """Fit the model; None for one person or one clip, and if a condition was never chosen."""
    if ballots.p < 2 or ballots.c < 2:
        return None
    model = _LaplaceFit(ballots)
    if not model.wins.sum(axis=0).all():
        return None

    def maximise(log_sd: np.ndarray) -> tuple[float, np.ndarray]:
        sd = np.exp(np.clip(log_sd, np.log(SMALLEST_SD), 3.0))
        return model.maximise((float(sd[0] ** 2), float(sd[1] ** 2)))

    found = optimize.minimize(
        lambda log_sd: -maximise(log_sd)[0],
        np.log([0.6, 0.6]),
        method="Nelder-Mead",
        bounds=[(np.log(SMALLEST_SD), 3.0)] * 2,
        options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 200},
    )
    value, covariance = maximise(found.x)
    return RandomEffectsFit(
        mu=model.mu.copy(),
        covariance=covariance,
        log_sd=found.x,
        loglik=float(value),
        converged=bool(found.success),
        negative_loglik=lambda log_sd: -maximise(log_sd)[0],
    )


def random_effects(fit: RandomEffectsFit, conditions: Sequence[str], reference: str) -> RandomEffects:
    """Worths for an average person and clip, and the SDs of tastes."""
    at = conditions.index(reference)
    against = np.eye(len(conditions)) - np.eye(len(conditions))[at]
    errors = np.sqrt(np.maximum(np.diag(against @ fit.covariance @ against.T), 0))
    sd_participants, sd_clips = fit.sd
    return RandomEffects(
        log_worth=tuple(float(x) for x in fit.mu - fit.mu[at]),
        se=tuple(float(x) for x in errors),
        sd_participants=sd_participants,
        sd_clips=sd_clips,
        loglik=fit.loglik,
        converged=fit.converged,
        reference=reference,
    )
