"""Celery tasks: each calls one function of `analysis.study_results`."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from analysis.study_results import analyses, power_answers


@shared_task(name="analysis.run")
def run_analysis(analysis_id: int) -> None:
    """Compute one analysis, unless it is finished or another worker computes it."""
    if (analysis := analyses.claim(analysis_id)) is not None:
        analyses.compute(analysis)


@shared_task(name="analysis.power")
def compute_power(study_id: int) -> None:
    """Compute the power that was asked for last, unless it is answered."""
    power_answers.answer_power(study_id)


@worker_ready.connect
def queue_unfinished(**_kwargs: Any) -> None:
    """Queue unfinished analyses again: a killed worker may have taken their messages with it."""
    for analysis_id in analyses.unfinished_ids():
        run_analysis.delay(analysis_id)
