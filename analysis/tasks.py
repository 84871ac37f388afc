"""Celery tasks: each calls one function of `analysis.study_results`."""

from celery import shared_task

from analysis.models import Analysis
from analysis.study_results import analyses, power_answers, prepared
from study.background_work import lookout


@shared_task(name="analysis.run")
def run_analysis(analysis_id: int) -> None:
    """Compute one analysis, unless it is finished or another worker computes it; then ask for its report's files."""
    if (claimed := analyses.claim(analysis_id)) is not None:
        analysis = analyses.compute(claimed)
        if analysis.state == Analysis.State.READY:
            prepared.prepare_reports(analysis.study)


@shared_task(name="analysis.power")
def compute_power(study_id: int) -> None:
    """Compute the power that was asked for last, unless it is answered or another worker computes it."""
    power_answers.answer_power(study_id)


lookout.register("analyses", analyses.find_lost_analyses)
lookout.register("questions about power", power_answers.find_lost_questions)
