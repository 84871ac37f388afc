"""Sources as text and back: a page holds those of uploaded files in its form, so that nothing is stored.

The text comes back from a browser, so it is read as what a stranger sends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from analysis.comparison.effects import MEASURES, NO_ERROR, TABLE, Contrast, Effect, Source
from analysis.comparison.result_effects import mapping, number, rows, texts, words
from analysis.comparison.source_facts import MOST_CLIPS
from analysis.tables.result_json import plain

LONGEST = 2**20  # characters
_MOST_EFFECTS = 5_000


def kept_text(source: Source) -> str:
    """The source as JSON; the same source gives the same text."""
    data = plain(source) | {"identities": sorted(source.identities), "clips": sorted(source.clips)}
    return json.dumps({**data, "table": plain(source.table)}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def source_from(text: str) -> Source | None:
    """The source of `kept_text`; None of anything else."""
    if len(text) > LONGEST:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("origin") not in ("file", TABLE):
        return None
    effects = tuple(filter(None, map(_effect, rows(data.get("effects"))[:_MOST_EFFECTS])))
    simulated = data.get("simulated")
    return Source(
        name=words(data.get("name")),
        origin=data["origin"],
        digest=words(data.get("digest")),
        simulated=simulated if isinstance(simulated, bool) else None,
        identities=frozenset(texts(data.get("identities"))),
        clips=frozenset(texts(data.get("clips"))[:MOST_CLIPS]),
        n_participants=_count(data.get("n_participants")),
        n_clips=_count(data.get("n_clips")),
        n_ballots=_count(data.get("n_ballots")),
        effects=effects,
        table=_table(mapping(data.get("table"))),
    )


def _count(value: Any) -> int | None:
    found = number(value)
    return None if found is None or not 0 <= found < 1e12 else int(found)


def _effect(row: Mapping[str, Any]) -> Effect | None:
    contrast, within, ends = mapping(row.get("contrast")), None, row.get("ci95")
    sides = contrast.get("within")
    if isinstance(sides, list) and len(sides) == 2:
        within = tuple(map(words, texts(sides[0]))), tuple(map(words, texts(sides[1])))
    if within is None or row.get("measure") not in MEASURES:
        return None
    estimate, se, df, p = (number(row.get(key)) for key in ("estimate", "se", "df", "p"))
    low, high = (number(end) for end in ends) if isinstance(ends, list) and len(ends) == 2 else (None, None)
    usable = estimate is not None and (se is None or se > 0) and (df is None or df > 0)
    return Effect(
        contrast=Contrast(
            key=words(contrast.get("key")),
            factor=words(contrast.get("factor")),
            high=words(contrast.get("high")),
            low=words(contrast.get("low")),
            within=within,
        ),
        measure=row["measure"],
        population=words(row.get("population")),
        question=words(row.get("question")),
        unit=_unit(mapping(row.get("unit"))),
        estimate=estimate,
        se=se,
        df=df,
        ci95=None if low is None or high is None else (low, high),
        p=p,
        missing=words(row.get("missing")) or ("" if usable else NO_ERROR),
    )


def _unit(unit: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: value
        for key in ("images", "conditions", "lowest", "highest")
        if (value := number(unit.get(key))) is not None
    }
    if isinstance(unit.get("weights"), list):
        found["weights"] = [number(weight) or 0.0 for weight in unit["weights"][:20]]
    return found | ({"optional": True} if unit.get("optional") is True else {})


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    def cells(name: str, length: int) -> list[list[str]]:
        found = table.get(name)
        lists = (
            [row for row in found if isinstance(row, list) and len(row) == length] if isinstance(found, list) else []
        )
        return [[words(cell) for cell in row] for row in lists[:30]]

    if not table:
        return {}
    return {
        "weights": [words(weight) for weight in table["weights"][:2]] if isinstance(table.get("weights"), list) else [],
        "respondents": _count(table.get("respondents")),
        "others": _count(table.get("others")) or 0,
        "mismatches": cells("mismatches", 3),
        "repairs": cells("repairs", 4),
    }
