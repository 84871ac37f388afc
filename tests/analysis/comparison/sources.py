"""Analyses and sources of studies that were never run, for tests of comparisons."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from analysis.comparison.effects import FILE, Source
from analysis.comparison.source_facts import source_of
from analysis.models import Analysis
from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import PRESET
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.result_json import to_json
from study.ballots.table_state import table_state
from study.models import Study
from study.models.log import record
from tests.analysis.sample_ballots import simulated
from tests.factories import make_study

SEED_TABLE = """condition,item1,item2,item3,item4,item5,item6,printed_total
redefined_tags,44,33,57,29,18,66,247
redefined_sentence,44,79,53,50,69,46,341
original_tags,11,3,0,27,10,5,56
original_sentence,18,2,4,11,20,0,58
"""

_COMPUTED: dict[str, str] = {}  # analysis JSON by its arguments


def choices_json(
    seed: int,
    *,
    people: int = 12,
    clips: int = 6,
    weights: tuple[float, float] = (3.0, 1.0),
    conditions: Sequence[str] = PRESET,
    liking: Sequence[float] = (1.0, 1.2, 0.0, 0.0),
    factors: Mapping[str, Sequence[str]] | None = None,
    **plan: Any,
) -> dict[str, Any]:
    """The analysis JSON of drawn first and second choices; computed once for the same arguments."""
    asked = repr((seed, people, clips, weights, conditions, liking, factors, sorted(plan.items())))
    if asked not in _COMPUTED:
        _COMPUTED[asked] = _computed(seed, people, clips, weights, conditions, liking, factors, plan)
    found: dict[str, Any] = json.loads(_COMPUTED[asked])
    return found


def _computed(
    seed: int,
    people: int,
    clips: int,
    weights: tuple[float, float],
    conditions: Sequence[str],
    liking: Sequence[float],
    factors: Mapping[str, Sequence[str]] | None,
    plan: dict[str, Any],
) -> str:
    ballots = simulated(people, clips, (0.3, 0.2), tuple(liking), seed, tuple(conditions))
    named = {name: tuple(keys) for name, keys in factors.items()} if factors is not None else None
    plan = {"weights": weights, "factors": named, "draws": 100, "random_effects": False, "seed": seed} | plan
    result = analyse(ballots, AnalysisPlan(**plan))
    return json.dumps(to_json(result))


def source(seed: int, name: str = "", facts: Mapping[str, Any] | None = None, **choices: Any) -> Source:
    """A source of drawn choices; `facts`: as `study.json` has them."""
    result = choices_json(seed, **choices)
    return source_of(name or f"study {seed}", FILE, f"{seed:064x}", result, facts or {})


def written(folder: Path, name: str, content: Any) -> Path:
    """A file with this content: text, bytes, or what JSON can say."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def analysed_study(seed: int, **fields: Any) -> Study:
    """A closed study with a stored analysis of drawn choices; nobody has answered in its database."""
    clips = fields.pop("clips", 2)
    choices = {name: fields.pop(name) for name in ("weights", "people", "liking") if name in fields}
    study = make_study(clips=clips, **fields)
    record(study, "created")
    closed = {"status": Study.Status.CLOSED, "closed_at": timezone.now() - timedelta(days=7)}
    Study.objects.filter(pk=study.pk).update(**closed, plan_digest=f"{seed:064x}")
    study.refresh_from_db()
    Analysis.objects.create(
        study=study,
        state=Analysis.State.READY,
        result=choices_json(seed, **choices),
        erasures=study.erasures,
        table_state=table_state(study),
    )
    return study
