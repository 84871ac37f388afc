"""Questions about power from the console: answered by a worker, question and answer stored in the study's plan."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from analysis.statistics.errors import StatisticsError
from analysis.study_results.factors import factors_of
from analysis.study_results.power_questions import PowerQuestion
from analysis.tables.result_json import plain
from study.background_work import messages, schema
from study.background_work.clocks import is_in_future
from study.background_work.heartbeat import heartbeat
from study.background_work.lookout import resend_before
from study.background_work.rows import ATTEMPTS, STALE_AFTER, gave_up, unexpected
from study.instruments.of_study import instrument_of, points_of
from study.models import Study

if TYPE_CHECKING:
    from analysis.statistics.assumed_studies import AssumedStudy

logger = logging.getLogger(__name__)

UNANSWERED = ("waiting", "running")
SIMULATIONS = 1_000
FEWEST_CLIPS = 5  # below, the primary test says nothing about new clips


@transaction.atomic
def _save(study_id: int, *states: str, of: Mapping[str, Any] | None = None, **changes: Any) -> bool:
    """Change the study's question, and return whether it was changed.

    Args:
        states: the states in which it may be changed; none means any.
        of: the question as it was read; one that was asked since stays as it is.
    """
    row = Study.objects.select_for_update().filter(pk=study_id).first()
    asked = (row.plan.get("power") or {}) if row is not None else {}
    is_other = of is not None and asked.get("asked_at") != of.get("asked_at")
    if row is None or is_other or (states and asked.get("state") not in states):
        return False
    row.plan = row.plan | {"power": asked | changes}
    row.save(update_fields=["plan"])
    return True


@transaction.atomic
def ask_power(study: Study, inputs: Mapping[str, Any]) -> None:
    """Queue a simulation of a design's power; it replaces the study's previous question."""
    fresh: dict[str, Any] = {
        "result": None,
        "error": "",
        "asked_at": _now(),
        "sent_at": "",
        "alive_at": "",
        "attempts": 0,
    }
    _save(study.pk, inputs=dict(inputs), state="waiting", **fresh)
    transaction.on_commit(lambda: _queue_question(study.pk))


def _queue_question(study_id: int) -> None:
    if messages.send("analysis.power", (study_id,)):
        _save(study_id, *UNANSWERED, sent_at=_now())


def _now() -> str:
    return timezone.now().isoformat()


def asked_at(asked: Mapping[str, Any]) -> datetime | None:
    """When the question was asked; None if an older version took it."""
    return parse_datetime(asked.get("asked_at") or "")


def _is_older(asked: Mapping[str, Any], name: str, than: datetime) -> bool:
    at = parse_datetime(asked.get(name) or "")
    return at is None or at < than or (name == "sent_at" and is_in_future(at))


def _is_claimable(asked: Mapping[str, Any]) -> bool:
    """Whether the question waits, or the process that computed it was killed."""
    killed = asked.get("state") == "running" and _is_older(asked, "alive_at", timezone.now() - STALE_AFTER)
    return asked.get("state") == "waiting" or killed


def find_lost_questions(starting: bool) -> int:
    """Send again the messages of questions that no process answers; return how many they are.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.
    """
    unanswered = Study.objects.filter(plan__power__state__in=UNANSWERED).only("plan")
    for study in unanswered:
        if is_in_future(parse_datetime(study.plan["power"].get("alive_at") or "")):
            _save(study.pk, *UNANSWERED, of=study.plan["power"], alive_at=_now())
    waiting = [study for study in unanswered if _is_claimable(study.plan["power"])]
    before = resend_before(len(waiting), starting=starting)
    lost = [study.pk for study in waiting if _is_older(study.plan["power"], "sent_at", before)]
    for study_id in lost:
        _queue_question(study_id)
    return len(lost)


@transaction.atomic
def _claim(study_id: int) -> Study | None:
    """Set the question to "running" for this process; None if it is answered or another process computes it."""
    study = Study.objects.select_for_update().filter(pk=study_id).first()
    asked = (study.plan.get("power") or {}) if study is not None else {}
    if study is None or not _is_claimable(asked):
        return None
    attempts = int(asked.get("attempts") or 0)
    if attempts >= ATTEMPTS:
        _save(study_id, state="failed", error=gave_up(attempts))
        return None
    _save(study_id, state="running", alive_at=_now(), attempts=attempts + 1)
    return study


def answer_power(study_id: int) -> None:
    """Compute the power that was asked for last. A second call gives the same: the seed is the study's."""
    study = _claim(study_id)
    if study is None:
        return
    asked = study.plan["power"]
    try:
        with heartbeat(lambda: _save(study_id, "running", of=asked, alive_at=_now()), STALE_AFTER.total_seconds() / 6):
            changes: dict[str, Any] = {"state": "ready", "result": _simulate(study, asked["inputs"])}
    except StatisticsError as error:
        changes = {"state": "failed", "error": str(error)}
    except OperationalError:  # the database is away: the question stays as it is, and the look-out finds it
        raise
    except Exception as error:
        if schema.is_cause_of(error):  # a worker of the other version does it
            raise
        logger.exception("The power of %s could not be computed.", study.slug)
        changes = {"state": "failed", "error": unexpected(error)}
    _save(study_id, "running", of=asked, **changes)


def _simulate(study: Study, inputs: Mapping[str, Any]) -> dict[str, Any]:
    # Imported here: they load SciPy, which the web process does not need.
    from analysis.statistics.planning import plan_study, smallest_effect
    from analysis.statistics.power import power_of_plan

    seed, target = study.seed % 2**32, inputs.get("target", 0.8)
    participants, clips = int(inputs["participants"]), int(inputs["clips"])
    assumed = assumptions_of(study, inputs)
    found = power_of_plan(assumed, participants, clips, target=target, simulations=SIMULATIONS, seed=seed)
    backwards = plan_study(assumed, target=target, seed=seed, simulations=SIMULATIONS // 2)
    smallest = (
        smallest_effect(assumed, participants, clips, target=target, seed=seed) if clips >= FEWEST_CLIPS else None
    )
    return plain(assumed.as_numbers()) | plain(found) | {"plan": plain(backwards), "smallest_effect": smallest}


def assumptions_of(study: Study, inputs: Mapping[str, Any]) -> "AssumedStudy":
    """The assumptions of a question about a study: its first factor, or its first two conditions."""
    from analysis.statistics.assumed_choices import AssumedChoices
    from analysis.statistics.assumed_pairs import AssumedPairs
    from analysis.statistics.assumed_ratings import AssumedRatings

    conditions = list(study.conditions.order_by("number"))
    keys = [condition.key for condition in conditions]
    first = next(iter((factors_of(conditions) or {}).values()), None)
    design: dict[str, Any] = {
        "conditions": len(keys),
        "high": tuple(keys.index(key) for key in first) if first else (0,),
        "low": tuple(number for number, key in enumerate(keys) if key not in first) if first else (1,),
        "clips_per_participant": inputs.get("clips_per_participant"),
        "drop_out": inputs.get("drop_out") or 0.0,
        "alpha": float(study.alpha),
        "sd_participants": inputs["sd_participants"],
        "sd_clips": inputs["sd_clips"],
    }
    kind = inputs.get("kind", "choose")
    if kind == "rate":
        names = ("difference", "sd_residual", "lowest", "highest")
        return AssumedRatings(**{name: inputs[name] for name in names}, **design)
    if kind == "pair":
        pairs: dict[str, Any] = {"ties": inputs.get("ties") or 0.0, "pairs_per_clip": inputs.get("pairs_per_clip")}
        return AssumedPairs(share=inputs["share"], **pairs, **design)
    choose = instrument_of(study).choose
    points = study.weights if choose is None else points_of(study, choose)
    return AssumedChoices(share=inputs["share"], weights=points, **design)


def first_inputs(study: Study, question: PowerQuestion) -> dict[str, Any]:
    """Return what the form of power first asks: the design as it is planned; over it, what was asked last."""
    clips = study.clips.filter(included=True, is_practice=False).count()
    planned = {
        "participants": study.target_participants or 30,
        "clips": max(2, clips) if clips else 12,
        "clips_per_participant": study.trials_per_participant,
        "pairs_per_clip": question.pairs_per_clip,
    }
    last = (study.plan.get("power") or {}).get("inputs", {})
    return planned | last if question.is_of(last) else planned
