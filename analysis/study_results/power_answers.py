"""Questions about power from the console: answered by a worker, question and answer stored in the study's plan."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.db import transaction

from analysis.statistics.errors import StatisticsError
from analysis.study_results.analyses import latest_unsealed
from analysis.study_results.factors import factors_of
from analysis.tables.result_json import plain
from study.models import Study

if TYPE_CHECKING:
    from analysis.statistics.planning import Assumptions

SIMULATIONS = 1_000
FEWEST_CLIPS = 5  # below, the primary test says nothing about new clips


@transaction.atomic
def _save(study_id: int, **changes: Any) -> None:
    row = Study.objects.select_for_update().get(pk=study_id)
    row.plan = row.plan | {"power": (row.plan.get("power") or {}) | changes}
    row.save(update_fields=["plan"])


@transaction.atomic
def ask_power(study: Study, inputs: Mapping[str, Any]) -> None:
    """Queue a simulation of a design's power; it replaces the study's previous question."""
    _save(study.pk, inputs=dict(inputs), state="waiting", result=None, error="")
    transaction.on_commit(lambda: current_app.send_task("analysis.power", (study.pk,)))


def answer_power(study_id: int) -> None:
    """Compute the power that was asked for last. A second call gives the same: the seed is the study's."""
    # Imported here: they load SciPy, which the web process does not need.
    from analysis.statistics.planning import plan_study, power_of_plan, smallest_effect

    study = Study.objects.filter(pk=study_id).first()
    asked = (study.plan.get("power") or {}) if study is not None else {}
    if study is None or asked.get("state") != "waiting":
        return
    inputs, seed = asked["inputs"], study.seed % 2**32
    participants, clips = int(inputs["participants"]), int(inputs["clips"])
    target = inputs.get("target", 0.8)
    assumed = assumptions_of(study, inputs)
    try:
        found = power_of_plan(assumed, participants, clips, target=target, simulations=SIMULATIONS, seed=seed)
        backwards = plan_study(assumed, target=target, seed=seed, simulations=SIMULATIONS // 2)
        smallest = (
            smallest_effect(assumed, participants, clips, target=target, seed=seed) if clips >= FEWEST_CLIPS else None
        )
    except StatisticsError as error:
        _save(study_id, state="failed", error=str(error))
        return
    _save(study_id, state="ready", result=plain(found) | {"plan": plain(backwards), "smallest_effect": smallest})


def assumptions_of(study: Study, inputs: Mapping[str, Any]) -> "Assumptions":
    """The assumptions of a question about a study: its first factor, or its first two conditions."""
    from analysis.statistics.planning import Assumptions

    conditions = list(study.conditions.order_by("number"))
    keys = [condition.key for condition in conditions]
    first = next(iter((factors_of(conditions) or {}).values()), None)
    high = tuple(keys.index(key) for key in first) if first else (0,)
    low = tuple(number for number in range(len(keys)) if number not in high) if first else (1,)
    return Assumptions(
        share=inputs["share"],
        sd_participants=inputs["sd_participants"],
        sd_clips=inputs["sd_clips"],
        weights=study.weights,
        conditions=len(keys),
        high=high,
        low=low,
        clips_per_participant=inputs.get("clips_per_participant"),
        drop_out=inputs.get("drop_out") or 0.0,
        alpha=float(study.alpha),
    )


def finished_spreads(studies: Iterable[Study]) -> dict[str, tuple[str, float, float]]:
    """Slug → title and the spreads of tastes, of finished studies whose random effects were fitted.

    A sealed study shows nothing: its results by condition are not open yet.
    """
    found = {}
    for study in studies:
        analysis = latest_unsealed(study)
        block = (analysis.result or {}).get("random_effects") if analysis else None
        if block and block.get("converged"):
            found[study.slug] = (study.title, block["sd_participants"], block["sd_clips"])
    return found
