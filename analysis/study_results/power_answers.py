"""Power asked for in the console: computed by a worker, kept with the study's plan."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from study.models import Study

SIMULATIONS = 1_000


@transaction.atomic
def _keep(study_id: int, **changes: Any) -> None:
    row = Study.objects.select_for_update().get(pk=study_id)
    row.plan = row.plan | {"power": (row.plan.get("power") or {}) | changes}
    row.save(update_fields=["plan"])


@transaction.atomic
def ask_power(study: Study, inputs: Mapping[str, float]) -> None:
    """Queues a simulation of the power of a design; the newest question replaces the one before."""
    from analysis.tasks import compute_power

    _keep(study.pk, inputs=dict(inputs), state="waiting", result=None, error="")
    transaction.on_commit(lambda: compute_power.delay(study.pk))


def answer_power(study_id: int) -> None:
    """Computes what was asked last; again does no harm, for the seed is the study's."""
    # SciPy is for workers; the web process does without.
    from analysis.statistics.errors import StatisticsError
    from analysis.statistics.power import power
    from analysis.tables.result_json import plain

    study = Study.objects.filter(pk=study_id).first()
    asked = (study.plan.get("power") or {}) if study is not None else {}
    if study is None or asked.get("state") != "waiting":
        return
    inputs = asked["inputs"]
    try:
        found = power(
            int(inputs["participants"]),
            int(inputs["clips"]),
            inputs["share"],
            sd_participants=inputs["sd_participants"],
            sd_clips=inputs["sd_clips"],
            weights=study.weights,
            alpha=float(study.alpha),
            simulations=SIMULATIONS,
            seed=study.seed % 2**32,
        )
    except StatisticsError as error:
        _keep(study_id, state="failed", error=str(error))
        return
    _keep(study_id, state="ready", result=plain(found))
