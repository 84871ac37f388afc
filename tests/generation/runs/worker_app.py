"""The Celery app of the workers that tests start: the product's, with the fake pipeline.

Controls: with EARSIGHT_TEST_NO_RESCUE nothing is requeued; with EARSIGHT_TEST_NO_LEASE several workers may do one step.
"""

import os
from pathlib import Path

from celery.signals import worker_init, worker_ready

from config.celery import app

__all__ = ["app"]


@worker_init.connect
def replace_models(**kwargs):
    from tests.generation.runs import fake_pipeline

    fake_pipeline.install_in_worker()


@worker_ready.connect
def report_ready(**kwargs):
    Path(os.environ["EARSIGHT_DATA"], "ready").write_text(str(os.getpid()), encoding="ascii")


if os.environ.get("EARSIGHT_TEST_NO_RESCUE"):

    @worker_init.connect
    def requeue_nothing(**kwargs):
        from study.background_work import lookout

        worker_ready.disconnect(lookout.start_lookout)


if os.environ.get("EARSIGHT_TEST_NO_LEASE"):

    @worker_init.connect
    def acquire_without_condition(**kwargs):
        from generation.models import ClipStep
        from generation.runs import leases

        def acquire(step_id):
            ClipStep.objects.filter(pk=step_id).update(state="running", lease_token=f"token{step_id}")
            return leases.Lease(step_id, f"token{step_id}")

        leases.acquire = acquire


if os.environ.get("EARSIGHT_TEST_VISIBILITY_SECONDS"):
    from celery.signals import task_postrun, task_prerun

    def note(what: str) -> None:
        with Path(os.environ["EARSIGHT_TEST_COUNT_FILE"] + what).open("a", encoding="ascii") as file:
            file.write("noted\n")

    @task_prerun.connect
    def note_delivery(**kwargs):
        note(".deliveries")

    @task_postrun.connect
    def note_end(**kwargs):
        note(".dealt")
