"""Thin tasks over the study results."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from analysis.study_results import analyses, power_answers


@shared_task(name="analysis.run")
def run_analysis(analysis_id: int) -> None:
    """Computes one analysis, if it is still to do."""
    if (analysis := analyses.take(analysis_id)) is not None:
        analyses.compute(analysis)


@shared_task(name="analysis.power")
def compute_power(study_id: int) -> None:
    """Answers the study's newest question about power, if it is still open."""
    power_answers.answer_power(study_id)


@worker_ready.connect
def queue_unfinished(**_kwargs: Any) -> None:
    """What a killed worker left is queued again."""
    for analysis_id in analyses.unfinished():
        run_analysis.delay(analysis_id)
