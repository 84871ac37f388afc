"""The comparison of sources as plain values: docs/comparing.md lists its keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.comparison.effects import Contrast, Effect, Source
from analysis.comparison.matching import Choice, Included, LeftOut, Matched, match, offered
from analysis.statistics.distributions import t_quantile
from analysis.statistics.meta_analysis import MetaAnalysis, meta_analysis
from analysis.tables.result_json import plain

_NORMAL = 1e10


def compare(sources: Sequence[Source], choice: Choice, method: str = "reml") -> dict[str, Any]:
    """Compare the sources, in their order.

    Raises:
        DesignError: the method is unknown.
    """
    matched = match(_told_apart(sources), choice)
    reference, together = matched.reference, _combined(matched, method)
    return {
        "contrast": None if reference is None else contrast_block(reference.contrast),
        "measure": choice.measure if reference is None else reference.measure,
        "question": choice.question if reference is None else reference.question,
        "unit": {} if reference is None else dict(reference.unit),
        "population": choice.population,
        "method": method,
        "simulated": bool(matched.included) and all(row.source.simulated is True for row in matched.included),
        "studies": [_study_block(row, together, place) for place, row in enumerate(matched.included)],
        "left_out": [_left_out_block(row) for row in matched.left_out],
        "shared_clips": [list(row) for row in matched.shared_clips],
        "combined": None if together is None else _combined_block(together),
    }


def _told_apart(sources: Sequence[Source]) -> list[Source]:
    """The sources; different studies of one title with their short names, else the beginnings of their digests.

    A study and its export keep their title: one of them is left out as the same.
    """
    marks = Counter((source.name, source.slug) for source in sources)
    named = []
    for source in sources:
        others = [other for other in sources if other.name == source.name and other is not source]
        mark = source.slug if source.slug and marks[source.name, source.slug] == 1 else source.digest[:8]
        is_one_of_many = any(not source.identities & other.identities for other in others)
        named.append(replace(source, name=f"{source.name} ({mark})") if is_one_of_many else source)
    return named


def choices_of(sources: Sequence[Source]) -> dict[str, Any]:
    """What can be chosen: each contrast with its measures, and the questions that ask for ratings."""
    contrasts = []
    for contrast in offered(sources):
        alike = [e for source in sources for e in source.effects if e.contrast.sign_of(contrast)]
        measures = list(dict.fromkeys(effect.measure for effect in alike))
        contrasts.append(contrast_block(contrast) | {"measures": measures})
    questions = [effect.question for source in sources for effect in source.effects if effect.measure == "rating"]
    return {"contrasts": contrasts, "questions": list(dict.fromkeys(questions))}


def contrast_block(contrast: Contrast) -> dict[str, Any]:
    return dict(plain(contrast))


def _combined(matched: Matched, method: str) -> MetaAnalysis | None:
    """None with fewer than two studies."""
    effects = [row.effect for row in matched.included]
    if len(effects) < 2:
        return None
    return meta_analysis([_known(e.estimate) for e in effects], [_known(e.se) for e in effects], method)


def _known(value: float | None) -> float:
    assert value is not None, "effects without a number are left out"
    return value


def _study_block(row: Included, together: MetaAnalysis | None, place: int) -> dict[str, Any]:
    source, effect = row.source, row.effect
    return {
        "name": source.name,
        "slug": source.slug,
        "origin": source.origin,
        "digest": source.digest,
        "simulated": source.simulated,
        "n_participants": source.n_participants,
        "n_clips": source.n_clips,
        "n_ballots": source.n_ballots,
        "estimate": effect.estimate,
        "se": effect.se,
        "df": effect.df,
        "ci95": list(_interval(effect)),
        "turned": row.turned,
        "weight": together and together.weights[place],
        "fixed_weight": together and together.fixed_weights[place],
        "table": plain(source.table) or None,
    }


def _interval(effect: Effect) -> tuple[float, float]:
    estimate, half = _known(effect.estimate), t_quantile(0.975, effect.df or _NORMAL) * _known(effect.se)
    return estimate - half, estimate + half


def _left_out_block(row: LeftOut) -> dict[str, Any]:
    return {
        "name": row.source.name,
        "slug": row.source.slug,
        "origin": row.source.origin,
        "digest": row.source.digest,
        "reason": row.reason,
        "values": plain(row.values),
    }


def _combined_block(found: MetaAnalysis) -> Mapping[str, Any]:
    block: dict[str, Any] = plain(found)
    del block["weights"], block["fixed_weights"]
    return block
