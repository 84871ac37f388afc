"""Studies of this installation for a comparison: who may see which, which have results, and their facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from analysis.comparison.effects import RESULT_KEYS
from analysis.models import Analysis
from analysis.study_results import analyses
from study.access import Right, studies_of
from study.digests import canonical_digest
from study.models import Study


@dataclass(frozen=True)
class Candidate:
    """A study that somebody may compare; `hindrance` says why not yet, in one sentence with what to do."""

    study: Study
    hindrance: str = ""


def candidates(user: Any) -> list[Candidate]:
    """The studies whose results the user may see once they are open, newest first. Rehearsals are none."""
    return [Candidate(study, _hindrance(study)) for study in _visible(user)]


def _visible(user: Any) -> QuerySet[Any]:
    newest = Analysis.objects.filter(study=OuterRef("pk"), state=Analysis.State.READY).order_by("-pk")
    return (
        studies_of(user, Right.RESULTS)
        .filter(rehearsal_of=None)
        .annotate(
            analysed=Subquery(newest.values("pk")[:1]),
            analysed_erasures=Subquery(newest.values("erasures")[:1]),
            erased=F("erasures"),
        )
        .order_by("-created_at", "-pk")
    )


def _hindrance(study: Any) -> str:
    if study.status == Study.Status.DRAFT:
        return _("It is a draft: it has no answers yet.")
    if study.is_sealed:
        return _("Its results are sealed until it is closed and its grace period is over.")
    if study.analysed is None:
        return _("It was not analysed: analyse its answers on its results page.")
    if study.analysed_erasures != study.erased:
        return _("Somebody has withdrawn since its analysis: analyse its answers again.")
    return ""


def study_facts(study: Study) -> dict[str, Any]:
    """What a comparison needs of a study, as plain values.

    Raises:
        NotAllowedNow: the study is sealed, was not analysed, or somebody has withdrawn since.
    """
    analysis = analyses.ensure_results(study)
    result: Mapping[str, Any] = analysis.result or {}
    first = study.log.order_by("number").first()
    return {
        "name": study.title,
        "slug": study.slug,
        "digest": canonical_digest(result),
        "result": {key: result[key] for key in RESULT_KEYS if key in result},
        "facts": {
            "simulated": study.simulated,
            "plan_digest": study.plan_digest,
            "first_head": first.head if first else "",
            "plan": {
                "conditions": list(study.conditions.order_by("number").values("key", "levels")),
                "clips": [
                    {"digest": digest}
                    for digest in study.clips.filter(included=True, is_practice=False).values_list(
                        "audio_digest", flat=True
                    )
                ],
            },
        },
    }


def is_outdated(study: Study) -> bool:
    """Whether answers have come or changed since the study's newest analysis."""
    analysis = analyses.latest_unsealed(study)
    return analysis is not None and not analyses.is_current(analysis)
