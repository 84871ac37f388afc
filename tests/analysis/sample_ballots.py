"""Small studies for the tests: simulated by the recipe of the proof, or made by hand."""

from __future__ import annotations

import numpy as np

from analysis.statistics.ballots import PRESET, Ballots, make_ballots


def simulated(
    people: int = 30,
    clips: int = 6,
    sd: tuple[float, float] = (0.8, 0.7),
    mu: tuple[float, ...] = (1.4, 1.8, 0.0, 0.0),
    seed: int = 0,
    conditions: tuple[str, ...] | None = None,
) -> Ballots:
    """People choose the best two of μ + tastes + Gumbel noise."""
    rng = np.random.default_rng(seed)
    k = len(mu)
    utility = (
        np.array(mu)
        + sd[0] * rng.standard_normal((people, 1, k))
        + sd[1] * rng.standard_normal((1, clips, k))
        + rng.gumbel(size=(people, clips, k))
    )
    ranked = np.argsort(-utility, axis=-1).reshape(-1, k).astype(np.int8)
    names = conditions or (PRESET if k == 4 else tuple("abcdef"[:k]))
    return Ballots(
        conditions=names,
        participants=tuple(f"p{i:05d}" for i in range(people)),
        clips=tuple(f"c{j:03d}" for j in range(clips)),
        participant=np.repeat(np.arange(people, dtype=np.int32), clips),
        clip=np.tile(np.arange(clips, dtype=np.int32), people),
        first=ranked[:, 0],
        second=ranked[:, 1],
    )


def by_hand(rows: list[tuple[str, str, str | None, str | None]], conditions: str = "abcd") -> Ballots:
    """Ballots from (participant, clip, first, second)."""
    people, clips, first, second = zip(*rows, strict=True)
    return make_ballots(people, clips, first, second, conditions=tuple(conditions))


def rows_of(ballots: Ballots) -> list[tuple[str, str, str, str]]:
    """Ballots as rows of labels."""
    names = (*ballots.conditions, "")
    return [
        (ballots.participants[p], ballots.clips[c], names[f], names[s])
        for p, c, f, s in zip(ballots.participant, ballots.clip, ballots.first, ballots.second, strict=True)
    ]


def write_csv(path, rows, header="participant,clip,first,second"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")
    return path
