"""The workers' Celery app of these tests: the fake pipeline, and waits of minutes cut to seconds."""

import os
from datetime import timedelta

from celery.signals import worker_init

from tests.generation.runs.worker_app import app

__all__ = ["app"]


@worker_init.connect
def wait_for_seconds(**_more: object) -> None:
    from analysis.study_results import power_answers
    from generation.runs import worker
    from study.background_work import clocks, rows
    from study.blinding_audit import audit, queueing

    short = timedelta(seconds=12)
    for module in (rows, power_answers):
        module.STALE_AFTER = short
    audit.SILENT = queueing.SILENT = short
    worker.RESEND_IF_IDLE = timedelta(seconds=3)
    clocks._HEARTBEATS_WITHIN = 6.0
    if os.environ.get("EARSIGHT_TEST_NO_VERSION_CHECK"):
        from study.background_work import schema

        schema.difference = lambda: ""
