"""A source from the facts of a study, which exports, deposits and this installation give alike, or from a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.comparison.effects import FEW_CLIPS, NO_SPREAD, POINTS, TABLE, Contrast, Effect, Source
from analysis.comparison.errors import SourceRefused
from analysis.comparison.result_effects import effects_of, mapping, number, rows, words
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.results import NEW_CLIPS
from analysis.statistics.table_audit import DEFAULT_WEIGHTS, ScoreTable, TableAudit
from study.digests import canonical_digest

MOST_CLIPS = 10_000


def source_of(
    name: str, origin: str, digest: str, result: Mapping[str, Any], facts: Mapping[str, Any], *, slug: str = ""
) -> Source:
    """The source of an analysis JSON.

    Args:
        facts: as `study.json` of an export has them: "simulated", "plan" with "conditions" and "clips", "plan_digest";
            and "first_head", the head of the log's first entry. What is not known is absent.

    Raises:
        SourceRefused: it holds no effect of one group of images against another.
    """
    plan = mapping(facts.get("plan"))
    levels = {
        str(row.get("key")): {words(name): words(level) for name, level in mapping(row.get("levels")).items()}
        for row in rows(plan.get("conditions"))
    }
    effects = effects_of(result, levels)
    if not effects:
        raise SourceRefused(
            _("%(name)s: this analysis compares no conditions, so there is no effect in it.") % {"name": name}
        )
    simulated = facts.get("simulated")
    return Source(
        name=name,
        slug=slug,
        origin=origin,
        digest=digest,
        simulated=simulated if isinstance(simulated, bool) else None,
        identities=frozenset(_identities(result, facts)),
        clips=frozenset(
            sound[:64]
            for row in rows(plan.get("clips"))[:MOST_CLIPS]
            if isinstance(sound := row.get("digest"), str) and sound
        ),
        n_participants=_count(result.get("n_participants")),
        n_clips=_count(result.get("n_clips")),
        n_ballots=_count(result.get("n_ballots")),
        effects=effects,
    )


def _count(value: Any) -> int | None:
    found = number(value)
    return None if found is None or not 0 <= found < 1e12 else int(found)


def _identities(result: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """What only results of one study share: the first entry of its log, its plan with its seed, its very numbers."""
    named = (("log", facts.get("first_head")), ("plan", facts.get("plan_digest")))
    found = [f"{kind}:{value[:64]}" for kind, value in named if isinstance(value, str) and value]
    people = [result.get(key) for key in ("n_participants", "n_clips", "n_ballots")]
    scores = mapping(result.get("scores"))
    counted = {key: [mapping(row).get("first"), mapping(row).get("second")] for key, row in scores.items()}
    tested = {
        str(key): [round(number(row.get("estimate")) or 0.0, 9) for row in rows(mapping(block).get("these_clips"))]
        for key, block in {**mapping(result.get("questions")), "": result}.items()
    }
    if any(people) and (counted or any(tested.values())):
        found.append(f"numbers:{canonical_digest([people, counted, tested])}")
    return found


def source_of_table(name: str, content: bytes, table: ScoreTable, audit: TableAudit) -> Source:
    """The source of a published table of scores: its contrasts over items, which are tests for new clips.

    Raises:
        SourceRefused: no number of respondents fits the table, or it has no factors.
    """
    weights = [found for found in audit.consistent if found.respondents == audit.respondents]
    if not weights or audit.respondents is None:
        raise SourceRefused(
            _("%(name)s: no weights and no number of people fit this table; `audit_table` shows what is wrong with it.")
            % {"name": name}
        )
    fitting = min(weights, key=lambda found: (found.weights != DEFAULT_WEIGHTS, found.weights))
    result = {"conditions": list(table.conditions), "factors": _factors_of(table, audit)}
    unit = {"weights": [float(weight) for weight in fitting.weights], "images": float(len(table.conditions))}
    unit["conditions"] = len(table.conditions)
    effects = tuple(
        _table_effect(contrast, audit, unit, len(table.items)) for contrast in _table_contrasts(result, audit)
    )
    if not effects:
        raise SourceRefused(
            _("%(name)s: the rows have no factors; name the conditions as Earsight does, or analyse its answers.")
            % {"name": name}
        )
    digest = hashlib.sha256(content).hexdigest()
    return Source(
        name=name,
        origin=TABLE,
        digest=digest,
        identities=frozenset({f"table:{canonical_digest([list(table.conditions), table.cells.tolist()])}"}),
        n_participants=audit.respondents,
        n_clips=len(table.items),
        n_ballots=audit.respondents * len(table.items),
        effects=effects,
        table={
            "weights": list(fitting.weights),
            "respondents": audit.respondents,
            "others": len(audit.consistent) - 1,
            "mismatches": [[words(row.row), row.printed, row.sum] for row in audit.mismatches],
            "repairs": [[words(row.row), words(row.item), row.from_, row.to] for row in audit.repairs],
        },
    )


def _factors_of(table: ScoreTable, audit: TableAudit) -> dict[str, list[str]]:
    """The factors of an audit: those of the preset, as a table names no others."""
    from analysis.statistics.ballots import PRESET_FACTORS

    return {
        name: [key for key in table.conditions if key in PRESET_FACTORS[name]]
        for name in audit.clip_level_tests
        if name in PRESET_FACTORS
    }


def _table_contrasts(result: Mapping[str, Any], audit: TableAudit) -> list[Contrast]:
    block = {**result, "weights": [1.0], "scores": {}, "these_clips": [], "effective_clips": 0}
    found = effects_of(block, {})
    known = {effect.contrast.key: effect.contrast for effect in found}
    return [known[name] for name in audit.clip_level_tests if name in known]


def _table_effect(contrast: Contrast, audit: TableAudit, unit: Mapping[str, Any], items: int) -> Effect:
    test = audit.clip_level_tests[contrast.key]
    effect = Effect(contrast=contrast, measure=POINTS, population=NEW_CLIPS, unit=unit, estimate=test.estimate)
    se = abs(test.estimate / test.t) if test.estimate and test.t else None
    missing = FEW_CLIPS if items < FEWEST_CLIPS else "" if se else NO_SPREAD
    return Effect(**{**vars(effect), "se": None if missing else se, "df": float(test.df), "missing": missing})
