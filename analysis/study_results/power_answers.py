"""Questions about power from the console: answered by a worker, question and answer stored in the study's plan."""

from collections.abc import Mapping
from typing import Any

from celery import current_app
from django.db import transaction

from analysis.statistics.errors import StatisticsError
from analysis.tables.result_json import plain
from study.models import Study

SIMULATIONS = 1_000


@transaction.atomic
def _save(study_id: int, **changes: Any) -> None:
    row = Study.objects.select_for_update().get(pk=study_id)
    row.plan = row.plan | {"power": (row.plan.get("power") or {}) | changes}
    row.save(update_fields=["plan"])


@transaction.atomic
def ask_power(study: Study, inputs: Mapping[str, float]) -> None:
    """Queue a simulation of a design's power; it replaces the study's previous question."""
    _save(study.pk, inputs=dict(inputs), state="waiting", result=None, error="")
    transaction.on_commit(lambda: current_app.send_task("analysis.power", (study.pk,)))


def answer_power(study_id: int) -> None:
    """Compute the power that was asked for last. A second call gives the same: the seed is the study's."""
    # Imported here: it loads SciPy, which the web process does not need.
    from analysis.statistics.power import power

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
        _save(study_id, state="failed", error=str(error))
        return
    _save(study_id, state="ready", result=plain(found))
