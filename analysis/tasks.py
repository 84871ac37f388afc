"""Thin tasks over analysis/results.py."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from analysis import planning, results


@shared_task(name="analysis.run")
def run_analysis(analysis_id: int) -> None:
    """Computes one analysis, if it is still to do."""
    if (analysis := results.take(analysis_id)) is not None:
        results.compute(analysis)


@shared_task(name="analysis.power")
def compute_power(study_id: int) -> None:
    """Answers the study's newest question about power, if it is still open."""
    planning.answer_power(study_id)


@worker_ready.connect
def queue_unfinished(**_kwargs: Any) -> None:
    """What a killed worker left is queued again."""
    for analysis_id in results.unfinished():
        run_analysis.delay(analysis_id)
